import { invalidField } from '../../../core/errors.js';
import { checkText } from '../../../core/json.js';
import type { JsonObject } from '../../../core/product.js';
import { fieldsOf } from '../../../filter/analyse.js';
import { validId } from '../../../ingest/validate-product.js';
import { newQueryId } from '../../../merchandising/query-id.js';
import { PLAIN_SHOP, type SearchRequest, type ShopOptions } from '../../../search/search-types.js';
import type { Narrowing } from '../../../tenancy/narrowing.js';
import { usualSize } from '../../narrowed-routes.js';
import type { NamedFields } from '../collections.js';
import { Parameters } from '../parameters.js';
import { parseFacetBy, parseFacetQuery, type FacetSearch } from './facet-by.js';
import { parseFilterBy } from './filter-by.js';
import { highlightOptions, type HighlightOptions } from './highlight-options.js';
import type { FieldChoice } from '../picked-fields.js';
import { refuseUnserved } from './refused-parameters.js';
import { parseSortBy, sortFields } from '../sort-by.js';
import { TIME_LIMIT_MS } from '../time-limit.js';
import { parseVectorQuery, type VectorQuery } from './vector-query.js';

const MAX_QUERY_CHARACTERS = 2_000;
const MAX_PER_PAGE = 250;
const DEFAULT_PER_PAGE = 10;
const MAX_REACH = 10_000;
const MAX_FACET_VALUES = 1_000;
const MAX_GROUP_LIMIT = 99;

/** A search with what its reply takes besides. */
export interface TypesenseSearch {
  request: SearchRequest;
  /** As asked. */
  collection: string;
  q: string;
  page: number;
  perPage: number;
  offset: number | undefined;
  /** No more are told of than paging reaches. */
  limitHits: number | undefined;
  fields: FieldChoice;
  highlight: HighlightOptions;
  facetSearch: FacetSearch | undefined;
  /** Hits tell how far they are. */
  isByVector: boolean;
  /** Those that the collection must have. */
  named: NamedFields;
  /** Parameters that change nothing. */
  ignored: string[];
}

/** The search of one collection, its parameters from wherever. Throws `invalid_field`. */
export function typesenseSearch(
  values: JsonObject,
  { collection, tenant, dimensions }: { collection: string; tenant: string; dimensions: number },
  narrowing: Narrowing | undefined,
): TypesenseSearch {
  const parameters = new Parameters(values);
  refuseUnserved(parameters);
  const q = queryText(parameters);
  const queryBy = parameters.list('query_by');
  const vector = vectorQuery(parameters, q, dimensions);
  const pages = pagesOf(parameters, usualSize(narrowing, DEFAULT_PER_PAGE));
  const highlight = highlightOptions(parameters, queryBy);
  const written = parameters.text('facet_query');
  const facetSearch = written === undefined ? undefined : parseFacetQuery(written);
  const shop = shopOf(parameters, pages.from, facetSearch);
  const filter = parseFilterBy(parameters.text('filter_by') ?? '');
  const text = {
    mode: vector?.mode ?? ('hybrid' as const),
    prefix: parameters.list('prefix')[0] !== 'false',
    understand: undefined,
    highlight: highlight.fields,
    whole: true,
  };
  const request: SearchRequest = {
    tenant,
    query: vector?.vector ?? (vector?.id === undefined ? (q === '*' ? undefined : q) : undefined),
    ...(vector?.id === undefined ? {} : { similarTo: vector.id }),
    ...(q === '*' ? {} : { text }),
    topK: pages.perPage,
    filter,
    fields: undefined,
    exact: false,
    explain: false,
    timeoutMs: TIME_LIMIT_MS,
    shop,
    // What is only counted is no search of a shopper's.
    ...(pages.perPage === 0 ? {} : { queryId: newQueryId(q === '*' ? undefined : q) }),
  };
  return {
    request,
    ...{ collection, q, highlight, facetSearch },
    ...{ page: pages.page, perPage: pages.perPage, offset: pages.offset },
    limitHits: pages.limitHits,
    fields: {
      include: parameters.list('include_fields'),
      exclude: parameters.list('exclude_fields'),
    },
    isByVector: vector?.vector !== undefined || vector?.id !== undefined,
    named: {
      query: queryBy,
      filter: fieldsOf(filter),
      facet: [
        ...shop.facets.map(({ field }) => field),
        ...(shop.group === undefined ? [] : [shop.group.field]),
      ],
      sort: sortFields(shop.sort),
    },
    ignored: [...parameters.ignored(), ...(vector?.ignored ?? [])],
  };
}

