import { isObject } from '../core/json.js';
import type { JsonObject, JsonValue, Product } from '../core/product.js';
import { isListed } from '../core/price-entries.js';
import { fieldsOf } from '../filter/analyse.js';
import { DocumentFilter } from '../filter/evaluate.js';
import type { Filter } from '../filter/filter.js';
import type { Narrowing } from './narrowing.js';

/** Longer than a product's field may be named: none has it. */
const NO_FIELD = '-'.repeat(300);

/** Whether products or fields are hidden from who bears the key. */
export function hides(narrowing: Narrowing | undefined): narrowing is Narrowing {
  return narrowing !== undefined && narrowing.filters.length + narrowing.exclude.length > 0;
}

/** What a product has to match to be seen; undefined: all are. */
export function filterOfKey(narrowing: Narrowing | undefined): Filter | undefined {
  const { filters = [] } = narrowing ?? {};
  return filters.length < 2 ? filters[0] : { kind: 'and', of: filters };
}

/** Whether products are hidden by their own prices or stock: another list's would show others. */
export function showsByOwnPrice({ filters, priceList }: Narrowing): boolean {
  return priceList === undefined && filters.some((filter) => fieldsOf(filter).some(isListed));
}

/** Whether a field may not be told of: it is excluded, or lies below one that is. */
export function isExcluded(narrowing: Narrowing | undefined, field: string): boolean {
  return narrowing !== undefined && lies(field, narrowing.exclude);
}

/** The field as the key may ask for it: one that is excluded is one that no product has. */
export function askedField(narrowing: Narrowing | undefined, field: string): string {
  return isExcluded(narrowing, field) ? NO_FIELD : field;
}

/** A filter of the request, by the fields that the key may ask for. */
export function askedFilter(narrowing: Narrowing | undefined, filter: Filter): Filter {
  if (narrowing === undefined || narrowing.exclude.length === 0) return filter;
  switch (filter.kind) {
    case 'and':
    case 'or':
      return { kind: filter.kind, of: filter.of.map((part) => askedFilter(narrowing, part)) };
    case 'not':
      return { kind: 'not', of: askedFilter(narrowing, filter.of) };
    case 'in':
    case 'range':
    case 'exists':
      return { ...filter, field: askedField(narrowing, filter.field) };
  }
}

/** The product as the key shows it; undefined where it hides it. */
export function shownProduct(
  narrowing: Narrowing | undefined,
  product: Product,
): JsonObject | undefined {
  const filter = filterOfKey(narrowing);
  if (filter !== undefined && !new DocumentFilter(filter).matches(product)) return undefined;
  return shownFields(narrowing, product);
}

/** A product without excluded fields: whole ones, and what of others lies below them. */
export function shownFields<T extends JsonObject>(
  narrowing: Narrowing | undefined,
  product: T,
): T | JsonObject {
  const { exclude = [] } = narrowing ?? {};
  return exclude.length === 0 ? product : withoutFields(product, '', exclude);
}

function withoutFields(object: JsonObject, prefix: string, exclude: readonly string[]): JsonObject {
  const shown: [string, JsonValue][] = [];
  for (const [name, value] of Object.entries(object)) {
    const path = prefix + name;
    if (!lies(path, exclude)) shown.push([name, shownValue(value, path, exclude)]);
  }
  return Object.fromEntries(shown);
}

function shownValue(value: JsonValue, path: string, exclude: readonly string[]): JsonValue {
  const below = `${path}.`;
  if (!exclude.some((name) => name.startsWith(below))) return value;
  if (Array.isArray(value)) return value.map((one) => shownValue(one, path, exclude));
  return isObject(value) ? withoutFields(value, below, exclude) : value;
}

function lies(path: string, exclude: readonly string[]): boolean {
  return exclude.some((name) => path === name || path.startsWith(`${name}.`));
}
