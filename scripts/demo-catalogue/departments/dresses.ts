import { list, oneOf, type Department } from '../kind.js';

const size = oneOf('XS | S | M | L | XL | XXL');

export const dresses: Department = {
  category: 'Dresses',
  products: 240,
  brands: list('Maribel Grey | Fennel & Moor | Ottoline | Sorrel House | Lune et Fils | Wrenfield'),
  lines: list(
    'Clara | Ines | Odette | Freya | Noor | Helena | Pia | Rosalind | Yuki | Carmen | Thea | Isla',
  ),
  closes: list(
    'Model is 176 cm tall and wears size S. | Has side pockets. | Cut to fit true to size. | Fully lined. | Hang to dry and it hardly needs ironing.',
  ),
  kinds: [
    {
      drawing: 'dress',
      share: 3,
      price: [29, 110],
      colours: list('yellow | sky blue | coral | mint | white | pink | green'),
      titles: list(
        '{brand} {Line} {Pattern} Summer Dress, {Colour} | {Colour} {Fabric} Sundress {brand} {Line} | {brand} {Line} {Length} {Fabric} Dress in {Colour}',
      ),
      opens: list(
        'A breezy {length} dress in {pattern} {fabric} for warm afternoons. | Floaty {colour} summer dress with a {neck} neckline. | {pattern} sundress in light {fabric}, cut loose at the waist.',
      ),
      adds: list(
        'Wear it over swimwear on the beach or with sandals in town. | The elastic back makes it comfortable after a long lunch. | Thin straps can be adjusted or crossed at the back. | A good choice for garden parties and holidays.',
      ),
      slots: {
        fabric: oneOf('cotton | linen | viscose | organic cotton'),
        pattern: oneOf('floral | striped | plain | polka dot | gingham'),
        neck: oneOf('square | round | V | halter'),
        length: oneOf('mini | midi | knee-length'),
        size,
      },
      attributes: {
        Material: '{fabric}',
        Pattern: '{pattern}',
        Neckline: '{neck}',
        Length: '{length}',
        Size: '{size}',
        Season: 'summer',
      },
    },
    {
      drawing: 'gown',
      share: 2,
      price: [89, 420],
      colours: list('black | red | navy | burgundy | forest green | gold | lilac'),
      titles: list(
        '{brand} {Line} {Fabric} {Occasion} Gown, {Colour} | {Colour} {Fabric} {Occasion} Dress by {brand}, {Line}',
      ),
      opens: list(
        'A floor-length {colour} gown in {fabric} with {sleeve} sleeves. | Made for the {occasion}: draped {fabric} that moves as you walk. | A long formal {occasion} dress with a fitted bodice and an open back.',
      ),
      adds: list(
        'Hidden boning keeps it in place without a corset. | The slit stops just above the knee. | Guests and bridesmaids order it in matching colours. | It comes in a garment bag.',
      ),
      slots: {
        fabric: oneOf('satin | chiffon | velvet | silk | tulle'),
        occasion: oneOf('evening | wedding guest | prom | bridesmaid | gala'),
        sleeve: oneOf('long | cap | no | puff'),
        size,
      },
      attributes: {
        Material: '{fabric}',
        Occasion: '{occasion}',
        Sleeves: '{sleeve}',
        Length: 'floor-length',
        Size: '{size}',
      },
      also: list('Occasion wear'),
    },
    {
      drawing: 'dress',
      share: 2,
      price: [45, 150],
      colours: list('black | navy | grey | charcoal | burgundy | teal'),
      titles: list(
        '{brand} {Line} {Colour} {Cut} Work Dress | {Colour} {Cut} Office Dress {brand} {Line}',
      ),
      opens: list(
        'A smart {cut} dress in {fabric} that goes from meeting to dinner. | Tailored {colour} office dress with {sleeve} sleeves. | A plain {cut} dress that pairs with a blazer.',
      ),
      adds: list(
        'The stretch fabric does not crease on a commute. | A concealed zip at the back gives a clean line. | Machine washable, no dry cleaning needed.',
      ),
      slots: {
        cut: oneOf('sheath | wrap | shirt | A-line | pencil'),
        fabric: oneOf('crepe | jersey | wool blend | ponte'),
        sleeve: oneOf('long | three-quarter | short'),
        size,
      },
      attributes: {
        Material: '{fabric}',
        Cut: '{cut}',
        Sleeves: '{sleeve}',
        Size: '{size}',
        Stretch: true,
      },
      also: list('Workwear'),
    },
    {
      drawing: 'dress',
      price: [35, 130],
      colours: list('cream | grey | brown | mustard | olive | rose'),
      titles: list(
        '{brand} {Line} {Knit} Jumper Dress, {Colour} | {Colour} {Knit} Knitted Dress {brand} {Line}',
      ),
      opens: list(
        'A cosy {knit} jumper dress for autumn and winter. | Knitted {colour} dress with a {neck} to wear over tights and boots. | Soft {knit} dress that is as warm as your favourite jumper.',
      ),
      adds: list(
        'The ribbed cuffs keep their shape after washing. | Soft enough to wear on bare skin. | Maternity friendly, with plenty of give at the front.',
      ),
      slots: {
        knit: oneOf('merino | cashmere | lambswool | cotton knit'),
        neck: oneOf('roll neck | crew neck | V-neck'),
        size,
      },
      attributes: { Material: '{knit}', Neckline: '{neck}', Size: '{size}', Season: 'winter' },
    },
  ],
};
