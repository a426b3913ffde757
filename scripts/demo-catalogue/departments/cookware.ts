import { list, oneOf, oneOfNumbers, range, yesOrNo, type Department } from '../kind.js';

export const cookware: Department = {
  category: 'Cookware',
  products: 220,
  brands: list('Hearthby | Copperwick | Domaine Rouvel | Kessel & Sohn | Tiller Kitchen | Ondo'),
  lines: list('Classic | Chef | Bistro | Ember | Nonna | Pro | Taste | Auberge | Simmer | Daily'),
  closes: list(
    'Suitable for gas, ceramic and induction hobs. | Dishwasher safe. | Wash by hand and dry at once. | Oven safe up to 230 degrees. | Guaranteed for ten years.',
  ),
  kinds: [
    {
      drawing: 'pan',
      share: 3,
      price: [19, 90],
      colours: list('black | steel | copper | red | cream | cast iron'),
      titles: list(
        '{brand} {Line} {Coating} {Style}, {diameter} cm | {Style} {brand} {Line} {diameter} cm, {Coating} | {brand} {Line} {diameter} cm {Style}, {Colour}',
      ),
      opens: list(
        'A {diameter} cm {style} with a {coating} surface for eggs, fish and pancakes. | {coating} {style} that heats evenly right to the rim. | A heavy-based {style} for searing steaks and browning vegetables.',
      ),
      adds: list(
        'Food slides off with hardly any oil. | The handle stays cool and is riveted on. | Pouring lips on both sides keep the hob clean. | Works on a camp fire too. | Big enough for four portions.',
      ),
      slots: {
        style: oneOf('frying pan | skillet | sauté pan | crêpe pan | grill pan'),
        coating: oneOf('non-stick | ceramic | cast iron | carbon steel | stainless steel'),
      },
      variants: [
        { diameter: 20, priceFactor: 0.8, kilos: 0.8 },
        { diameter: 24, priceFactor: 0.9, kilos: 1.1 },
        { diameter: 28, priceFactor: 1.1, kilos: 1.5 },
        { diameter: 32, priceFactor: 1.3, kilos: 2.1 },
      ],
      attributes: {
        Surface: '{coating}',
        'Diameter cm': '{diameter}',
        'Weight kg': '{kilos}',
        Type: '{style}',
      },
      also: list('Pans'),
    },
    {
      drawing: 'pot',
      share: 3,
      price: [29, 190],
      colours: list('red | steel | teal | cast iron | cream | mustard | navy'),
      titles: list(
        '{brand} {Line} {Style} with Lid, {litres} L, {Colour} | {Colour} {Material} {Style} {brand} {Line}, {litres} litres',
      ),
      opens: list(
        'A {litres} litre {style} in {material} for soups, stews and pasta. | {colour} {style} with a tight lid that keeps the steam in. | A deep {material} {style} to braise meat low and slow.',
      ),
      adds: list(
        'It goes from the hob to the oven and then to the table. | Litre marks on the inside save a measuring jug. | Holds enough for {people} people. | Bakes a fine sourdough loaf too.',
      ),
      slots: {
        style: oneOf('casserole | stockpot | saucepan | Dutch oven | soup pot'),
        material: oneOf('enamelled cast iron | stainless steel | aluminium'),
      },
      variants: [
        { litres: 1.8, people: 2, priceFactor: 0.6 },
        { litres: 3, people: 4, priceFactor: 0.9 },
        { litres: 4.5, people: 6, priceFactor: 1.1 },
        { litres: 7, people: 10, priceFactor: 1.4 },
      ],
      attributes: {
        Material: '{material}',
        'Capacity L': '{litres}',
        Servings: '{people}',
        Type: '{style}',
        'Lid included': true,
      },
      also: list('Pots'),
    },
    {
      drawing: 'knife',
      share: 2,
      price: [15, 160],
      colours: list('black | walnut | oak | red'),
      titles: list(
        '{brand} {Line} {Style}, {blade} cm | {Style} {brand} {Line}, {Steel}, {Colour} Handle',
      ),
      opens: list(
        'A {blade} cm {style} forged from {steel}, sharp out of the box. | Well-balanced {style} with a {colour} handle. | {style} for {job}.',
      ),
      adds: list(
        'The blade holds its edge for months of daily cooking. | Comes with a blade guard for the drawer. | Sharpen it on a whetstone now and then.',
      ),
      slots: {
        steel: oneOf('Damascus steel | stainless steel | carbon steel'),
        blade: range(9, 24, 3),
      },
      variants: [
        { style: "chef's knife", job: 'chopping herbs, meat and vegetables' },
        { style: 'bread knife', job: 'crusty loaves and ripe tomatoes' },
        { style: 'paring knife', job: 'peeling and fine work', priceFactor: 0.6 },
        { style: 'santoku', job: 'thin slices of fish and vegetables' },
      ],
      attributes: {
        'Blade material': '{steel}',
        'Blade length cm': '{blade}',
        Type: '{style}',
        Handle: '{colour}',
      },
      hidesColour: true,
      also: list('Knives'),
    },
    {
      drawing: 'kettle',
      share: 2,
      price: [25, 140],
      colours: list('steel | red | cream | black | mint | copper'),
      titles: list(
        '{brand} {Line} {Style}, {litres} L, {Colour} | {Colour} {Style} {brand} {Line} {litres} L',
      ),
      opens: list(
        'A {litres} litre {style} in {colour} for tea and coffee. | {style} with a drip-free spout. | A quick {style} that boils a cup in under a minute.',
      ),
      adds: list(
        'It whistles or clicks off when the water boils. | The limescale filter lifts out for cleaning. | Looks at home in a country kitchen.',
      ),
      slots: {
        style: oneOf('electric kettle | stovetop kettle | gooseneck kettle'),
        litres: oneOfNumbers(0.8, 1, 1.2, 1.5, 1.7),
        quiet: yesOrNo(),
      },
      attributes: { 'Capacity L': '{litres}', Type: '{style}', Quiet: '{quiet}' },
      also: list('Kitchen appliances'),
    },
  ],
};
