import type { JsonObject, JsonValue } from '../../src/core/product.js';
import { CANARY, WORDS } from './narrowed-shop.js';

/** One request of a tenant, `TENANT` standing for its name in the address and the body. */
export interface Sent {
  method: 'GET' | 'POST';
  url: string;
  body?: JsonValue;
}

type Next = (below: number) => number;

const TYPED = [...WORDS, 'wireles', 'mouze', 'lam', 'A3B', 'red', 'Brand', `${CANARY}3`, CANARY];
const FIELDS = [
  ...['title', 'brand', 'category', 'price', 'in_stock', 'attributes.Colour', 'sku', 'audience'],
  ...['cost', 'supplier.name', 'supplier.terms', 'nofield', `${CANARY}_field`],
];
const VALUES: readonly (string | number | boolean)[] = [
  ...['Mice', 'Lamps', 'red', 'Brand 1', 'Brand 2', 'S1', 'public', 'secret', 'Brund 1'],
  ...[`${CANARY} category`, `${CANARY} brand 1`, `${CANARY} terms`, `${CANARY} terms 3`],
  ...[7, 20, 100_003],
];

/** Some request of any route that a search key may call. */
export function anyRequest(next: Next): Sent {
  const routes = [
    ...[text, text, text, browse, vector, similar, batch, byAddress, suggest, product],
    ...[typesense, multiSearch, algolia, facetValues, document, other],
  ];
  return pick(routes, next)(next);
}

function pick<T>(list: readonly T[], next: Next): T {
  return list[next(list.length)] as T;
}

function words(next: Next): string {
  const typed = Array.from({ length: 1 + next(3) }, () => pick(TYPED, next)).join(' ');
  return `${pick(['', '', '', 'cheap '], next)}${typed}${pick(['', '', '', ' under 30', ' -pro'], next)}`;
}

function idOf(next: Next): string {
  return next(3) === 0 ? `${CANARY}-${next(60)}` : `p${next(160)}`;
}

function condition(next: Next): JsonObject {
  const field = pick(FIELDS, next);
  const number = 5 + next(50);
  if (field === 'price') return { price: pick<JsonValue>([{ lte: number }, { gt: number }], next) };
  if (field === 'in_stock') return { in_stock: next(2) === 0 };
  const texts = VALUES.filter((value) => typeof value === 'string');
  const isText = ['title', 'brand', 'category'].includes(field);
  const value = pick<string | number | boolean>(isText ? texts : VALUES, next);
  const forms: JsonValue[] = [value, [value, pick(texts, next)], { ne: value }, { exists: true }];
  return { [field]: pick([...forms, { exists: false }], next) };
}

function filter(next: Next): JsonObject {
  if (next(5) === 0) return { or: [condition(next), condition(next)] };
  return next(5) === 0 ? { not: condition(next) } : { ...condition(next), ...condition(next) };
}

/** What a storefront asks for besides. */
function shop(next: Next): JsonObject {
  const facets = [...new Set([pick(FIELDS, next), pick(FIELDS, next)])].map((field) => ({
    ...{ field, limit: 1 + next(20), disjunctive: next(2) === 0 },
    ...(next(4) === 0 ? { prefix: pick(['b', 'r', CANARY.slice(0, 1)], next) } : {}),
  }));
  return {
    ...(next(2) === 0 ? { filter: filter(next) } : {}),
    ...(next(2) === 0 ? { facets } : {}),
    ...(next(4) === 0
      ? { sort: [{ field: pick(FIELDS, next), order: pick(['asc', 'desc'], next) }] }
      : {}),
    ...(next(6) === 0 ? { group_by: { field: pick(FIELDS, next), limit: 1 + next(3) } } : {}),
    ...(next(5) === 0 ? { fields: [pick(FIELDS, next), 'id', 'supplier', 'attributes'] } : {}),
    ...(next(6) === 0 ? { pinned: [{ id: idOf(next), position: 1 + next(4) }] } : {}),
    ...(next(6) === 0 ? { boost: [{ filter: condition(next), weight: 1 }] } : {}),
    ...(next(8) === 0 ? { diversify: { field: pick(FIELDS, next) } } : {}),
    ...(next(4) === 0 ? { page: 1 + next(3), per_page: next(20) } : { top_k: 1 + next(200) }),
    ...(next(8) === 0 ? { exact: true } : {}),
    timeout_ms: 20_000,
  };
}

