import type { Goods } from './goods.js';
import type { Need } from './needs.js';

type Right = Need['isRight'];

/** Words in a title, any case. */
const titled =
  (pattern: RegExp): Right =>
  ({ title }) =>
    pattern.test(title.toLowerCase());
const said =
  (pattern: RegExp): Right =>
  ({ text }) =>
    pattern.test(text);
const of =
  (...categories: string[]): Right =>
  ({ category }) =>
    categories.includes(category);
const by =
  (brand: string): Right =>
  (goods) =>
    goods.brand.toLowerCase() === brand;
const upTo =
  (price: number): Right =>
  (goods) =>
    goods.price <= price;
const all =
  (...rights: Right[]): Right =>
  (goods) =>
    rights.every((right) => right(goods));
const any =
  (...rights: Right[]): Right =>
  (goods) =>
    rights.some((right) => right(goods));
const no =
  (right: Right): Right =>
  (goods) =>
    !right(goods);
const attribute =
  (name: string, wanted: unknown): Right =>
  ({ attributes }) =>
    attributes[name] === wanted;
const has =
  (name: string): Right =>
  ({ attributes }) =>
    attributes[name] !== undefined;

// What things are, by what the catalogue says of them. Accessories name what they are for in a title that has another head.
const accessory = titled(
  /\b(?:case|cover|bag|backpack|sleeve|battery|adapter|charger|cable|stand|mount|dock\w*|lock|kit|memory|keyboard|mouse|filter|drawer|rest|lamp|toner|cartridge|paper|roll|holder|cleaning|extension|extender|hub|protector|privacy|tray|upgrade|software|warranty|switch|spare|part|screen|remote|lens|hood|pad|light|base|accessory|arm|cart|shelf|ribbon|tape|feeder|enclosure|spindle)s?\b/,
);
const laptop = all(
  of('Laptops'),
  any(has('display diagonal'), titled(/notebook pc|mobile workstation/)),
  any(
    has('processor family'),
    has('processor model'),
    titled(/notebook pc|mobile workstation|intel|amd/),
  ),
  no(
    titled(/\b(?:case|bag|backpack|sleeve|battery|stand|lock|dock|adapter|filter|charger|cable)\b/),
  ),
);
const monitor = all(
  any(
    ({ attributes }) => Number(attributes['display diagonal']) >= 13,
    titled(/inch lcd monitor|panel monitor|lcd monitor/),
  ),
  of('Monitors & TVs', 'Other'),
  said(/monitor|lcd|led/),
  no(accessory),
  no(titled(/\btv\b|dvd|signage|projector|notebook|all-in-one|photo frame/)),
);
const mouse = all(
  titled(/\bmouse\b|\bmice\b/),
  of('Mice & Keyboards'),
  no(
    titled(
      /keyboard|\bpad\b|rest|cable|adapter|extender|extension|combo|trackball|drawer|mat\b|pillow|sylvanian/,
    ),
  ),
);
const keyboard = all(
  titled(/keyboard/),
  of('Mice & Keyboards'),
  no(
    titled(
      /\brest\b|drawer|adapter|extend|extension|cable|cover|tray|\bkvm\b|converter|overlay|\bmouse\b|dust|shelf|skin|switch/,
    ),
  ),
);
const headphones = all(
  of('Headphones & Headsets'),
  titled(/headphone|headset|earbud|earphone|in-ear/),
  no(
    titled(/extension|cable|splitter|adapter|plug|\bcase\b|cushion|amplifier|holder|stand|battery/),
  ),
);
const projector = all(
  of('Projectors & Screens'),
  titled(/projector/),
  no(
    titled(
      /lamp|mount|cable|screen|ceiling|accessory|case|remote|filter|bracket|plate|lens|stand|cart|bag|kit|solution|adapter|pole|column/,
    ),
  ),
);
const camera = all(
  of('Cameras & Lenses'),
  titled(
    /(?:compact|slr|bridge|digital|digital compact) camera|cyber-shot|powershot|ixus \d|eos \d/,
  ),
  no(
    titled(
      /battery|remote|a-mount|lens cap|\bcase\b|cable|adapter|housing|\bbag\b|dock|lens hood|grip|strap|charger|printer|kit for/,
    ),
  ),
  said(/\bmp\b|megapixel|camera/),
);
const printer = all(
  of('Printers & Scanners'),
  titled(
    /printer|laserjet|officejet|deskjet|designjet|inkjet|laser\b|multifunction|phaser|psc|dpi/,
  ),
  no(accessory),
  no(
    titled(
      /parallel|converter|scanner|cabinet|server|maintenance|support|\bsvc\b|exch|replacement|next day|fuser|drum|belt|roller|finisher/,
    ),
  ),
);
const stick = titled(/usb flash drive|usb-stick|usb stick/);
const ups = all(
  of('Power & UPS'),
  titled(/\bups\b|uninterruptible/),
  no(titled(/battery pack|\bcable\b|card\b|rail|\brack kit|bracket/)),
);
const backpack = titled(/backpack/);
const toner = all(titled(/toner/), of('Printer Supplies'));
const phone = any(
  all(
    by('samsung'),
    titled(/galaxy (?:a|s|m|note|z|xcover)?\d*.*sm-[agnf]\d/),
    no(titled(/case|cover|folio|protector/)),
  ),
  all(
    titled(/smartphone|iphone \d|handheld mobile computer/),
    no(titled(/case|cover|folio|protector|cable|holder|charger|battery|spare|mount/)),
  ),
);
const cable = titled(/cable|cord\b/);

