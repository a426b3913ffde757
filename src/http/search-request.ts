import { invalidField } from '../core/errors.js';
import { checkSound, checkText, describeValue } from '../core/json.js';
import type { JsonValue } from '../core/product.js';
import { MATCH_ALL } from '../filter/filter.js';
import { parseFilter } from '../filter/parse-filter.js';
import { validId, validVector, vectorOfBase64 } from '../ingest/validate-product.js';
import { newQueryId } from '../merchandising/query-id.js';
import type { SearchRequest, TextOptions } from '../search/search-types.js';
import type { SearchReplyOptions } from './search-reply.js';
import {
  QUERY_TEXT,
  type SearchBody,
  type TextSearchBody,
  type VectorSearchBody,
} from './search-schemas.js';
import { shopOf, type Allowed } from './shop-request.js';

const DEFAULT_TIMEOUT_MS = 1_000;
const DEFAULT_EXACT_TIMEOUT_MS = 10_000;

/** A search as it goes to the engine, and what its reply repeats of it. */
export interface AskedSearch {
  search: SearchRequest;
  reply: SearchReplyOptions;
}

/** What bodies are read against. */
export interface BodyContext {
  tenant: string;
  dimensions: number;
  allowed: Allowed;
}

/** A body that its schema accepted, as a request; throws `invalid_field` for what schemas can't say. */
export function toSearchRequest(body: SearchBody, context: BodyContext): AskedSearch {
  // A vector has a check of its own.
  checkSound({ ...body, vector: null, vector_b64: null } as JsonValue, '');
  const exact = body.exact ?? false;
  const { shop, pages } = shopOf(body, context.allowed);
  const query = queryOf(body, context.dimensions);
  const queryId = newQueryId(typeof query.query === 'string' ? query.query : undefined);
  const search: SearchRequest = {
    tenant: context.tenant,
    ...query,
    topK: pages.size,
    filter: body.filter === undefined ? MATCH_ALL : parseFilter(body.filter),
    priceList: body.price_list,
    fields: body.fields,
    exact,
    explain: body.explain ?? false,
    timeoutMs: body.timeout_ms ?? (exact ? DEFAULT_EXACT_TIMEOUT_MS : DEFAULT_TIMEOUT_MS),
    shop,
    queryId,
    ...(body.include_cold === true ? { includeCold: true } : {}),
  };
  return { search, reply: { queryId, page: pages.page } };
}

type Query = Pick<SearchRequest, 'query' | 'similarTo' | 'text'>;

/** What is searched for: a vector, a product's like, a text, or all there is. */
function queryOf(body: SearchBody, dimensions: number): Query {
  if (isByVector(body)) return { query: vectorOf(body, dimensions) };
  if ('id' in body) return { query: undefined, similarTo: validId(body.id) };
  return textQuery(body);
}

/** Whether a body names a vector, in one of its two forms. */
export function isByVector(body: object): body is VectorSearchBody {
  return 'vector' in body || 'vector_b64' in body;
}

function vectorOf({ vector, vector_b64: encoded }: VectorSearchBody, dimensions: number) {
  if (encoded === undefined) return validVector(vector, 'vector', dimensions);
  if (vector === undefined) return vectorOfBase64(encoded, 'vector_b64', dimensions);
  throw invalidField('vector_b64', 'must not be there beside vector');
}

function textQuery(body: TextSearchBody): Query {
  const { query, browse } = body;
  if (query === undefined) {
    if (browse === true) return { query: undefined };
    throw invalidField('query', `must be ${QUERY_TEXT}, got ${describeValue(query)}`);
  }
  if (browse === true) throw invalidField('browse', 'must not be true beside query');
  checkText(query, 'query');
  return { query, text: textOf(body) };
}

function textOf({ mode, prefix, understand, highlight }: TextSearchBody): TextOptions {
  return {
    mode: mode ?? 'hybrid',
    prefix: prefix ?? false,
    understand,
    highlight: highlight ?? [],
  };
}
