import { list, oneOf, oneOfNumbers, range, yesOrNo, type Department } from '../kind.js';

const sizeEu = range(36, 46);

export const shoes: Department = {
  category: 'Shoes',
  products: 300,
  brands: list(
    'Fennel & Moor | Strideworth | Alderquick | Kestrel Lane | Pavo | Norrby | Tarnbeck',
  ),
  lines: list(
    'Vale | Ridge | Harbour | Mila | Oslo | Tempo | Juno | Piper | Corrie | Dash | Linden | Orbit',
  ),
  closes: list(
    'Runs true to size. | Half sizes are available in the shop. | Sent in a box made of recycled card. | Allow a few days of wear to break them in. | The insole lifts out, so orthotics fit.',
  ),
  kinds: [
    {
      drawing: 'sneaker',
      share: 4,
      price: [39, 165],
      colours: list('white | black | navy | grey | red | sky blue | mint | coral'),
      titles: list(
        '{brand} {Line} {Colour} {Use} Shoes | {brand} {Line} {Upper} {Use} Trainers, {Colour} | {Wearer} {Use} Shoes {brand} {Line}, {Colour}',
      ),
      opens: list(
        'Light {use} shoes with a {upper} upper and a cushioned foam sole. | A {colour} trainer for {use} that stays comfortable for hours. | {wearer} {use} shoes with a {upper} upper, made to breathe on warm days. | Everyday {colour} trainers that feel soft underfoot from the first step.',
      ),
      adds: list(
        'The outsole grips on wet pavement and forest tracks alike. | A padded collar keeps the heel in place without rubbing. | They weigh only {weight} g each, which you notice after ten kilometres. | Reflective details help drivers see you after dark. | Good for long shifts on your feet as well as for training.',
      ),
      slots: {
        use: oneOf('running | walking | gym training | trail running | tennis'),
        upper: oneOf('mesh | knitted | suede | recycled polyester'),
        wearer: oneOf("women's | men's | unisex"),
        weight: range(190, 340, 10),
        size: sizeEu,
      },
      attributes: {
        Material: '{upper}',
        Wearer: '{wearer}',
        'Size EU': '{size}',
        'Weight g': '{weight}',
        Activity: '{use}',
      },
      also: list('Sports'),
    },
    {
      drawing: 'boot',
      share: 3,
      price: [69, 220],
      colours: list('brown | black | tan | cognac | burgundy | forest green'),
      titles: list(
        '{brand} {Line} {Style} Boots, {Colour} | {Wearer} {Colour} {Upper} {Style} Boots by {brand} | {brand} {Line} {Upper} {Style} Boots in {Colour}',
      ),
      opens: list(
        '{style} boots in {colour} {upper}, stitched so that they can be resoled. | Sturdy {wearer} {style} boots for cold and muddy months. | A classic {style} boot in {upper} with a deep rubber tread.',
      ),
      adds: list(
        'A {lining} lining keeps toes warm well below freezing. | The seams are sealed, so rain and slush stay out. | Ankle support makes them a safe choice on rocky paths. | Pull tabs at the back make them quick to put on. | They look as good with jeans as with a winter dress.',
      ),
      slots: {
        style: oneOf('chelsea | hiking | winter | lace-up | work | ankle'),
        upper: oneOf('leather | nubuck | suede | waxed leather'),
        lining: oneOf('wool | fleece | sheepskin | leather'),
        wearer: oneOf("women's | men's"),
        waterproof: yesOrNo(),
        size: sizeEu,
      },
      attributes: {
        Material: '{upper}',
        Lining: '{lining}',
        Waterproof: '{waterproof}',
        'Size EU': '{size}',
        Wearer: '{wearer}',
      },
      also: list('{style} boots'),
    },
    {
      drawing: 'heel',
      share: 2,
      price: [45, 160],
      colours: list('black | red | beige | gold | navy | rose'),
      titles: list(
        '{brand} {Line} {Colour} {Upper} {Style} | {Colour} {Style} {brand} {Line}, {heel} cm',
      ),
      opens: list(
        '{colour} {upper} {style} with a steady {heel} cm heel. | Elegant {style} for weddings, evenings out and the office. | {style} in soft {upper} that you can dance in all night.',
      ),
      adds: list(
        'A padded footbed takes the pressure off the ball of the foot. | The block heel does not sink into a lawn. | An adjustable strap holds the ankle securely. | Pair them with a cocktail dress or a sharp trouser suit.',
      ),
      slots: {
        style: oneOf('court shoes | pumps | slingbacks | strappy heels'),
        upper: oneOf('suede | patent leather | satin | leather'),
        heel: oneOfNumbers(4, 5.5, 6, 7, 8.5, 10),
        size: range(35, 42),
      },
      attributes: {
        Material: '{upper}',
        'Heel height cm': '{heel}',
        'Size EU': '{size}',
        Wearer: "women's",
      },
    },
    {
      drawing: 'sandal',
      share: 2,
      price: [24, 95],
      colours: list('tan | black | white | brown | teal | yellow'),
      titles: list(
        '{brand} {Line} {Colour} {Style} | {Wearer} {Style} {brand} {Line} in {Colour} {Upper}',
      ),
      opens: list(
        'Airy {style} in {colour} {upper} for hot days and the beach. | {wearer} {style} with a cork footbed that moulds to the foot. | Open summer {style} with adjustable straps.',
      ),
      adds: list(
        'They dry within minutes after a dip in the sea. | Easy to slip on by the pool or for a trip to the garden. | The arch support makes them fit for long city walks. | Light enough to pack in hand luggage.',
      ),
      slots: {
        style: oneOf('sandals | slides | walking sandals | flip-flops | espadrilles'),
        upper: oneOf('leather | rubber | vegan leather | canvas'),
        wearer: oneOf("women's | men's"),
        size: sizeEu,
      },
      attributes: {
        Material: '{upper}',
        Wearer: '{wearer}',
        'Size EU': '{size}',
        Season: 'summer',
      },
    },
    {
      drawing: 'sneaker',
      price: [19, 59],
      colours: list('pink | blue | yellow | green | lilac | red'),
      titles: list(
        "{brand} {Line} Kids' {Style}, {Colour} | Kids' {Colour} {Style} {brand} {Line}",
      ),
      opens: list(
        "{colour} children's {style} with a hook-and-loop strap they can close themselves. | Tough little {style} for school, playground and puddles.",
      ),
      adds: list(
        'The reinforced toe survives scooters and football. | Machine washable at 30 degrees. | There is a size check printed on the insole, so you see when they are outgrown.',
      ),
      slots: { style: oneOf('trainers | canvas shoes | school shoes'), size: range(24, 35) },
      attributes: { Wearer: "kids'", 'Size EU': '{size}', Closure: 'hook and loop' },
      also: list('Kids'),
    },
  ],
};
