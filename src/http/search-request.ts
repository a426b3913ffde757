import type { JsonValue } from '../core/product.js';
import { MATCH_ALL } from '../filter/filter.js';
import { parseFilter } from '../filter/parse-filter.js';
import { checkSound, checkText } from '../core/json.js';
import { validVector } from '../ingest/validate-product.js';
import type { SearchRequest, TextOptions } from '../search/search-types.js';
import type { TextSearchBody, VectorSearchBody } from './schemas.js';

const DEFAULT_TOP_K = 10;
const DEFAULT_TIMEOUT_MS = 1_000;
const DEFAULT_EXACT_TIMEOUT_MS = 10_000;

/** A body that its schema accepted, as a request; throws `invalid_field` for what schemas can't say. */
export function toSearchRequest(
  tenant: string,
  body: TextSearchBody | VectorSearchBody,
  dimensions: number,
): SearchRequest {
  const exact = body.exact ?? false;
  return {
    tenant,
    query: queryOf(body, dimensions),
    ...('query' in body ? { text: textOf(body) } : {}),
    topK: body.top_k ?? DEFAULT_TOP_K,
    filter: filterOf(body),
    fields: body.fields,
    exact,
    explain: body.explain ?? false,
    timeoutMs: body.timeout_ms ?? (exact ? DEFAULT_EXACT_TIMEOUT_MS : DEFAULT_TIMEOUT_MS),
  };
}

function textOf({ mode, prefix, understand, highlight }: TextSearchBody): TextOptions {
  return {
    mode: mode ?? 'hybrid',
    prefix: prefix ?? false,
    understand,
    highlight: highlight ?? [],
  };
}

function queryOf(
  body: TextSearchBody | VectorSearchBody,
  dimensions: number,
): SearchRequest['query'] {
  if ('vector' in body) return validVector(body.vector, 'vector', dimensions);
  checkText(body.query, 'query');
  return body.query;
}

function filterOf(body: TextSearchBody | VectorSearchBody): SearchRequest['filter'] {
  if (body.filter === undefined) return MATCH_ALL;
  checkSound(body.filter as JsonValue, 'filter');
  return parseFilter(body.filter);
}
