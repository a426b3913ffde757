const READING_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** What is asked for with a body and changes nothing, or only what its node counts. */
const READING_POSTS: ReadonlySet<string> = new Set([
  '/search/text',
  '/search/vector',
  '/search/batch',
  '/search/similar',
  '/rules/preview',
  // Counted where the search was, with what the shopper typed.
  '/events',
  '/typesense/multi_search',
  '/algolia/1/indexes/:index/queries',
  '/algolia/1/indexes/:index/query',
  '/algolia/1/indexes/:index/facets/:facet/query',
]);

/** Whether a request is for a query node that writes: whatever is not known to read does. */
export function isWrite(method: string, route: string): boolean {
  if (READING_METHODS.has(method)) return false;
  return method !== 'POST' || !READING_POSTS.has(route);
}
