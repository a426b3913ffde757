import { list, oneOf, oneOfNumbers, range, yesOrNo, type Department } from '../kind.js';

export const garden: Department = {
  category: 'Garden',
  products: 170,
  brands: list('Green Acre | Thistledown | Loamy | Hedgerow & Co | Sunpatch | Root & Branch'),
  lines: list('Meadow | Orchard | Cottage | Bloom | Willow | Kitchen Garden | Terrace | Prairie'),
  closes: list(
    'Comes with a short guide to the seasons. | Made for small balconies as well as big gardens. | Packed in cardboard, without plastic. | Chosen by our own gardeners.',
  ),
  kinds: [
    {
      drawing: 'plant',
      share: 3,
      price: [6, 70],
      colours: list('terracotta | white | grey | teal | mustard | charcoal'),
      titles: list(
        '{Plant} in {Colour} Pot, {tall} cm | {brand} {Line} {Plant}, {tall} cm | {Plant} by {brand}, {Colour} {diameter} cm Pot',
      ),
      opens: list(
        'A healthy {plant} about {tall} cm tall in a {colour} pot. | {plant} for {place}, grown without peat. | An easy {plant} that forgives a missed watering.',
      ),
      adds: list(
        'Likes {light} and a drink once a week. | Bees and butterflies visit it all summer. | Not toxic to cats and dogs. | It brings fresh green to a bathroom or office.',
      ),
      slots: {
        plant: oneOf(
          'lavender | olive tree | monstera | snake plant | rosemary | hydrangea | fern | peace lily | succulent',
        ),
        place: oneOf('the balcony | a bright window | a shady corner | the patio'),
        light: oneOf('full sun | half shade | bright indirect light'),
        tall: range(15, 90, 5),
        diameter: range(10, 30, 2),
      },
      attributes: {
        Plant: '{plant}',
        'Height cm': '{tall}',
        Light: '{light}',
        'Pot diameter cm': '{diameter}',
        'Pot colour': '{colour}',
      },
      hidesColour: true,
      also: list('Plants'),
    },
    {
      drawing: 'wateringcan',
      share: 2,
      price: [9, 65],
      colours: list('green | steel | copper | yellow | sky blue | terracotta'),
      titles: list(
        '{brand} {Line} {Style}, {litres} L, {Colour} | {Colour} {Style} {brand} {Line} {litres} L',
      ),
      opens: list(
        'A {litres} litre {style} with a fine rose that will not flatten seedlings. | {colour} {style} in {material} for beds, tubs and house plants. | {style} with a long spout to reach hanging baskets.',
      ),
      adds: list(
        'The balanced handle is easy on the wrists. | Fill it from the rain barrel and it does not drip. | The level is easy to read from outside.',
      ),
      slots: {
        style: oneOf('watering can | garden sprayer | indoor watering can'),
        material: oneOf('galvanised steel | recycled plastic | zinc'),
        litres: oneOfNumbers(1, 1.5, 2, 5, 8, 10),
      },
      attributes: { Material: '{material}', 'Capacity L': '{litres}' },
      also: list('Watering'),
    },
    {
      drawing: 'spade',
      share: 3,
      price: [8, 75],
      colours: list('oak | green | red | black | orange'),
      titles: list('{brand} {Line} {Tool}, {Material} | {Tool} {brand} {Line}, {Colour} Handle'),
      opens: list(
        'A {tool} of {material} with a smooth {colour} handle. | Strong {tool} for {job}. | A well-made {tool} that does not bend in clay soil.',
      ),
      adds: list(
        'Shaped so that you keep your back straight. | The head is forged in one piece. | Light enough for older gardeners and for children who help. | Hangs on a nail by its leather loop.',
      ),
      slots: {
        material: oneOf('stainless steel | carbon steel | boron steel'),
        leftHanded: yesOrNo(),
      },
      variants: [
        { tool: 'spade', job: 'digging beds and planting trees', long: 110 },
        { tool: 'garden fork', job: 'loosening heavy soil and turning compost', long: 105 },
        { tool: 'hand trowel', job: 'pots and flower boxes', priceFactor: 0.5, long: 30 },
        { tool: 'hoe', job: 'weeding between rows', long: 140 },
        { tool: 'rake', job: 'raking leaves and levelling seed beds', long: 150 },
        { tool: 'snow shovel', job: 'clearing the drive in winter', long: 130 },
      ],
      attributes: {
        Material: '{material}',
        Tool: '{tool}',
        'Length cm': '{long}',
        Handle: '{colour}',
        'For left-handers': '{leftHanded}',
      },
      hidesColour: true,
      also: list('Garden tools'),
    },
    {
      drawing: 'parasol',
      share: 2,
      price: [29, 290],
      colours: list('red | cream | green | grey | mustard | navy'),
      titles: list(
        '{brand} {Line} {Style}, {metres} m, {Colour} | {Colour} {Style} {brand} {Line}, UPF {upf}',
      ),
      opens: list(
        'A {colour} {style} that shades a table for six. | {style} with UV-resistant fabric, {metres} m across. | A sturdy {style} for terrace, balcony or beach.',
      ),
      adds: list(
        'The crank opens it with one hand. | It tilts as the sun moves. | A vent at the top keeps it steady in the wind.',
      ),
      slots: {
        style: oneOf('parasol | cantilever umbrella | beach umbrella'),
        metres: oneOfNumbers(1.8, 2, 2.5, 3, 3.5),
        upf: oneOfNumbers(30, 50, 80),
      },
      attributes: { 'Diameter m': '{metres}', UPF: '{upf}', Type: '{style}' },
      also: list('Outdoor living'),
    },
  ],
};
