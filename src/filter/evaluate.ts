import { compareBytes } from '../core/ids.js';
import type { JsonObject, JsonValue, Product } from '../core/product.js';
import type { Filter, Leaf, Scalar } from './filter.js';

const ATTRIBUTES = 'attributes.';

/**
 * Whether one scalar of a product satisfies a comparison. A value of another type than the
 * comparison's never does; strings are ordered by code point.
 */
export function leafMatches(leaf: Leaf, value: Scalar): boolean {
  if (leaf.kind === 'in') return leaf.values.includes(value);
  const order = compareScalars(value, leaf.value);
  if (order === undefined) return false;
  switch (leaf.op) {
    case 'gt':
      return order > 0;
    case 'gte':
      return order >= 0;
    case 'lt':
      return order < 0;
    case 'lte':
      return order <= 0;
  }
}

/** Whether a document satisfies a filter: what the join asks of what the store holds now. */
export function matchesProduct(filter: Filter, product: Product): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.of.every((part) => matchesProduct(part, product));
    case 'or':
      return filter.of.some((part) => matchesProduct(part, product));
    case 'not':
      return !matchesProduct(filter.of, product);
    case 'in':
    case 'range':
      return valueMatches(filter, fieldValue(product, filter.field));
  }
}

/** A list matches when any element does; null, objects and what is missing satisfy nothing. */
function valueMatches(leaf: Leaf, value: JsonValue | undefined): boolean {
  if (Array.isArray(value)) return value.some((item) => isScalar(item) && leafMatches(leaf, item));
  return isScalar(value) && leafMatches(leaf, value);
}

/**
 * `attributes.` + the whole rest names an attribute, always: a product's own top-level key that
 * happens to begin so cannot be filtered by, or one name would mean two things.
 */
function fieldValue(product: Product, field: string): JsonValue | undefined {
  if (!field.startsWith(ATTRIBUTES)) return own(product, field);
  const attributes = own(product, 'attributes');
  if (typeof attributes !== 'object' || attributes === null || Array.isArray(attributes)) {
    return undefined;
  }
  return own(attributes, field.slice(ATTRIBUTES.length));
}

function own(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Negative, zero or positive; undefined for what has no order. */
function compareScalars(a: Scalar, b: string | number): number | undefined {
  if (typeof a === 'number' && typeof b === 'number') return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === 'string' && typeof b === 'string') return compareBytes(a, b);
  return undefined;
}

function isScalar(value: JsonValue | undefined): value is Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
