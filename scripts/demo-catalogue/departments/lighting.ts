import { list, oneOf, oneOfNumbers, range, yesOrNo, type Department } from '../kind.js';

const kelvin = oneOfNumbers(2200, 2700, 3000, 4000);

export const lighting: Department = {
  category: 'Lighting',
  products: 110,
  brands: list('Lumen & Loft | Glowbridge | Haverstock & Lyle | Nordbo | Candela Works'),
  lines: list('Halo | Dusk | Luna | Beacon | Pip | Solstice | Arc | Ember'),
  closes: list(
    'Energy class A. | Free of flicker. | Works with most wall dimmers. | Cool to the touch, even after hours.',
  ),
  kinds: [
    {
      drawing: 'lamp',
      share: 3,
      price: [19, 180],
      colours: list('mustard | white | teal | copper | black | pink | oak'),
      titles: list(
        '{brand} {Line} {Style}, {Colour} | {Colour} {Style} {brand} {Line} with {Shade} Shade',
      ),
      opens: list(
        'A {style} with a {shade} shade that gives a soft, warm light. | {colour} {style} for the bedside or the reading corner. | A {style}, {tall} cm tall, for {place}.',
      ),
      adds: list(
        'The light is warm white at {kelvin} K. | The arm turns and tilts. | A USB socket in the foot charges your phone. | Bright enough for sewing and homework.',
      ),
      slots: {
        style: oneOf('table lamp | desk lamp | bedside lamp | reading lamp'),
        shade: oneOf('linen | glass | paper | metal'),
        place: oneOf('the desk | a windowsill | the bedroom | a child’s room'),
        tall: range(25, 60, 5),
        kelvin,
        dimmable: yesOrNo(),
      },
      attributes: {
        Type: '{style}',
        Shade: '{shade}',
        'Height cm': '{tall}',
        'Colour temperature K': '{kelvin}',
        Dimmable: '{dimmable}',
      },
      also: list('Home'),
    },
    {
      drawing: 'pendant',
      share: 2,
      price: [29, 290],
      colours: list('black | copper | white | green | gold | terracotta'),
      titles: list(
        '{brand} {Line} {Style}, {Colour}, {diameter} cm | {Colour} {Material} {Style} {brand} {Line}',
      ),
      opens: list(
        'A {colour} {style} in {material} for the dining table or hallway. | {style} of {material}, {diameter} cm across. | A ceiling light that throws a wide pool of light.',
      ),
      adds: list(
        'The cable can be shortened. | Hang three in a row above a kitchen island. | An electrician fits it in ten minutes.',
      ),
      slots: {
        style: oneOf('pendant light | ceiling lamp | hanging lamp'),
        material: oneOf('metal | glass | rattan | ceramic'),
        diameter: range(20, 60, 5),
        kelvin,
      },
      attributes: {
        Type: '{style}',
        Material: '{material}',
        'Diameter cm': '{diameter}',
        'Colour temperature K': '{kelvin}',
      },
      also: list('Home'),
    },
    {
      drawing: 'bulb',
      share: 2,
      price: [3, 35],
      colours: list('white | yellow | gold'),
      hidesColour: true,
      titles: list(
        '{brand} {Line} {Style} Bulb {socket}, {watts} W | {Style} {socket} Light Bulb {brand}, {watts} W, {kelvin} K',
      ),
      opens: list(
        'A {watts} watt {style} bulb with {socket} socket. | {style} bulb that uses a tenth of the power. | Replacement {style} light bulb, {kelvin} K.',
      ),
      adds: list(
        'Lasts 15,000 hours. | Change the colour from your phone. | Full brightness at once, no flicker.',
      ),
      slots: {
        style: oneOf('LED | smart | filament | globe'),
        socket: oneOf('E27 | E14 | GU10'),
        watts: oneOfNumbers(3, 4.5, 6, 8, 11),
        kelvin,
      },
      attributes: {
        Type: '{style}',
        Socket: '{socket}',
        'Power W': '{watts}',
        'Colour temperature K': '{kelvin}',
      },
    },
  ],
};