function textBody(next: Next): JsonObject {
  return {
    query: words(next),
    ...(next(3) === 0 ? { mode: pick(['hybrid', 'keyword', 'vector'], next) } : {}),
    ...(next(3) === 0 ? { prefix: true } : {}),
    ...(next(4) === 0 ? { highlight: [pick(FIELDS, next), 'supplier.terms', 'terms'] } : {}),
    ...shop(next),
  };
}

function text(next: Next): Sent {
  return { method: 'POST', url: '/search/text', body: textBody(next) };
}

function browse(next: Next): Sent {
  return { method: 'POST', url: '/search/text', body: { browse: true, ...shop(next) } };
}

function vectorBody(next: Next): JsonObject {
  return { vector: Array.from({ length: 4 }, () => 1 + next(9)), ...shop(next) };
}

function vector(next: Next): Sent {
  return { method: 'POST', url: '/search/vector', body: vectorBody(next) };
}

function similar(next: Next): Sent {
  return { method: 'POST', url: '/search/similar', body: { id: idOf(next), ...shop(next) } };
}

function batch(next: Next): Sent {
  const same = textBody(next);
  const searches = [same, { ...same, filter: filter(next) }, textBody(next), vectorBody(next)];
  return { method: 'POST', url: '/search/batch', body: { searches } };
}

function byAddress(next: Next): Sent {
  const asked = {
    q: words(next),
    filter: JSON.stringify(filter(next)),
    facets: pick(FIELDS, next),
  };
  return { method: 'GET', url: `/search?${new URLSearchParams(asked).toString()}` };
}

function suggest(next: Next): Sent {
  const q = pick(['mi', 'la', 'wire', 'z', CANARY, 'pa'], next);
  return { method: 'GET', url: `/suggest?q=${q}&limit=${1 + next(20)}` };
}

function product(next: Next): Sent {
  const fields = pick(['', '?fields=cost,title,supplier', '?fields=vector'], next);
  return { method: 'GET', url: `/products/${idOf(next)}${fields}` };
}

function other(next: Next): Sent {
  return { method: 'GET', url: pick(['/categories', '/typesense/collections/TENANT'], next) };
}

function typesenseQuery(next: Next): Record<string, string> {
  const field = pick(FIELDS, next);
  return {
    ...{ q: pick([words(next), '*'], next), query_by: 'title', per_page: `${next(30)}` },
    ...(next(2) === 0 ? { facet_by: field, max_facet_values: '20' } : {}),
    ...(next(3) === 0 ? { filter_by: `${pick(FIELDS, next)}:=${String(pick(VALUES, next))}` } : {}),
    ...(next(4) === 0 ? { sort_by: `${pick(FIELDS, next)}:desc` } : {}),
    ...(next(5) === 0 ? { group_by: pick(FIELDS, next) } : {}),
  };
}

function typesense(next: Next): Sent {
  const query = new URLSearchParams(typesenseQuery(next)).toString();
  return { method: 'GET', url: `/typesense/collections/TENANT/documents/search?${query}` };
}

function multiSearch(next: Next): Sent {
  const searches = [typesenseQuery(next), typesenseQuery(next)];
  const body = { searches: searches.map((search) => ({ ...search, collection: 'TENANT' })) };
  return { method: 'POST', url: '/typesense/multi_search', body };
}

function document(next: Next): Sent {
  const id = encodeURIComponent(idOf(next));
  return { method: 'GET', url: `/typesense/collections/TENANT/documents/${id}` };
}

function algoliaQuery(next: Next): JsonObject {
  return {
    ...{ query: pick([words(next), ''], next), hitsPerPage: next(30) },
    ...(next(2) === 0 ? { facets: [pick(FIELDS, next)] } : {}),
    ...(next(3) === 0 ? { filters: `${pick(FIELDS, next)}:"${String(pick(VALUES, next))}"` } : {}),
  };
}

function algolia(next: Next): Sent {
  const requests = [algoliaQuery(next), algoliaQuery(next)];
  const body = { requests: requests.map((one) => ({ ...one, indexName: 'TENANT' })) };
  return { method: 'POST', url: '/algolia/1/indexes/*/queries', body };
}

function facetValues(next: Next): Sent {
  const facet = encodeURIComponent(pick(FIELDS, next));
  const body = { facetQuery: pick(['b', 'm', CANARY], next), filters: '' };
  return { method: 'POST', url: `/algolia/1/indexes/TENANT/facets/${facet}/query`, body };
}