/** Needs of icecat-19k, told by titles and attributes. */
export const ICECAT_NEEDS: readonly Need[] = [
  ...needs('units', {
    '24 inch monitor': all(monitor, any(attribute('display diagonal', 24), titled(/\(24"\)|24" /))),
    '22" monitor': all(monitor, any(attribute('display diagonal', 22), titled(/\(22"\)|22" /))),
    '8gb usb stick': all(stick, titled(/\b8 ?gb/)),
    '1500va ups': all(ups, any(titled(/\b1500 ?va\b/), attribute('output power capacity', 1500))),
    '3.5mm audio cable': all(cable, titled(/3\.5 ?mm/)),
    '2 m hdmi cable': all(
      cable,
      titled(/hdmi/),
      any(attribute('cable length', 2), titled(/\b2(?:\.0)? ?m\b/)),
    ),
    '4 GB DDR3': all(of('Memory'), titled(/ddr3/), titled(/\b4[ -]?gb/)),
    '2gb sd card': all(
      titled(/\bsd\b|secure digital/),
      titled(/\b2 ?gb\b/),
      of('Memory'),
      no(titled(/micro|adapter|reader/)),
    ),
  }),
  ...needs('attributes', {
    'laptop 4gb ram': all(laptop, any(titled(/\b4 gb\b/), attribute('internal memory', 4))),
    'core i5 laptop': all(laptop, said(/core.{0,4}i5/)),
    'wireless mouse': all(mouse, said(/wireless|bluetooth|cordless|2\.4 ?ghz/)),
    'a3 laser printer': all(printer, titled(/\ba3\b/), said(/laser/)),
    'noise cancelling headphones': all(headphones, said(/noise.?cancel/)),
    '1920 x 1080 monitor': all(
      monitor,
      any(attribute('display resolution', '1920 x 1080'), titled(/1920 x 1080/)),
    ),
    'xeon quad core processor': all(
      of('Processors'),
      said(/xeon/),
      any(attribute('processor cores', '4'), said(/quad/)),
    ),
    'shielded cat6 cable': all(
      cable,
      said(/cat\.? ?6/),
      said(/\bs\/?[fu]?tp\b|\bf\/?utp\b|\bsftp\b|\bftp\b|(?<!un)shielded|cable shielding s/),
    ),
  }),
  ...needs('colours', {
    'white keyboard': all(keyboard, said(/\bwhite\b/)),
    'pink headphones': all(headphones, said(/\bpink\b/)),
    'yellow toner': all(toner, said(/\byellow\b/)),
    'blue network cable': all(cable, of('Network Cables'), said(/\bblue\b/)),
    'black backpack': all(backpack, said(/\bblack\b/)),
  }),
  ...needs('brand and type', {
    'hp laptop': all(laptop, by('hp')),
    'samsung phone': all(phone, by('samsung')),
    'kensington mouse': all(mouse, by('kensington')),
    'canon camera': all(camera, by('canon')),
    'nec projector': all(projector, by('nec')),
    'tp-link router': all(titled(/router/), by('tp-link')),
    'brother label printer': all(titled(/label printer/), by('brother'), no(titled(/adapter/))),
  }),
  ...needs('negation', {
    'laptop not hp': all(laptop, no(by('hp'))),
    'toner not black': all(toner, no(said(/\bblack\b/))),
    'mouse without cable': all(mouse, no(said(/\bcables?\b/))),
    'keyboard -cherry': all(keyboard, no(by('cherry'))),
  }),
  ...needs('price words', {
    'monitor under 150': all(monitor, upTo(150)),
    'headphones below $20': all(headphones, upTo(20)),
    'printer between 100 and 200': all(printer, upTo(200), no(upTo(99.99))),
    'cheap mouse': all(mouse, upTo(25)),
  }),
  ...needs('product before accessory', {
    laptop,
    camera,
    printer,
    projector,
    monitor,
    keyboard,
  }),
];

function needs(kind: string, rights: Readonly<Record<string, (goods: Goods) => boolean>>): Need[] {
  return Object.entries(rights).map(([query, isRight]) => ({ kind, query, isRight }));
}
