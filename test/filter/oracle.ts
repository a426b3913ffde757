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
  if (typeof wanted !== 'object') return equalsAny(held, [wanted]);
  return Object.entries(Object(wanted) as object).every(([op, value]: [string, unknown]) => {
    if (op === 'eq') return equalsAny(held, [value]);
    if (op === 'ne') return !equalsAny(held, [value]);
    if (op === 'in') return equalsAny(held, value as unknown[]);
    if (op === 'not_in') return !equalsAny(held, value as unknown[]);
    return held.some((one) => inRange(one, op, value));
  });
}

function candidates(product: Product, field: string): JsonValue[] {
  let found: JsonValue | undefined;
  const [head, ...rest] = field.split('.');
  if (head === 'attributes' && rest.length > 0) {
    const held = product['attributes'] ?? null;
    const isObject = typeof held === 'object' && !Array.isArray(held);
    found = new Map(Object.entries(isObject ? { ...held } : {})).get(rest.join('.'));
  } else found = new Map(Object.entries(product)).get(field);
  const list = Array.isArray(found) ? found : [found ?? null];
  return list.filter((one) => one !== null && typeof one !== 'object');
}

function equalsAny(held: JsonValue[], wanted: unknown[]): boolean {
  return held.some((one) => wanted.some((value) => one === value));
}

function inRange(one: JsonValue, op: string, bound: unknown): boolean {
  if (typeof one !== typeof bound || typeof one === 'boolean') return false;
  const order =
    typeof one === 'string'
      ? Buffer.compare(Buffer.from(one), Buffer.from(bound as string))
      : Math.sign(Number(one) - Number(bound));
  if (op === 'gt') return order > 0;
  if (op === 'gte') return order >= 0;
  return op === 'lt' ? order < 0 : order <= 0;
}
