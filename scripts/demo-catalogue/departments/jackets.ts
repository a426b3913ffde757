import { list, oneOf, oneOfNumbers, range, yesOrNo, type Department } from '../kind.js';

const size = oneOf('XS | S | M | L | XL | XXL');
const wearer = oneOf("women's | men's | kids'");

export const jackets: Department = {
  category: 'Jackets',
  products: 160,
  brands: list('Norrby | Tarnbeck | Fennel & Moor | Highmark | Stillwater Supply | Brannock'),
  lines: list('Fell | Storm | Cairn | Arctos | Drift | Skye | Summit | Moss | Quay | Torrent'),
  closes: list(
    'Two zipped hand pockets and one inside. | Packs into its own pocket. | Repairs are free for two years. | The hood folds into the collar. | Cut with room for a jumper underneath.',
  ),
  kinds: [
    {
      drawing: 'jacket',
      share: 3,
      price: [49, 320],
      colours: list('yellow | navy | red | olive | teal | black'),
      titles: list(
        '{brand} {Line} {Wearer} Waterproof Jacket, {Colour} | {Wearer} {Colour} {Use} Rain Jacket {brand} {Line}',
      ),
      opens: list(
        'A {layers}-layer rain jacket for {use} that keeps you dry in a downpour. | Waterproof and windproof shell in {colour} for {use}. | {wearer} raincoat with sealed seams and a peaked hood.',
      ),
      adds: list(
        'Rated to a {column} mm water column. | Underarm zips let the heat out on steep climbs. | Free of PFAS coatings. | Light enough to live at the bottom of a rucksack.',
      ),
      slots: {
        use: oneOf('hiking | cycling | sailing | commuting | fishing'),
        layers: oneOfNumbers(2, 2.5, 3),
        column: range(8000, 20000, 2000),
        wearer,
        size,
      },
      attributes: {
        Wearer: '{wearer}',
        Size: '{size}',
        Waterproof: true,
        'Water column mm': '{column}',
        Layers: '{layers}',
        Activity: '{use}',
      },
      also: list('Rainwear | {use}'),
    },
    {
      drawing: 'puffer',
      share: 3,
      price: [59, 380],
      colours: list('black | navy | mustard | burgundy | lilac | forest green | white'),
      titles: list(
        '{brand} {Line} {Wearer} {Filling} Puffer Jacket, {Colour} | {Colour} Quilted {Filling} Jacket {brand} {Line}, {Wearer}',
      ),
      opens: list(
        'A quilted winter jacket filled with {filling}, warm down to {cold} degrees. | Puffy {colour} jacket that traps heat without the weight. | {wearer} insulated coat for frosty mornings and ski trips.',
      ),
      adds: list(
        'It stuffs into a bag the size of a loaf of bread. | The fleece-lined collar zips up to the chin. | A drawcord hem keeps the wind out.',
      ),
      slots: {
        filling: oneOf('duck down | goose down | recycled fibre | synthetic down'),
        cold: range(-25, -5, 5),
        hood: yesOrNo(),
        wearer,
        size,
      },
      attributes: {
        Filling: '{filling}',
        'Warm to °C': '{cold}',
        Hood: '{hood}',
        Wearer: '{wearer}',
        Size: '{size}',
        Season: 'winter',
      },
      also: list('Winter'),
    },
    {
      drawing: 'jacket',
      share: 2,
      price: [45, 290],
      colours: list('blue | black | brown | tan | grey'),
      titles: list(
        '{brand} {Line} {Colour} {Fabric} {Style} Jacket | {Wearer} {Fabric} {Style} Jacket {brand} {Line}, {Colour}',
      ),
      opens: list(
        'A {style} jacket in {colour} {fabric} that gets better with age. | Casual {fabric} {style} jacket for spring and cool evenings. | {wearer} {style} jacket with metal buttons and a boxy cut.',
      ),
      adds: list(
        'Goes with jeans, chinos or over a summer dress. | The cuffs and hem are ribbed. | A timeless piece that you will hand down.',
      ),
      slots: {
        fabric: oneOf('denim | leather | corduroy | suede | cotton twill'),
        style: oneOf('trucker | bomber | biker | field | varsity'),
        wearer: oneOf("women's | men's"),
        size,
      },
      attributes: { Material: '{fabric}', Style: '{style}', Wearer: '{wearer}', Size: '{size}' },
    },
    {
      drawing: 'coat',
      share: 2,
      price: [89, 450],
      colours: list('tan | charcoal | black | navy | cream | burgundy'),
      titles: list(
        '{brand} {Line} {Colour} {Fabric} {Style} | {Wearer} {Style} in {Colour} {Fabric}, {brand} {Line}',
      ),
      opens: list(
        'A tailored {style} in {fabric} that reaches below the knee. | An elegant {colour} {style} to wear over a suit or a dress. | Heavy {fabric} {style} with a satin lining.',
      ),
      adds: list(
        'The belt can be taken off. | Deep pockets hold gloves and a paperback. | Brush it after wear and it lasts many winters.',
      ),
      slots: {
        fabric: oneOf('wool | cashmere blend | gabardine | alpaca'),
        style: oneOf('overcoat | trench coat | duffle coat | pea coat'),
        wearer: oneOf("women's | men's"),
        size,
      },
      attributes: {
        Material: '{fabric}',
        Style: '{style}',
        Wearer: '{wearer}',
        Size: '{size}',
        Lined: true,
      },
      also: list('Coats'),
    },
  ],
};
