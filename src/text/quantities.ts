import { isDigit } from './characters.js';
import { SIZE_WORDS, type Word } from './lexicon.js';
import type { Scan } from './scan.js';
import { canonicalNumber } from './units.js';

/** Words of a text that mean one thing together: `32 GB`, `27"`, `3.5 mm`, `size 42`, `1920 x 1080`. */
export interface Compound {
  /** How it is searched, whichever way it was written: `32gb`. */
  canonical: string;
  /** Of the words that it consists of; the end is exclusive. */
  from: number;
  to: number;
  /** Where it ends in the text: after the sign that stands for a unit. */
  end: number;
  /** Empty for a mere decimal number, a size or a measure in two directions. */
  unit: string;
  /** The number alone; of others what they consist of. */
  parts: readonly string[];
}

const LETTER_SIZES = new Set('xxs xs s m l xl xxl xxxl 2xl 3xl 4xl 5xl'.split(' '));
const INCH_SIGNS = '"\u2033\u201d';

/** The compound that begins with the word at `index`, if any does. */
export function compoundAt(scan: Scan, index: number): Compound | undefined {
  const word = scan.at(index);
  if (word.startsWithDigit) return measureAt(scan, index) ?? areaAt(scan, index);
  return SIZE_WORDS.has(word.text) ? sizeAt(scan, index) : undefined;
}

interface Amount {
  number: string;
  /** Behind the digits, as in `32gb`. */
  unit: string;
  last: number;
  isDecimal: boolean;
}

function measureAt(scan: Scan, index: number): Compound | undefined {
  const amount = amountAt(scan, index);
  if (amount === undefined) return undefined;
  const { last, isDecimal } = amount;
  const number = canonicalNumber(amount.number);
  const found = (unit: string, to: number, end: number): Compound => {
    const parts = [unit === '' ? amount.number : number];
    return { canonical: `${parts[0] ?? ''}${unit}`, from: index, to, end, unit, parts };
  };
  const end = scan.end(last);
  if (amount.unit !== '') return found(amount.unit, last + 1, end);
  const sign = scan.text.charAt(end);
  if (sign !== '' && INCH_SIGNS.includes(sign)) return found('inch', last + 1, end + 1);
  if (scan.text.startsWith("''", end)) return found('inch', last + 1, end + 2);
  const unit = last + 1 < scan.count ? spacedUnit(scan, last) : '';
  if (unit !== '') return found(unit, last + 2, scan.end(last + 1));
  return isDecimal ? found('', last + 1, end) : undefined;
}

/** A number with its fraction: `3.5`, `3,5`, `1,500`; none where it is part of a version such as `1.2.3`. */
function amountAt(scan: Scan, index: number): Amount | undefined {
  const word = scan.at(index);
  // The `8` of `64.6x33.8` is a fraction, and no number.
  if (index > 0 && fractionSign(scan, index - 1) === '.') return undefined;
  if (!word.isDigits) {
    return word.amount === ''
      ? undefined
      : { number: word.amount, unit: word.amountUnit, last: index, isDecimal: false };
  }
  const separator = fractionSign(scan, index);
  if (separator === '') return { number: word.plain, unit: '', last: index, isDecimal: false };
  const next = scan.at(index + 1);
  const fraction = next.isDigits ? next.plain : (/^[0-9]+/.exec(next.plain)?.[0] ?? '');
  if (!next.isDigits && next.amount === '') return undefined;
  if (fractionSign(scan, index + 1) !== '') return undefined;
  const isThousand = separator === ',' && fraction.length === 3 && word.plain.length < 4;
  return {
    number: `${word.plain}${isThousand ? '' : '.'}${fraction}`,
    unit: next.amountUnit,
    last: index + 1,
    isDecimal: separator === '.',
  };
}

/** `.` or `,` where nothing else stands between the word at `index`, which ends in a digit, and digits that follow. */
function fractionSign(scan: Scan, index: number): string {
  if (index + 1 >= scan.count || scan.start(index + 1) !== scan.end(index) + 1) return '';
  if (!scan.at(index + 1).startsWithDigit) return '';
  if (!isDigit(scan.text.charCodeAt(scan.end(index) - 1))) return '';
  const sign = scan.text.charAt(scan.end(index));
  return sign === '.' || sign === ',' ? sign : '';
}

function spacedUnit(scan: Scan, index: number): string {
  const { unit, plain } = scan.at(index + 1);
  if (unit === '' || scan.start(index + 1) !== scan.end(index) + 1) return '';
  const gap = scan.text.charAt(scan.end(index));
  // `27-inch`, but not the `8325-L` of a model number.
  if (gap === '-') return plain.length > 2 ? unit : '';
  return gap === ' ' || gap === '\u00a0' ? unit : '';
}

/** `1920 x 1080` and `1920 × 1080`, which others write `1920x1080`. */
function areaAt(scan: Scan, index: number): Compound | undefined {
  const word = scan.at(index);
  if (!word.isDigits || index + 1 >= scan.count) return undefined;
  const isSign = scan.gap(index).trim() === '×';
  const isLetter = index + 2 < scan.count && scan.at(index + 1).plain === 'x';
  const last = isSign ? index + 1 : index + 2;
  if (!isSign && !(isLetter && scan.gap(index) === ' ' && scan.gap(index + 1) === ' ')) {
    return undefined;
  }
  const other = scan.at(last);
  if (!other.isDigits) return undefined;
  const parts = [word.plain, other.plain];
  return {
    canonical: parts.join('x'),
    from: index,
    to: last + 1,
    end: scan.end(last),
    unit: '',
    parts,
  };
}

function sizeAt(scan: Scan, index: number): Compound | undefined {
  const next = index + 1;
  if (next >= scan.count || !/^[\s:]{1,2}$/.test(scan.gap(index))) return undefined;
  const value = sizeValue(scan.at(next));
  if (value === '') return undefined;
  const decimal = fractionSign(scan, next) === '' ? '' : scan.at(next + 1).plain;
  const hasDecimal = /^[0-9]$/.test(decimal);
  const part = hasDecimal ? `${value}.${decimal}` : value;
  const last = hasDecimal ? next + 1 : next;
  return {
    canonical: `size${part}`,
    from: index,
    to: last + 1,
    end: scan.end(last),
    unit: '',
    parts: [part],
  };
}

/** `42` and `xl`, or '' where `word` is no size. */
export function sizeValue(word: Word): string {
  if (word.isDigits && word.plain.length <= 3) return canonicalNumber(word.plain);
  return LETTER_SIZES.has(word.plain) ? word.plain : '';
}

/** Whether `word` says that what follows is a size. */
export function isSizeWord(word: Word): boolean {
  return SIZE_WORDS.has(word.text);
}
