import { list, oneOf, oneOfNumbers, range, yesOrNo, type Department } from '../kind.js';

export const phones: Department = {
  category: 'Phones',
  products: 130,
  brands: list('Lumora | Nimbus | Pelikan Mobile | Ostara | Tessel'),
  lines: list('S | X | Neo | Lite | Max | Edge | Mini | Note | Play'),
  closes: list(
    'No contract. | Works with every network. | Five years of updates. | A cable is in the box, the charger is not. | Half the aluminium is recycled.',
  ),
  kinds: [
    {
      drawing: 'phone',
      share: 3,
      price: [149, 1290],
      colours: list('black | white | blue | mint | lilac | gold | red'),
      titles: list(
        '{brand} {Line} {generation} Smartphone, {storage} GB, {Colour} | {brand} {Line} {generation} 5G, {inches}", {storage} GB {Colour}',
      ),
      opens: list(
        'A {inches} inch smartphone with a {pixels} megapixel camera. | {colour} phone with {storage} GB for photos, music and apps. | A 5G smartphone that lasts two days on its {battery} mAh battery.',
      ),
      adds: list(
        'Takes sharp pictures even at night. | Small enough to use with one hand. | Dust and water stay out ({ip}). | Charges to half in {minutes} minutes.',
      ),
      slots: {
        generation: range(5, 16),
        inches: oneOfNumbers(5.4, 6.1, 6.4, 6.7, 6.9),
        storage: oneOfNumbers(64, 128, 256, 512),
        pixels: oneOfNumbers(12, 48, 50, 108),
        battery: range(3200, 5600, 200),
        ip: oneOf('IP67 | IP68'),
        minutes: range(15, 40, 5),
        dual: yesOrNo(),
      },
      attributes: {
        'Screen size': '{inches}',
        'Storage GB': '{storage}',
        'Camera MP': '{pixels}',
        'Battery mAh': '{battery}',
        'Dual SIM': '{dual}',
        'Water resistance': '{ip}',
      },
      also: list('Smartphones'),
    },
    {
      drawing: 'phonecase',
      share: 2,
      price: [8, 45],
      colours: list('black | coral | navy | mint | cognac | lilac | yellow'),
      titles: list(
        '{brand} {Line} {generation} {Style}, {Colour} | {Colour} {Material} {Style} for {brand} {Line} {generation}',
      ),
      opens: list(
        'A {colour} {style} in {material} that fits the {brand} {line} {generation}. | {style} of soft {material} with raised edges. | Protects phone and camera from drops of up to {metres} m.',
      ),
      adds: list(
        'Wireless charging works through it. | Has room for two cards. | Stays grippy in wet hands.',
      ),
      slots: {
        style: oneOf('phone case | flip case | bumper case'),
        material: oneOf('silicone | leather | bamboo | recycled plastic'),
        generation: range(5, 16),
        metres: oneOfNumbers(1.5, 2, 3),
      },
      attributes: { Material: '{material}', Fits: '{brand} {line} {generation}', Type: '{style}' },
      also: list('Phone accessories'),
    },
    {
      drawing: 'phone',
      price: [29, 120],
      colours: list('red | black | silver'),
      titles: list(
        '{brand} {Line} Big-Button Phone, {Colour}, Model {model} | {Colour} {brand} Simple Mobile {model} with {Extra}',
      ),
      opens: list(
        'A simple mobile with big buttons and loud sound for older people. | An easy phone with {extra}, loud ring tone and a clear display. | A sturdy first phone without internet, just calls and messages.',
      ),
      adds: list(
        'Stands in its charging cradle like a landline phone. | Works with hearing aids. | The battery lasts {days} days.',
      ),
      slots: {
        extra: oneOf('emergency button | torch | photo dialling'),
        model: range(100, 400, 20),
        days: range(5, 14),
      },
      attributes: { Type: 'feature phone', Extra: '{extra}', 'Battery days': '{days}' },
    },
  ],
};
