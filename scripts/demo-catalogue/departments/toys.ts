import { list, oneOf, oneOfNumbers, range, yesOrNo, type Department } from '../kind.js';

const age = oneOfNumbers(1, 2, 3, 4, 5, 6, 8);

export const toys: Department = {
  category: 'Toys',
  products: 220,
  brands: list(
    'Pip & Pickle | Woodlark | Tumbledown Toys | Grublin | Little Otter | Moonbug Works',
  ),
  lines: list(
    'Happy | Wonder | Mini | Forest | Jolly | Big Day | Rainbow | Explorer | Tiny | Super',
  ),
  closes: list(
    'Tested for lead and small parts. | Makes a good birthday present. | Wipes clean with a damp cloth. | No batteries needed. | Spare parts can be ordered one by one.',
  ),
  kinds: [
    {
      drawing: 'bricks',
      share: 3,
      price: [12, 110],
      colours: list('red | blue | yellow | green | orange | oak'),
      titles: list(
        '{brand} {Line} {Theme} Building Set, {pieces} Pieces | {Theme} Construction Bricks {brand}, {pieces} pcs | {brand} {Line} {Theme} Building Blocks, {Material}',
      ),
      opens: list(
        'A building set of {pieces} {material} bricks to make a {theme}. | {pieces} chunky blocks that click together and come apart again. | Build a {theme}, take it down and build something else.',
      ),
      adds: list(
        'Trains fine motor skills and patience. | The booklet shows three models from easy to tricky. | Fits other common brick systems. | For children from {age} years and the grown-ups who help them.',
      ),
      slots: {
        theme: oneOf(
          'castle | fire station | space rocket | farm | race track | pirate ship | treehouse',
        ),
        pieces: range(40, 900, 20),
        material: oneOf('plastic | wooden | bioplastic'),
        age,
      },
      attributes: {
        Material: '{material}',
        Pieces: '{pieces}',
        Theme: '{theme}',
        'Age from': '{age}',
      },
      hidesColour: true,
      also: list('Construction toys'),
    },
    {
      drawing: 'teddy',
      share: 3,
      price: [9, 60],
      colours: list('brown | cream | grey | pink | beige | lilac'),
      titles: list(
        '{brand} {Line} {Animal} Soft Toy, {tall} cm | {Colour} {Animal} Cuddly Toy {brand}, {tall} cm | {brand} Plush {Animal} "{Name}", {Colour}',
      ),
      opens: list(
        'A cuddly {animal} called {Name}, {tall} cm tall and very soft. | {colour} plush {animal} for bedtime hugs. | A stuffed {animal} with stitched eyes, safe from birth.',
      ),
      adds: list(
        'Goes through the washing machine at 30 degrees. | Filled with recycled bottles. | Babies love the crinkly ears. | Small enough to come along on every trip.',
      ),
      slots: {
        animal: oneOf('bear | rabbit | elephant | fox | dinosaur | unicorn | penguin | sloth'),
        name: oneOf('Bruno | Mopsy | Olive | Pepper | Hugo | Tilly'),
        tall: range(15, 60, 5),
      },
      attributes: {
        Animal: '{animal}',
        'Height cm': '{tall}',
        Material: 'plush',
        'Age from': 0,
        'Machine washable': true,
      },
      also: list('Soft toys | Baby'),
    },
    {
      drawing: 'car',
      share: 3,
      price: [8, 95],
      colours: list('red | blue | yellow | green | orange | white'),
      titles: list(
        '{brand} {Line} {Colour} {Vehicle} | {Colour} Toy {Vehicle} {brand} {Line}, {Drive} | {Drive} {Vehicle} by {brand}, {Colour}',
      ),
      opens: list(
        'A {colour} toy {vehicle}, {drive}, for the carpet and the sandpit. | {drive} {vehicle} with rubber tyres and opening doors. | Race this {vehicle} down the hall.',
      ),
      adds: list(
        'It takes a fall down the stairs without complaint. | Lights and sounds can be switched off, parents will be glad to hear. | Scale 1:{scale}. | The driver can be taken out.',
      ),
      slots: {
        vehicle: oneOf('racing car | police car | ambulance | taxi | camper van | rally car'),
        drive: oneOf('remote-controlled | pull-back | push-along | wooden'),
        scale: oneOfNumbers(16, 18, 24, 32),
        age,
      },
      attributes: { Vehicle: '{vehicle}', Drive: '{drive}', 'Age from': '{age}' },
      also: list('Toy cars'),
    },
    {
      drawing: 'puzzle',
      share: 3,
      price: [8, 45],
      colours: list('teal | purple | orange | green | blue | coral'),
      titles: list(
        '{brand} {Line} Jigsaw Puzzle "{Motif}", {pieces} Pieces | {Motif} Puzzle {brand}, {pieces} pcs | {brand} {Line} Board Game: {Motif}',
      ),
      opens: list(
        'A family game or puzzle around {motif} for rainy Sundays. | {motif} in {pieces} pieces, printed on thick board. | An illustrated {motif} game that children and grandparents enjoy together.',
      ),
      adds: list(
        'Takes about {minutes} minutes. | Every piece is cut differently, so it fits only where it should. | A poster of the picture is in the box.',
      ),
      slots: {
        motif: oneOf(
          'world map | coral reef | night train | solar system | dragon hunt | market square | jungle friends',
        ),
        pieces: oneOfNumbers(24, 48, 100, 300, 500, 1000, 2000),
        minutes: range(30, 120, 15),
        travel: yesOrNo(),
        age,
      },
      attributes: {
        Motif: '{motif}',
        Pieces: '{pieces}',
        'Age from': '{age}',
        'Travel size': '{travel}',
      },
      hidesColour: true,
      also: list('Games and puzzles'),
    },
  ],
};
