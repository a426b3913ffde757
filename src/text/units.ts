/** A unit's canonical name, how it is written, and which units it is a multiple of. */
const UNITS: Readonly<Record<string, string>> = {
  kb: 'kb kilobyte kilobytes kib',
  mb: 'mb megabyte megabytes mib mbyte',
  gb: 'gb gigabyte gigabytes gib gbyte',
  tb: 'tb terabyte terabytes tib tbyte',
  mbps: 'mbps mbit',
  gbps: 'gbps gbit',
  mm: 'mm millimeter millimeters millimetre millimetres',
  cm: 'cm centimeter centimeters centimetre centimetres zentimeter',
  m: 'm meter meters metre metres',
  km: 'km kilometer kilometers kilometre kilometres',
  ft: 'ft foot feet',
  inch: 'inch inches zoll pouces pulgadas pollici',
  mg: 'mg milligram milligrams',
  g: 'g gram grams gramm gramme grammes',
  kg: 'kg kilo kilos kilogram kilograms kilogramm',
  lb: 'lb lbs',
  oz: 'oz ounce ounces',
  ml: 'ml milliliter milliliters millilitre millilitres',
  cl: 'cl centiliter centilitre',
  l: 'l liter liters litre litres',
  w: 'w watt watts',
  kw: 'kw kilowatt kilowatts',
  wh: 'wh',
  kwh: 'kwh',
  v: 'v volt volts',
  va: 'va',
  kva: 'kva',
  a: 'amp amps ampere amperes',
  ah: 'ah',
  mah: 'mah',
  hz: 'hz hertz',
  khz: 'khz',
  mhz: 'mhz',
  ghz: 'ghz',
  mp: 'mp megapixel megapixels mpix mpx',
  dpi: 'dpi',
  rpm: 'rpm',
  fps: 'fps',
  lm: 'lm lumen lumens',
  db: 'db decibel decibels',
  nm: 'nm',
  ohm: 'ohm ohms',
  btu: 'btu',
  psi: 'psi',
  bit: 'bit bits',
  port: 'port ports',
  core: 'core cores',
  cell: 'cell cells',
  pack: 'pack packs pk',
  piece: 'piece pieces pc pcs',
  sheet: 'sheet sheets',
  page: 'page pages',
  pin: 'pin pins',
  year: 'year years yr yrs',
  month: 'month months',
  hour: 'hour hours hr hrs',
};

/** Written behind a number only without a blank: as words of their own they are prose. */
const ATTACHED: Readonly<Record<string, string>> = { in: 'inch', a: 'a', go: 'gb', to: 'tb' };

/** Units of one kind, each with its size in the smallest. */
const MULTIPLES: readonly Readonly<Record<string, number>>[] = [
  { kb: 1, mb: 1000, gb: 1e6, tb: 1e9 },
  { mm: 1, cm: 10, m: 1000 },
  { mg: 1, g: 1000, kg: 1e6 },
  { ml: 1, cl: 10, l: 1000 },
  { w: 1, kw: 1000 },
  { va: 1, kva: 1000 },
  { mah: 1, ah: 1000 },
  { hz: 1, khz: 1000, mhz: 1e6, ghz: 1e9 },
];

const bySpelling = new Map(
  Object.entries(UNITS).flatMap(([unit, spellings]) =>
    spellings.split(' ').map((spelling): [string, string] => [spelling, unit]),
  ),
);

/** All spellings as alternatives of a regular expression, the longest first. */
export const UNIT_SPELLINGS = [...bySpelling.keys()].sort((a, b) => b.length - a.length).join('|');

/** The unit that `word`, folded, means where it stands after a number. */
export function unitOf(word: string): string | undefined {
  return bySpelling.get(word);
}

/** The unit that `letters` mean directly behind a number's digits. */
export function attachedUnit(letters: string): string | undefined {
  return (
    bySpelling.get(letters) ?? (Object.hasOwn(ATTACHED, letters) ? ATTACHED[letters] : undefined)
  );
}

/** `032.50` as `32.5`. */
export function canonicalNumber(digits: string): string {
  const trimmed = digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits;
  return trimmed.replace(/^0+(?=\d)/, '');
}

/** The same quantity in neighbouring units, where it is a round number there: `1tb` is `1000gb`, and `1024gb`. */
export function equalQuantities(amount: string, unit: string): string[] {
  const group = MULTIPLES.find((units) => Object.hasOwn(units, unit));
  const size = group?.[unit];
  if (group === undefined || size === undefined) return [];
  const equal: string[] = [];
  for (const [other, otherSize] of Object.entries(group)) {
    if (other === unit) continue;
    const converted = Number(((Number(amount) * size) / otherSize).toFixed(6));
    if (converted < 0.1 || converted > 99_999 || String(converted).length > 6) continue;
    equal.push(`${converted}${other}`);
    if (unit === 'tb' && other === 'gb') equal.push(`${Number(amount) * 1024}gb`);
  }
  return equal;
}