/** `*` for everything. */
function queryText(parameters: Parameters): string {
  const q = parameters.text('q')?.trim() ?? '*';
  if (q.length > MAX_QUERY_CHARACTERS) {
    throw invalidField('q', `must have at most ${MAX_QUERY_CHARACTERS} characters`);
  }
  checkText(q, 'q');
  return q === '' ? '*' : q;
}

function vectorQuery(
  parameters: Parameters,
  q: string,
  dimensions: number,
): VectorQuery | undefined {
  const text = parameters.text('vector_query');
  if (text === undefined) return undefined;
  const query = parseVectorQuery(text, dimensions);
  const hasVector = query.vector !== undefined || query.id !== undefined;
  if (hasVector && q !== '*') {
    throw invalidField('vector_query', 'must have no vector and no id beside a text in q');
  }
  if (!hasVector && q === '*') {
    throw invalidField('vector_query', 'must have a vector or an id where q is *');
  }
  return query;
}

interface TypesensePages {
  from: number;
  page: number;
  perPage: number;
  offset: number | undefined;
  limitHits: number | undefined;
}

function pagesOf(parameters: Parameters, usual: number): TypesensePages {
  const limit = parameters.integer('limit', 0, MAX_PER_PAGE);
  const perPage = parameters.integer('per_page', 0, MAX_PER_PAGE) ?? limit ?? usual;
  const offset = parameters.integer('offset', 0, MAX_REACH);
  // What counts pages from 0 means the first.
  const page = Math.max(1, parameters.integer('page', 0, MAX_REACH) ?? 1);
  const limitHits = parameters.integer('limit_hits', 1, Number.MAX_SAFE_INTEGER);
  const from = offset ?? (page - 1) * perPage;
  const reach = Math.min(MAX_REACH, limitHits ?? MAX_REACH);
  if (from + perPage > Math.max(reach, perPage)) {
    throw invalidField(
      offset === undefined ? 'page' : 'offset',
      `must reach ${reach} hits at most`,
    );
  }
  return { from, page, perPage, offset, limitHits };
}

function shopOf(
  parameters: Parameters,
  from: number,
  facetSearch: FacetSearch | undefined,
): ShopOptions {
  const limit = parameters.integer('max_facet_values', 0, MAX_FACET_VALUES) ?? 10;
  const groups = parameters.list('group_by');
  if (groups.length > 1) throw invalidField('group_by', 'must be one field');
  const [field] = groups;
  const groupLimit = parameters.integer('group_limit', 1, MAX_GROUP_LIMIT) ?? 3;
  return {
    ...PLAIN_SHOP,
    facets: parseFacetBy(parameters.list('facet_by'), limit, facetSearch),
    sort: parseSortBy(parameters.list('sort_by').join(',')),
    from,
    group: field === undefined ? undefined : { field, limit: groupLimit },
    pinned: pinnedHits(parameters.list('pinned_hits')),
    hidden: parameters.list('hidden_hits').map((id) => validId(id, 'hidden_hits')),
    tags: parameters.list('override_tags'),
    rules: parameters.flag('enable_overrides') ?? true,
  };
}

/** `id:position`; an id may hold colons. */
function pinnedHits(parts: readonly string[]): { id: string; position: number }[] {
  return parts.map((part) => {
    const [, id, position] = /^(.+):(\d{1,5})$/.exec(part) ?? [];
    if (id === undefined || Number(position) < 1) {
      throw invalidField('pinned_hits', 'must be id:position, commas between, positions from 1');
    }
    return { id: validId(id, 'pinned_hits'), position: Number(position) };
  });
}
