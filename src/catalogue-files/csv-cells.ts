import { isObject } from '../core/json.js';
import { ATTRIBUTES } from './field-map.js';

export type CellValue = string | number | boolean | object;

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const SWITCH_WORDS = new Map([
  ['true', true],
  ['yes', true],
  ['1', true],
  ['false', false],
  ['no', false],
  ['0', false],
]);

/**
 * What a cell that is not empty says in its field, or what was expected of it. A text stays as it is,
 * also one of digits: ids and article numbers begin with zeros.
 */
export function valueOfCell(
  field: string,
  text: string,
): { value: CellValue } | { expected: string } {
  switch (field) {
    case 'price':
      return orExpected(numberOf(text), 'a number');
    case 'in_stock':
      return orExpected(SWITCH_WORDS.get(text.toLowerCase()), 'true or false');
    case 'version':
      return orExpected(integerOf(text), 'an integer');
    case 'categories':
      return orExpected(namesOf(text), 'names with | between them, or a JSON list');
    case 'vector':
      return orExpected(numbersOf(text), 'a list of numbers');
    case 'attributes':
      return orExpected(objectOf(text), 'a JSON object');
    default:
      // A list of strings is the one other thing that an attribute's cell can hold.
      if (field.startsWith(ATTRIBUTES) && text.startsWith('[')) {
        return { value: listOf(text) ?? text };
      }
      return { value: text };
  }
}

function orExpected(
  value: CellValue | undefined,
  expected: string,
): { value: CellValue } | { expected: string } {
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

function namesOf(text: string): unknown[] | undefined {
  if (text.startsWith('[')) return listOf(text);
  const names = text.split('|').map((name) => name.trim());
  return names.filter((name) => name !== '');
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
