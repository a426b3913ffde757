import { invalidField } from '../../../core/errors.js';
import { describeValue, isObject } from '../../../core/json.js';
import type { JsonObject, JsonValue } from '../../../core/product.js';

/** One query of a request, whichever form its parameters came in. */
export interface AlgoliaQuery {
  indexName: string;
  /** `facet`: values of a facet are searched. */
  type: 'default' | 'facet';
  values: JsonObject;
}

/** Beside the other members, or in `params`, as an object or as a query string. Throws `invalid_field`. */
export function algoliaQuery(sent: JsonValue, place: string, index?: string): AlgoliaQuery {
  if (!isObject(sent)) throw invalidField(place, `must be an object, got ${describeValue(sent)}`);
  const { indexName: named, params, type, ...beside } = sent;
  const indexName = index ?? named;
  if (typeof indexName !== 'string' || indexName === '') {
    throw invalidField('indexName', `must be a name, got ${describeValue(indexName)}`);
  }
  if (type !== undefined && type !== 'default' && type !== 'facet') {
    throw invalidField('type', `must be "default" or "facet", got ${describeValue(type)}`);
  }
  return { indexName, type: type ?? 'default', values: { ...beside, ...paramsOf(params) } };
}

function paramsOf(params: JsonValue | undefined): JsonObject {
  if (params === undefined || params === null) return {};
  if (isObject(params)) return params;
  if (typeof params !== 'string') {
    throw invalidField('params', `must be a query string, got ${describeValue(params)}`);
  }
  const pairs = [...new URLSearchParams(params)];
  return Object.fromEntries(pairs.map(([name, value]) => [name, listOr(value)]));
}

/** Lists are written as JSON. */
function listOr(text: string): JsonValue {
  if (!text.startsWith('[')) return text;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
}

/** Parameters as a reply repeats them. */
export function paramsText(values: JsonObject): string {
  const pairs = Object.entries(values).map(([name, value]): [string, string] => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  return new URLSearchParams(pairs).toString();
}

const SORTED = /^(.+?)(?:\/sort\/(.+))?$/s;

/** `products/sort/price:asc`: the index, and how it is sorted. */
export function indexOf(indexName: string): { index: string; sortBy: string } {
  const [, index = indexName, sortBy = ''] = SORTED.exec(indexName) ?? [];
  return { index, sortBy };
}
