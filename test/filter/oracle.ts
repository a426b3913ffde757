import type { JsonValue, Product } from '../../src/core/product.js';
import type { WireFilter } from './arbitraries.js';

/**
 * The contract's paragraph on filters, read straight off the wire form: slow, and on purpose
 * written without a look at the parser or the evaluator.
 */
export function oracle(filter: WireFilter, product: Product): boolean {
  for (const [key, wanted] of Object.entries(filter)) {
    if (!conditionHolds(key, wanted, product)) return false;
  }
  return true;
}

function conditionHolds(key: string, wanted: unknown, product: Product): boolean {
  if (key === 'not') return !oracle(wanted as WireFilter, product);
  if (key === 'or') return (wanted as WireFilter[]).some((part) => oracle(part, product));
  const held = candidates(product, key);
  if (Array.isArray(wanted)) return equalsAny(held, wanted);
  if (typeof wanted !== 'object' || wanted === null) return equalsAny(held, [wanted]);
  return Object.entries(Object(wanted) as object).every(([op, value]: [string, unknown]) => {
    if (op === 'eq') return equalsAny(held, [value]);
    if (op === 'ne') return !equalsAny(held, [value]);
    if (op === 'in') return equalsAny(held, value as unknown[]);
    if (op === 'not_in') return !equalsAny(held, value as unknown[]);
    if (op === 'exists') return value === held.length > 0;
    return held.some((one) => inRange(one, op, value));
  });
}

/** All that a product says under a name: the names of all its values are spelt out. */
export function candidates(product: Product, field: string): JsonValue[] {
  const said: [string, JsonValue][] = [];
  const say = (name: string, value: JsonValue): void => {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one === null || Array.isArray(one)) continue;
      if (typeof one !== 'object') said.push([name, composed(one) as JsonValue]);
      else for (const [key, inner] of Object.entries(one)) say(`${name}.${key}`, inner);
    }
  };
  for (const [key, value] of Object.entries(product)) {
    if (!key.startsWith('attributes.')) say(key, value);
  }
  return said.flatMap(([name, value]) => (name === field ? [value] : []));
}

function equalsAny(held: JsonValue[], wanted: unknown[]): boolean {
  if (held.length === 0) return wanted.includes(null);
  return held.some((one) => wanted.some((value) => one === composed(value)));
}

function composed(value: unknown): unknown {
  return typeof value === 'string' ? value.normalize('NFC') : value;
}

function inRange(one: JsonValue, op: string, bound: unknown): boolean {
  if (typeof one !== typeof bound || typeof one === 'boolean') return false;
  const order =
    typeof one === 'string'
      ? Buffer.compare(Buffer.from(one), Buffer.from(composed(bound) as string))
      : Math.sign(Number(one) - Number(bound));
  if (op === 'gt') return order > 0;
  if (op === 'gte') return order >= 0;
  return op === 'lt' ? order < 0 : order <= 0;
}
