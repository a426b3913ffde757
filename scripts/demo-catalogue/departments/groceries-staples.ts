import { list, oneOf, oneOfNumbers, yesOrNo, type Kind } from '../kind.js';

/** The dry and bottled half of the groceries. */
export const staples: readonly Kind[] = [
  {
    drawing: 'pack',
    share: 4,
    price: [1.5, 9],
    colours: list('yellow | navy | red | teal | orange | green'),
    titles: list('{brand} {Line} {Food}, {grams} g | {Food} {brand} {grams} g, {Line}'),
    opens: list(
      '{food} for {use}. | A {grams} g bag of {food}, a staple of every store cupboard. | Good plain {food} that cooks in {minutes} minutes.',
    ),
    adds: list(
      'High in fibre and protein. | Grown by a cooperative of forty farms. | Leftovers taste even better the next day. | Children ask for seconds.',
    ),
    slots: {
      grams: oneOfNumbers(250, 400, 500, 750, 1000),
      minutes: oneOfNumbers(8, 10, 12, 20),
      organic: yesOrNo(),
      wholegrain: yesOrNo(),
    },
    variants: [
      { food: 'spaghetti', use: 'carbonara and quick suppers' },
      { food: 'penne pasta', use: 'bakes and picnic salads' },
      { food: 'basmati rice', use: 'curries and pilafs' },
      { food: 'risotto rice', use: 'a creamy risotto' },
      { food: 'red lentils', use: 'soups and dal' },
      { food: 'chickpeas', use: 'hummus and stews' },
      { food: 'rolled oats', use: 'porridge, muesli and biscuits' },
      { food: 'couscous', use: 'salads and tagines' },
    ],
    attributes: { 'Weight g': '{grams}', Organic: '{organic}', Wholegrain: '{wholegrain}' },
    hidesColour: true,
    also: list('Pasta, rice and grains'),
  },
  {
    drawing: 'chocolate',
    share: 3,
    price: [2, 12],
    colours: list('brown | red | gold | teal | purple | navy'),
    titles: list(
      '{brand} {Line} {Chocolate} with {Extra}, {grams} g | {Chocolate} Bar {brand}, {Extra}',
    ),
    opens: list(
      '{chocolate} with {extra}, made from bean to bar. | A {grams} g bar of {chocolate} that snaps cleanly. | {chocolate} and {extra}, a treat for the afternoon.',
    ),
    adds: list(
      'Contains {cocoa} % cocoa. | Wrapped in paper you may want to frame. | Hard to share. | A nice little gift with a bottle of wine.',
    ),
    slots: {
      extra: oneOf('sea salt | roasted hazelnuts | raspberries | orange peel | caramel | almonds'),
      grams: oneOfNumbers(80, 100, 180),
    },
    variants: [
      { chocolate: 'dark chocolate', cocoa: 70 },
      { chocolate: 'extra dark chocolate', cocoa: 85 },
      { chocolate: 'milk chocolate', cocoa: 38 },
      { chocolate: 'white chocolate', cocoa: 30 },
      { chocolate: 'vegan oat milk chocolate', cocoa: 45 },
    ],
    attributes: { 'Cocoa %': '{cocoa}', 'Weight g': '{grams}', Flavour: '{extra}' },
    hidesColour: true,
    also: list('Sweets and snacks'),
  },
  {
    drawing: 'bottle',
    share: 3,
    price: [3, 26],
    colours: list('green | red | mustard | burgundy | orange | olive'),
    titles: list('{brand} {Line} {Liquid}, {ml} ml | {Liquid} {brand} {Line}, {ml} ml Bottle'),
    opens: list(
      '{liquid} for {use}. | A {ml} ml bottle of {liquid}, pressed close to where it grew. | Full-bodied {liquid} in dark glass.',
    ),
    adds: list(
      'Keep it away from light. | A spoonful lifts the simplest dish. | The harvest date is on the label.',
    ),
    slots: { ml: oneOfNumbers(250, 330, 500, 750, 1000), organic: yesOrNo() },
    variants: [
      { liquid: 'extra virgin olive oil', use: 'dressings and dipping bread', colour: 'olive' },
      { liquid: 'rapeseed oil', use: 'frying and baking', colour: 'mustard', priceFactor: 0.5 },
      { liquid: 'balsamic vinegar', use: 'salads and strawberries', colour: 'burgundy' },
      {
        liquid: 'apple juice',
        use: 'breakfast and mulled punch',
        colour: 'mustard',
        priceFactor: 0.4,
      },
      { liquid: 'elderflower cordial', use: 'summer drinks', colour: 'green', priceFactor: 0.6 },
      { liquid: 'chilli sauce', use: 'noodles, eggs and tacos', colour: 'red', priceFactor: 0.5 },
      {
        liquid: 'oat milk',
        use: 'coffee, cereal and baking without dairy',
        colour: 'orange',
        priceFactor: 0.3,
      },
    ],
    attributes: { 'Volume ml': '{ml}', Organic: '{organic}' },
    hidesColour: true,
    also: list('Oils and drinks'),
  },
];
