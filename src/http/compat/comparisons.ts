import type { Filter, RangeOperator, Scalar } from '../../filter/filter.js';
import { MATCH_ALL } from '../../filter/filter.js';

/** Filters as other engines' clients write them: one text may stand for a value of any type. */

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The number that a text is, and is nothing else; undefined for any other text. */
export function numberOf(text: string): number | undefined {
  if (!NUMBER.test(text)) return undefined;
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
}

/**
 * What a text may stand for: facets give all values as texts, so that `10` may be a number of a
 * product or its text, and `true` as well.
 */
export function valuesOf(text: string): Scalar[] {
  const number = numberOf(text);
  if (number !== undefined) return [text, number];
  if (text === 'true') return [text, true];
  return text === 'false' ? [text, false] : [text];
}

export function anyOf(field: string, texts: readonly string[]): Filter {
  return { kind: 'in', field, values: [...new Set(texts.flatMap(valuesOf))] };
}

export function compare(field: string, op: RangeOperator, value: number): Filter {
  return { kind: 'range', field, op, value };
}

/** Both ends included. */
export function between(field: string, least: number, most: number): Filter {
  return allOf([compare(field, 'gte', least), compare(field, 'lte', most)]);
}

export function not(of: Filter): Filter {
  return { kind: 'not', of };
}

export function allOf(parts: readonly Filter[]): Filter {
  const [first] = parts;
  if (first === undefined) return MATCH_ALL;
  return parts.length === 1 ? first : { kind: 'and', of: parts };
}

export function someOf(parts: readonly Filter[]): Filter {
  const [first] = parts;
  return parts.length === 1 && first !== undefined ? first : { kind: 'or', of: parts };
}

/** The operators that compare numbers, as written; longer ones first. */
export const COMPARISONS: readonly (readonly [string, RangeOperator])[] = [
  ['<=', 'lte'],
  ['>=', 'gte'],
  ['<', 'lt'],
  ['>', 'gt'],
];
