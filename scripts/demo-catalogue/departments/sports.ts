import { list, oneOf, oneOfNumbers, range, yesOrNo, type Department } from '../kind.js';

export const sports: Department = {
  category: 'Sports',
  products: 100,
  brands: list('Strideworth | Vaultline | Peakform | Tarnbeck | Goalmark'),
  lines: list('Active | Core | Match | Club | Flex | Power | Start | Elite'),
  closes: list(
    'Used by clubs and schools. | Good for beginners and regulars alike. | Comes with a carry bag. | Rinse and let it dry. | A training plan is in the box.',
  ),
  kinds: [
    {
      drawing: 'ball',
      share: 2,
      price: [9, 60],
      colours: list('orange | white | blue | red | yellow'),
      titles: list(
        '{brand} {Line} {Game}, Size {size}, {Colour} | {Colour} {Surface} {Game} {brand} {Line}',
      ),
      opens: list(
        'A {surface} {game} that keeps its bounce in any weather. | {colour} {game} for {surface} play, stitched by hand. | A durable {game} for matches and the schoolyard.',
      ),
      adds: list(
        'A pump and two needles are in the box. | Soft enough for children to head or catch. | The pebbled skin gives a sure grip.',
      ),
      slots: {
        game: oneOf('football | basketball | volleyball | handball'),
        surface: oneOf('indoor | outdoor | beach | street'),
        size: range(3, 7),
      },
      attributes: { Game: '{game}', Size: '{size}', Surface: '{surface}' },
      also: list('Team sports'),
    },
    {
      drawing: 'dumbbell',
      share: 2,
      price: [12, 140],
      colours: list('black | steel | teal | pink | purple'),
      titles: list(
        '{brand} {Line} {Style}, {kilos} kg, {Colour} | {Colour} {Style} {brand} {Line} {kilos} kg',
      ),
      opens: list(
        'A {kilos} kg {style} for strength training at home. | A {style} with a knurled grip and a {colour} coating. | A {style} to build arms, shoulders and core.',
      ),
      adds: list(
        'The hexagonal ends do not roll away. | Kind to wooden floors. | Ten minutes a day are enough to start.',
      ),
      slots: {
        style: oneOf('dumbbell pair | kettlebell | hex dumbbell | weight set'),
        kilos: oneOfNumbers(2, 4, 6, 8, 10, 12, 16, 20),
      },
      attributes: { Type: '{style}', 'Weight kg': '{kilos}', Use: 'home gym' },
      also: list('Fitness'),
    },
    {
      drawing: 'bicycle',
      share: 2,
      price: [190, 2600],
      colours: list('red | black | mint | navy | yellow | cream'),
      titles: list(
        '{brand} {Line} {Style} Bike, {gears} Gears, {Colour} | {Colour} {inches}" {Style} Bicycle {brand} {Line}, {gears}-Speed',
      ),
      opens: list(
        'A {style} bike with {gears} gears and an {frame} frame. | A {colour} {style} bicycle for daily rides and long weekends. | A comfortable {style} bike with {brakes} brakes.',
      ),
      adds: list(
        'Mudguards, rack and lights are fitted. | It weighs {kilos} kg, so stairs are no problem. | Arrives almost built: turn the bars and pedal off.',
      ),
      slots: {
        style: oneOf("city | mountain | gravel | electric | kids' | touring"),
        gears: oneOfNumbers(3, 7, 8, 11, 21),
        frame: oneOf('aluminium | aluminium alloy'),
        brakes: oneOf('disc | rim'),
        inches: oneOfNumbers(20, 24, 26, 28),
        kilos: range(9, 22),
      },
      attributes: {
        Type: '{style}',
        Gears: '{gears}',
        Frame: '{frame}',
        Brakes: '{brakes}',
        'Wheel inches': '{inches}',
        'Weight kg': '{kilos}',
      },
      also: list('Cycling'),
    },
    {
      drawing: 'racket',
      price: [15, 210],
      colours: list('red | blue | green | yellow | purple'),
      titles: list(
        '{brand} {Line} {Game} Racket, {grams} g, {Colour} | {Colour} {Frame} {Game} Racket {brand} {Line}',
      ),
      opens: list(
        'A {frame} {game} racket of {grams} g with a big sweet spot. | A {game} racket for club players and beginners. | Light and fast: a {colour} {game} racket.',
      ),
      adds: list('Strung and ready to play. | The grip soaks up sweat. | A cover is included.'),
      slots: {
        game: oneOf('tennis | badminton | squash | padel'),
        frame: oneOf('graphite | aluminium | carbon'),
        grams: range(90, 310, 10),
        strung: yesOrNo(),
      },
      attributes: {
        Game: '{game}',
        Material: '{frame}',
        'Weight g': '{grams}',
        Strung: '{strung}',
      },
    },
    {
      drawing: 'mat',
      share: 2,
      price: [14, 90],
      colours: list('teal | lilac | pink | grey | green | coral'),
      titles: list(
        '{brand} {Line} {Style} Mat, {mm} mm, {Colour} | {Colour} {Material} {Style} Mat {brand} {Line}',
      ),
      opens: list(
        'A {mm} mm thick {style} mat that does not slip on smooth floors. | A soft {colour} mat of {material} for {style}. | A {style} mat that is kind to knees and wrists.',
      ),
      adds: list(
        'Rolls up and closes with a strap. | Marked lines help you to align. | Free of PVC and smell.',
      ),
      slots: {
        style: oneOf('yoga | pilates | exercise | stretching'),
        material: oneOf('natural rubber | cork | foam'),
        mm: oneOfNumbers(4, 5, 6, 8, 10, 15),
      },
      attributes: { Material: '{material}', 'Thickness mm': '{mm}', Use: '{style}' },
      also: list('Yoga and pilates'),
    },
  ],
};
