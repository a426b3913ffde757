import { list, oneOf, oneOfNumbers, range, yesOrNo, type Department } from '../kind.js';

export const bags: Department = {
  category: 'Bags',
  products: 120,
  brands: list('Carry & Sons | Pavo | Stillwater Supply | Maison Brune | Trekwell'),
  lines: list('Nomad | Metro | Weekend | Rue | Atlas | Lane | Porter | Wander'),
  closes: list(
    'The zips run smoothly even when full. | Lined with recycled fabric. | Comes in a cotton dust bag. | Lifetime repairs. | Fits under an aeroplane seat.',
  ),
  kinds: [
    {
      drawing: 'backpack',
      share: 3,
      price: [25, 190],
      colours: list('navy | olive | black | mustard | coral | teal | grey'),
      titles: list(
        '{brand} {Line} {Use} Backpack, {litres} L, {Colour} | {Colour} {Use} Rucksack {brand} {Line} {litres} L',
      ),
      opens: list(
        'A {litres} litre {use} backpack with padded straps. | {colour} rucksack for {use} days, with a pocket for a {inches} inch laptop. | A light {use} rucksack in {material}.',
      ),
      adds: list(
        'The back panel lets air through. | A rain cover hides in the base. | Bottle pockets on both sides. | A chest strap takes the weight off the shoulders.',
      ),
      slots: {
        use: oneOf('school | hiking | commuter | travel | cycling'),
        material: oneOf('nylon | canvas | recycled polyester'),
        litres: range(12, 60, 4),
        inches: oneOfNumbers(13, 15, 17),
        waterproof: yesOrNo(),
      },
      attributes: {
        Material: '{material}',
        'Capacity L': '{litres}',
        Use: '{use}',
        Waterproof: '{waterproof}',
      },
      also: list('Travel'),
    },
    {
      drawing: 'handbag',
      share: 3,
      price: [35, 390],
      colours: list('cognac | black | burgundy | beige | rose | forest green'),
      titles: list(
        '{brand} {Line} {Colour} {Material} {Style} | {Colour} {Style} {brand} {Line} in {Material}',
      ),
      opens: list(
        'A {colour} {style} in {material} with brass fittings. | An elegant {style} that holds phone, keys and a paperback. | {style} of {material} for work and evenings out.',
      ),
      adds: list(
        'The strap can be worn long or short. | Feet on the base keep it clean. | A magnet closes the inner pocket. | The leather darkens as it ages.',
      ),
      slots: {
        style: oneOf('handbag | shoulder bag | tote | crossbody bag | clutch'),
        material: oneOf('leather | suede | vegan leather | woven straw'),
        wide: range(20, 42, 2),
      },
      attributes: { Material: '{material}', Type: '{style}', 'Width cm': '{wide}' },
    },
    {
      drawing: 'suitcase',
      share: 2,
      price: [49, 340],
      colours: list('silver | red | teal | navy | yellow | black'),
      titles: list(
        '{brand} {Line} {Size} Suitcase, {litres} L, {Colour} | {Colour} {Size} {Shell} Trolley Case {brand} {Line}',
      ),
      opens: list(
        'A {size} suitcase of {shell} on four quiet wheels. | {litres} litre trolley case in {colour} for {nights} nights away. | A light {size} case that survives baggage handlers.',
      ),
      adds: list(
        'The lock opens for customs without a key. | Straps inside keep shirts flat. | The handle has three heights.',
      ),
      slots: { shell: oneOf('polycarbonate | aluminium | polypropylene | soft nylon') },
      variants: [
        { size: 'cabin', litres: 36, nights: 3, priceFactor: 0.7 },
        { size: 'medium', litres: 65, nights: 7 },
        { size: 'large', litres: 98, nights: 14, priceFactor: 1.2 },
      ],
      attributes: { Material: '{shell}', Size: '{size}', 'Capacity L': '{litres}', Wheels: 4 },
      also: list('Travel'),
    },
  ],
};
