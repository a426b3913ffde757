import { squash } from './fold.js';
import type { JsonObject } from '../core/product.js';
import { unitOf } from './units.js';

/** What a query says of the price, and where. */
export interface PriceWords {
  start: number;
  /** Exclusive. */
  end: number;
  filter: JsonObject;
}

/** What must be there besides a number, so that it is money: nothing, the end of the query, or a currency. */
type Bare = 'any' | 'end' | 'currency';

interface Rule {
  pattern: RegExp;
  bare: Bare;
  filter: (first: number, second: number) => JsonObject;
}

const CODES =
  'usd|eur|gbp|chf|cad|aud|pln|sek|nok|dkk|dollars?|euros?|pounds?|bucks|quid|kr|francs?|yen|rupees?';
const SIGN = '[$€£¥₹]';
const NOT_BEFORE = String.raw`(?<![\p{L}\p{N}'’-])`;
/** No unit, no per cent, no rest of a number or a model's name follows. */
const NOT_AFTER = String.raw`(?![\p{L}\p{N}"″”'%°]|\s?[x×]\s?\d|[-/.,+][\p{L}\p{N}])`;

function amount(nth: 1 | 2): string {
  return String.raw`(?:(?<sign${nth}>${SIGN})\s?)?(?<number${nth}>\d[\d.,]{0,12}\d|\d)(?:\s?(?<code${nth}>${SIGN}|(?:${CODES})(?![\p{L}\p{N}])))?`;
}

function rule(words: string, bare: Bare, filter: Rule['filter']): Rule {
  const price = String.raw`(?<price>(?:price[ds]?|costs?|costing)\s+(?:is\s+|of\s+)?)?`;
  return { pattern: new RegExp(NOT_BEFORE + price + words + NOT_AFTER, 'giu'), bare, filter };
}

const lt = (value: number): JsonObject => ({ price: { lt: value } });
const lte = (value: number): JsonObject => ({ price: { lte: value } });
const gt = (value: number): JsonObject => ({ price: { gt: value } });
const gte = (value: number): JsonObject => ({ price: { gte: value } });
const within = (a: number, b: number): JsonObject => ({
  price: { gte: Math.min(a, b), lte: Math.max(a, b) },
});

/** The wider come first: what they take is gone for the others. */
const RULES: readonly Rule[] = [
  rule(
    String.raw`(?:between|zwischen)\s+${amount(1)}\s*(?:and|to|und|-|–)\s*${amount(2)}`,
    'any',
    within,
  ),
  rule(
    String.raw`(?:from\s+|von\s+)?${amount(1)}\s*(?:to|bis|-|–)\s*${amount(2)}`,
    'currency',
    within,
  ),
  rule(String.raw`(?:not\s+(?:under|below|less\s+than))\s+${amount(1)}`, 'end', gte),
  rule(String.raw`(?:no|not)\s+(?:more\s+than|over|above)\s+${amount(1)}`, 'end', lte),
  rule(String.raw`(?:under|below|cheaper\s+than|unter)\s+${amount(1)}`, 'any', lt),
  rule(String.raw`(?:less\s+than|lower\s+than)\s+${amount(1)}`, 'end', lt),
  rule(String.raw`(?:up\s+to|at\s+most)\s+${amount(1)}`, 'end', lte),
  rule(
    String.raw`(?:max\.?|maximum|within|bis(?:\s+zu)?|budget(?:\s+of)?)\s+${amount(1)}`,
    'currency',
    lte,
  ),
  rule(String.raw`(?:over|above|more\s+than|über)\s+${amount(1)}`, 'end', gt),
  rule(String.raw`(?:at\s+least|starting\s+(?:at|from))\s+${amount(1)}`, 'end', gte),
  rule(String.raw`(?:from|min\.?|minimum|ab|von)\s+${amount(1)}`, 'currency', gte),
  rule(String.raw`<=\s*${amount(1)}`, 'any', lte),
  rule(String.raw`<\s*${amount(1)}`, 'any', lt),
  rule(String.raw`>=\s*${amount(1)}`, 'any', gte),
  rule(String.raw`>\s*${amount(1)}`, 'any', gt),
];

/** Before a number these say what it counts, and it is no price. */
const MEASURES = new Set(
  (
    'size sizes length width height depth diameter weight age ages aged age: years year kids kid children child boys girls ' +
    'toddlers babies baby adults voltage wattage power speed capacity volume thickness resolution noise rating rated pages ' +
    'temperature distance screen diagonal grosse lange breite hohe'
  ).split(' '),
);
/** After a number these say what it counts. */
const COUNTED = new Set(
  (
    'players player people persons person users user guests items item devices device minutes minute min mins seconds second ' +
    'days day weeks week degrees percent miles mile mph kmh layers inch inches k x liters tons units grit stars star reviews ' +
    'colors colours channels channel speed speeds keys buttons s th rd nd'
  ).split(' '),
);

/** The price words of `text`, in any order, none over another. Currencies are not told apart: a tenant has one. */
export function priceWords(text: string): PriceWords[] {
  const found: PriceWords[] = [];
  // Most queries name no number, and without one no rule can match.
  if (!/\d/.test(text)) return found;
  for (const { pattern, bare, filter } of RULES) {
    for (const match of text.matchAll(pattern)) {
      const start = match.index;
      const end = start + match[0].length;
      if (found.some((other) => start < other.end && end > other.start)) continue;
      if (!isMoney(text, match, bare)) continue;
      const { number1 = '', number2 = '' } = match.groups ?? {};
      found.push({ start, end, filter: filter(numberOf(number1), numberOf(number2)) });
    }
  }
  return found;
}

function isMoney(text: string, match: RegExpExecArray, bare: Bare): boolean {
  const { sign1, code1, sign2, code2, price } = match.groups ?? {};
  if ((sign1 ?? code1 ?? sign2 ?? code2 ?? price) !== undefined) return true;
  if (bare === 'currency') return false;
  const before = /[\p{L}\p{N}]+(?=[^\p{L}\p{N}]*$)/u.exec(text.slice(0, match.index))?.[0] ?? '';
  if (MEASURES.has(squash(before))) return false;
  const rest = text.slice(match.index + match[0].length);
  const after = squash(/^[^\p{L}\p{N}]*([\p{L}\p{N}]+)/u.exec(rest)?.[1] ?? '');
  if (bare === 'end' && after !== '') return false;
  return unitOf(after) === undefined && !COUNTED.has(after);
}

/** `1,000`, `1.000,50`, `49.99` and `49,99` as they are meant. */
function numberOf(text: string): number {
  const fraction = /[.,](\d{1,2})$/.exec(text)?.[1] ?? '';
  const whole = fraction === '' ? text : text.slice(0, -fraction.length - 1);
  return Number(`${whole.replace(/[.,]/g, '')}.${fraction === '' ? '0' : fraction}`);
}
