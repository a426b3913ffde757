import { list, oneOf, range, yesOrNo, type Department } from '../kind.js';

const wood = oneOf('solid oak | walnut veneer | birch plywood | painted pine | ash');

export const furniture: Department = {
  category: 'Furniture',
  products: 180,
  brands: list('Haverstock & Lyle | Nordbo | Millrace | Plankhaus | Sitwell | Ferrow'),
  lines: list('Aster | Bergen | Holt | Lund | Maple Row | Ravn | Selby | Vik | Walden | Yarrow'),
  closes: list(
    'Delivered flat-packed with all tools. | Assembly takes about half an hour. | Delivered in one piece to the room you choose. | Felt pads protect the floor. | Made to order in four weeks.',
  ),
  kinds: [
    {
      drawing: 'chair',
      share: 3,
      price: [39, 340],
      colours: list('oak | walnut | black | white | teal | mustard | grey'),
      titles: list(
        '{brand} {Line} {Style}, {Colour} | {Colour} {Style} {brand} {Line} in {Wood} | {brand} {Line} {Wood} {Style}',
      ),
      opens: list(
        'A {style} with a frame of {wood} and a curved back. | Comfortable {colour} {style} for long evenings at the table. | A light {style} in {wood} that a child can move.',
      ),
      adds: list(
        'Carries up to {load} kg. | Up to four can be stacked. | The seat cover comes off for washing. | Sits well at a desk in the home office too.',
      ),
      slots: {
        style: oneOf('dining chair | kitchen chair | desk chair | bar stool | rocking chair'),
        wood,
        load: range(100, 160, 10),
        stackable: yesOrNo(),
      },
      attributes: {
        Material: '{wood}',
        Type: '{style}',
        'Max load kg': '{load}',
        Stackable: '{stackable}',
        Room: 'dining room',
      },
    },
    {
      drawing: 'table',
      share: 3,
      price: [69, 1200],
      colours: list('oak | walnut | birch | white | black'),
      titles: list(
        '{brand} {Line} {Style}, {Wood}, {length} cm | {Wood} {Style} {brand} {Line} {length} cm',
      ),
      opens: list(
        'A {length} cm {style} in {wood} with rounded corners. | Sturdy {style} with a top of {wood}, oiled by hand. | {style} that suits a small flat as well as a family kitchen.',
      ),
      adds: list(
        'A wipe with oil once a year keeps it handsome. | Spills wipe off the sealed surface. | The legs unscrew for moving house. | A drawer hides pens, cables and remote controls.',
      ),
      slots: { wood },
      variants: [
        { style: 'coffee table', length: 90, priceFactor: 0.5 },
        { style: 'side table', length: 50, priceFactor: 0.4 },
        { style: 'dining table', length: 160 },
        { style: 'extending dining table', length: 200, priceFactor: 1.3 },
        { style: 'writing desk', length: 120, priceFactor: 0.7 },
        { style: 'standing desk', length: 140, priceFactor: 0.9 },
      ],
      attributes: { Material: '{wood}', Type: '{style}', 'Length cm': '{length}' },
      hidesColour: true,
    },
    {
      drawing: 'sofa',
      share: 3,
      price: [290, 2400],
      colours: list('grey | teal | navy | mustard | rose | cognac | forest green'),
      titles: list(
        '{brand} {Line} {Style}, {Fabric}, {Colour} | {Colour} {Fabric} {Style} {brand} {Line}',
      ),
      opens: list(
        'A deep {style} in {colour} {fabric} that invites you to nap. | {style} with feather-topped cushions and a hardwood frame. | A compact {style} in {fabric} that fits through narrow doors.',
      ),
      adds: list(
        'The covers can be washed at 30 degrees. | It folds out into a bed for guests in seconds. | Cats find the tight weave hard to scratch. | There is storage for blankets under the seat.',
      ),
      slots: { fabric: oneOf('velvet | linen | bouclé | leather | corduroy') },
      variants: [
        { style: 'two-seater sofa', seats: 2 },
        { style: 'three-seater sofa', seats: 3, priceFactor: 1.2 },
        { style: 'corner sofa', seats: 5, priceFactor: 1.6 },
        { style: 'sofa bed', seats: 3, priceFactor: 1.1 },
        { style: 'armchair', seats: 1, priceFactor: 0.5 },
      ],
      attributes: { Material: '{fabric}', Seats: '{seats}', Type: '{style}', Room: 'living room' },
      also: list('Living room'),
    },
    {
      drawing: 'shelf',
      share: 2,
      price: [35, 520],
      colours: list('oak | white | black | walnut | birch'),
      titles: list(
        '{brand} {Line} {Style}, {tiers} Shelves, {Colour} | {Wood} {Style} {brand} {Line}, {tall} cm',
      ),
      opens: list(
        'A {tall} cm {style} in {wood} with {tiers} shelves. | Simple {style} for books, plants and records. | An open {style} that also divides a room.',
      ),
      adds: list(
        'A fitting to fix it to the wall is in the box. | Each shelf carries {load} kg. | The shelves can be set at any height.',
      ),
      slots: {
        style: oneOf('bookcase | shelving unit | wall shelf | ladder shelf'),
        wood,
        tiers: range(2, 6),
        tall: range(80, 220, 20),
        load: range(10, 40, 5),
      },
      attributes: {
        Material: '{wood}',
        Shelves: '{tiers}',
        'Height cm': '{tall}',
        'Load per shelf kg': '{load}',
      },
      also: list('Storage'),
    },
  ],
};
