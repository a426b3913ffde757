import { list, oneOf, oneOfNumbers, range, yesOrNo, type Department } from '../kind.js';

export const tools: Department = {
  category: 'Tools',
  products: 60,
  brands: list('Ironside | Brackett | Werkmann | Handy Oak'),
  lines: list('Pro | Home | Max | Workshop | Site | Compact'),
  closes: list(
    'Five-year guarantee. | Spare parts stay available for ten years. | Made for the trade, priced for the home. | Hang it up by the hole in the handle.',
  ),
  kinds: [
    {
      drawing: 'drill',
      share: 2,
      price: [39, 290],
      colours: list('orange | teal | yellow | red | green'),
      titles: list(
        '{brand} {Line} {Style}, {volts} V | {Style} {brand} {Line} {volts} V, {torque} Nm',
      ),
      opens: list(
        'A {volts} V {style} for wood, metal and brick. | A {style} with two batteries and a charger. | A light {style} that reaches into tight corners.',
      ),
      adds: list(
        'An LED lights up the spot you work on. | Turns with up to {torque} Nm. | Ten bits come in the case. | The brushless motor needs no care.',
      ),
      slots: {
        style: oneOf('cordless drill | impact driver | hammer drill | cordless screwdriver'),
        volts: oneOfNumbers(12, 18, 20),
        torque: range(30, 120, 10),
        brushless: yesOrNo(),
      },
      attributes: {
        Type: '{style}',
        'Voltage V': '{volts}',
        'Torque Nm': '{torque}',
        Brushless: '{brushless}',
      },
      hidesColour: true,
      also: list('Power tools'),
    },
    {
      drawing: 'hammer',
      price: [8, 55],
      colours: list('red | oak | black | yellow'),
      titles: list(
        '{brand} {Line} {Style}, {grams} g, {Handle} Handle | {grams} g {Style} {brand} {Line}, {Handle}',
      ),
      opens: list(
        'A {grams} g {style} with a {handle} handle. | A well-balanced {style} for nails, tiles and tent pegs. | A {style} with a forged head that stays put.',
      ),
      adds: list(
        'The grip swallows the shock. | Pulls out bent nails as well. | A first hammer for a new home.',
      ),
      slots: {
        style: oneOf("claw hammer | club hammer | rubber mallet | joiner's hammer"),
        handle: oneOf('ash | hickory | fibreglass | steel'),
        grams: oneOfNumbers(300, 450, 600, 800, 1000),
      },
      attributes: { Type: '{style}', Handle: '{handle}', 'Weight g': '{grams}' },
      hidesColour: true,
      also: list('Hand tools'),
    },
    {
      drawing: 'screwdriver',
      price: [6, 70],
      colours: list('red | yellow | green | navy'),
      titles: list(
        '{brand} {Line} {Style}, {pieces} Pieces | {pieces}-Piece {Style} {brand} {Line}',
      ),
      opens: list(
        'A {style} with {pieces} pieces for flat-pack furniture and repairs. | This {style} has a tip for every screw in the house. | A {style} in a tidy roll.',
      ),
      adds: list(
        'Magnetic tips hold the screw. | Handles are insulated up to 1,000 V. | Good for glasses, toys and laptops too.',
      ),
      slots: {
        style: oneOf('screwdriver set | precision screwdriver set | bit set'),
        pieces: oneOfNumbers(6, 8, 12, 24, 32, 40),
        insulated: yesOrNo(),
      },
      attributes: { Type: '{style}', Pieces: '{pieces}', Insulated: '{insulated}' },
      hidesColour: true,
      also: list('Hand tools'),
    },
    {
      drawing: 'toolbox',
      price: [15, 160],
      colours: list('red | black | teal | yellow'),
      titles: list(
        '{brand} {Line} {Style}, {wide} cm, {Colour} | {Colour} {Material} {Style} {brand} {Line}',
      ),
      opens: list(
        'A {wide} cm {style} of {material} with a lift-out tray. | A {colour} {style} that keeps small parts in order. | A {style} you can also sit on.',
      ),
      adds: list(
        'The catches can be locked. | Stacks with others of its kind. | Carries {load} kg.',
      ),
      slots: {
        style: oneOf('toolbox | tool case | storage box'),
        material: oneOf('steel | tough plastic | aluminium'),
        wide: range(30, 65, 5),
        load: range(10, 40, 5),
      },
      attributes: { Material: '{material}', 'Width cm': '{wide}', 'Max load kg': '{load}' },
      also: list('Storage'),
    },
  ],
};
