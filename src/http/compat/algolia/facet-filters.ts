import { invalidField } from '../../../core/errors.js';
import { describeValue } from '../../../core/json.js';
import type { JsonValue } from '../../../core/product.js';
import type { Filter } from '../../../filter/filter.js';
import { allOf, anyOf, between, compare, not, numberOf, someOf } from '../comparisons.js';
import type { FilterBounds } from '../filter-bounds.js';

const NUMERIC = /^(.+?)\s*(<=|>=|!=|<|>|=)\s*(\S+)$/;
const RANGE = /^(.+?)\s*:\s*(\S+)\s+TO\s+(\S+)$/;
/** A field's name, an operator and a number are no longer; the patterns above take their time over what is. */
const MAX_CHARACTERS = 400;
const OPS = { '<=': 'lte', '>=': 'gte', '<': 'lt', '>': 'gt' } as const;

/** `["brand:Acme", ["color:red", "color:-blue"]]`: lists within are any of. Throws `invalid_field`. */
export function facetFilters(asked: JsonValue, bounds: FilterBounds): Filter {
  return nested(asked, bounds, (text) => facetFilter(text, bounds));
}

/** `["price>=10", ["rating=5", "rating:3 TO 4"]]`. Throws `invalid_field`. */
export function numericFilters(asked: JsonValue, bounds: FilterBounds): Filter {
  return nested(asked, bounds, (text) => numericFilter(text, bounds));
}

/** All of a list, of which a list is any of its own. A text alone is a list of one. */
function nested(asked: JsonValue, bounds: FilterBounds, leaf: (text: string) => Filter): Filter {
  if (typeof asked === 'string') return nested(listOf(asked), bounds, leaf);
  if (!Array.isArray(asked)) throw expectedList(bounds, asked);
  return allOf(
    asked.map((item) => {
      if (!Array.isArray(item)) return leaf(textOf(item, bounds));
      return someOf(item.map((one) => leaf(textOf(one, bounds))));
    }),
  );
}

/** Of a text: a list as JSON, or filters with commas between. */
function listOf(text: string): JsonValue[] {
  if (!text.trim().startsWith('[')) return text.split(',').filter((part) => part.trim() !== '');
  try {
    return JSON.parse(text) as JsonValue[];
  } catch {
    return [text];
  }
}

function textOf(item: JsonValue, bounds: FilterBounds): string {
  bounds.clause();
  bounds.value();
  if (typeof item === 'string') return item;
  throw expectedList(bounds, item);
}

function expectedList({ parameter }: FilterBounds, got: JsonValue): Error {
  const expected = 'must be a list of texts, or of lists of texts';
  return invalidField(parameter, `${expected}, got ${describeValue(got)}`);
}

/** `field:value`; a dash before the value refines it away, `\-` belongs to it. */
function facetFilter(text: string, { parameter }: FilterBounds): Filter {
  const colon = text.indexOf(':');
  const field = text.slice(0, colon).trim();
  if (colon < 0 || field === '') {
    throw invalidField(parameter, `must be field:value, got ${describeValue(text)}`);
  }
  const value = text.slice(colon + 1);
  if (value.startsWith('\\-')) return anyOf(field, [value.slice(1)]);
  return value.startsWith('-') ? not(anyOf(field, [value.slice(1)])) : anyOf(field, [value]);
}

/** `field op number`, or `field:number TO number`; undefined for any other text. */
export function comparisonOf(text: string): Filter | undefined {
  if (text.length > MAX_CHARACTERS) return undefined;
  const range = RANGE.exec(text);
  if (range !== null) {
    const [field = '', least, most] = [range[1]?.trim(), ...numbers(range[2], range[3])];
    return least === undefined || most === undefined ? undefined : between(field, least, most);
  }
  const [, name = '', op = '', written = ''] = NUMERIC.exec(text) ?? [];
  const number = numberOf(written);
  if (number === undefined) return undefined;
  const field = name.trim();
  if (op === '=' || op === '!=') {
    const equal = allOf([compare(field, 'gte', number), compare(field, 'lte', number)]);
    return op === '=' ? equal : not(equal);
  }
  return compare(field, OPS[op as keyof typeof OPS], number);
}

function numbers(...texts: (string | undefined)[]): (number | undefined)[] {
  return texts.map((text) => numberOf(text ?? ''));
}

function numericFilter(text: string, { parameter }: FilterBounds): Filter {
  const filter = comparisonOf(text.trim());
  if (filter !== undefined) return filter;
  const expected = 'must be a field, an operator and a number, or field:number TO number';
  throw invalidField(parameter, `${expected}, got ${describeValue(text)}`);
}
