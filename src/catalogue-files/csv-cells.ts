import { isObject } from '../core/json.js';
import { levelsOf } from './category-path.js';
import { ATTRIBUTES } from './field-map.js';
import type { Layout, RawValue } from './layout.js';
import type { LocalNumbers } from './local-numbers.js';

type CellValue = string | number | boolean | object;

/** How the cells of a file are to be read. */
export interface CellReading {
  kinds: Layout['kinds'];
  numbers: LocalNumbers;
}

/** What a cell says, with the currency that stands beside a price; or what was expected of it. */
type ReadCell = { value: CellValue; currency?: string } | { expected: string };

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const SWITCH_WORDS = new Map([
  ...['true', 'yes', '1', 'in stock', 'in_stock'].map((word) => [word, true] as const),
  ...['false', 'no', '0', 'out of stock', 'out_of_stock'].map((word) => [word, false] as const),
  // It can be ordered, but is not there.
  ...['preorder', 'backorder', 'available for order', 'discontinued'].map(
    (word) => [word, false] as const,
  ),
]);
const ONE_VALUE = new Set(['id', 'title', 'category', 'version', 'vector', 'attributes']);

/**
 * What a cell that is not empty says in its field, or what was expected of it. A text stays as it is,
 * also one of digits: ids and article numbers begin with zeros.
 */
export function valueOfCell(
  field: string,
  cell: RawValue,
  { kinds, numbers }: CellReading,
): ReadCell {
  const kind = kinds.get(field);
  if (typeof cell !== 'string') {
    return kind === undefined && !ONE_VALUE.has(field)
      ? { value: cell }
      : { expected: 'one value' };
  }
  if (kind === 'price') return priceOf(cell, numbers);
  if (kind === 'switch') {
    return orExpected(
      SWITCH_WORDS.get(cell.toLowerCase()),
      'true or false, or in stock or out of stock',
    );
  }
  switch (field) {
    case 'version':
      return orExpected(integerOf(cell), 'an integer');
    case 'categories':
      return orExpected(
        categoriesOf(cell),
        'names or paths (A > B) with | between them, or a JSON list',
      );
    case 'vector':
      return orExpected(numbersOf(cell), 'a list of numbers');
    case 'attributes':
      return orExpected(objectOf(cell), 'a JSON object');
    default:
      // A list of strings is the one other thing that an attribute's cell can hold.
      if (field.startsWith(ATTRIBUTES) && cell.startsWith('[')) {
        return { value: listOf(cell) ?? cell };
      }
      return { value: cell };
  }
}

function priceOf(text: string, numbers: LocalNumbers): ReadCell {
  const price = numbers.priceOf(text);
  if (price === undefined) return { expected: numbers.expected };
  const { amount: value, currency } = price;
  return currency === undefined ? { value } : { value, currency };
}

function orExpected(value: CellValue | undefined, expected: string): ReadCell {
  return value === undefined ? { expected } : { value };
}

function numberOf(text: string): number | undefined {
  const number = DECIMAL.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(number) ? number : undefined;
}

function integerOf(text: string): number | undefined {
  const number = Number(text);
  return /^[+-]?\d+$/.test(text) && Number.isSafeInteger(number) ? number : undefined;
}

/** A JSON list as it is; of paths all their levels. */
function categoriesOf(text: string): unknown[] | undefined {
  if (text.startsWith('[')) return listOf(text);
  return [...new Set(text.split('|').flatMap(levelsOf))];
}

/** A JSON list, or numbers with spaces, commas, semicolons or bars between them. */
function numbersOf(text: string): unknown[] | undefined {
  if (text.startsWith('[')) return listOf(text);
  const numbers = text.split(/[\s,;|]+/).map(numberOf);
  return numbers.includes(undefined) ? undefined : numbers;
}

function listOf(text: string): unknown[] | undefined {
  const json = jsonOf(text);
  return Array.isArray(json) ? json : undefined;
}

function objectOf(text: string): object | undefined {
  const json = jsonOf(text);
  return isObject(json) ? json : undefined;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
