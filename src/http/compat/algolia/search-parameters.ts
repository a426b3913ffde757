import { invalidField } from '../../../core/errors.js';
import { checkText, describeValue } from '../../../core/json.js';
import { fieldsOf } from '../../../filter/analyse.js';
import type { Filter } from '../../../filter/filter.js';
import { newQueryId } from '../../../merchandising/query-id.js';
import { PLAIN_SHOP, type FacetRequest, type SearchRequest } from '../../../search/search-types.js';
import type { Narrowing } from '../../../tenancy/narrowing.js';
import { usualSize } from '../../narrowed-routes.js';
import type { CollectionSchema } from '../../../tenancy/collection-schemas.js';
import type { NamedFields } from '../collections.js';
import { allOf } from '../comparisons.js';
import { FilterBounds } from '../filter-bounds.js';
import { Parameters } from '../parameters.js';
import { facetFields } from '../schema-fields.js';
import { parseSortBy, sortFields } from '../sort-by.js';
import { TIME_LIMIT_MS } from '../time-limit.js';
import { facetFilters, numericFilters } from './facet-filters.js';
import { parseFilters } from './filters.js';
import { highlightOptions, type HighlightOptions } from './highlight-options.js';
import { indexOf, type AlgoliaQuery } from './query-parameters.js';
import { refuseUnserved } from './refused-parameters.js';

const MAX_QUERY_CHARACTERS = 2_000;
const MAX_HITS = 1_000;
const DEFAULT_HITS = 20;
/** Hits that pages reach; further pages are empty, and not counted. */
export const MAX_REACH = 10_000;
const MAX_FACET_VALUES = 1_000;
const MAX_FACET_HITS = 100;

/** A query with what its reply takes besides. */
export interface AlgoliaSearch {
  request: SearchRequest;
  asked: AlgoliaQuery;
  query: string;
  page: number;
  hitsPerPage: number;
  /** Hits by place instead of page. */
  window: { offset: number; length: number } | undefined;
  /** Empty: all. */
  include: readonly string[];
  exclude: readonly string[];
  highlight: HighlightOptions;
  /** Values of this field are wanted, and nothing else. */
  facetSearch: { field: string; prefix: string } | undefined;
  sortsFacetsByName: boolean;
  /** The reply says by what name events speak of it. */
  wantsQueryId: boolean;
  named: NamedFields;
  ignored: string[];
}

/** The parameters of one query as a search. Throws `invalid_field`. */
export function algoliaSearch(
  asked: AlgoliaQuery,
  { tenant, schema }: { tenant: string; schema: CollectionSchema | undefined },
  narrowing: Narrowing | undefined,
): AlgoliaSearch {
  const parameters = new Parameters(asked.values);
  refuseUnserved(parameters);
  const query = queryText(parameters);
  const facetSearch = asked.type === 'facet' ? facetSearchOf(parameters) : undefined;
  const filter = filterOf(parameters);
  const highlight = highlightOptions(parameters, schema);
  const pages = pagesOf(parameters, usualSize(narrowing, DEFAULT_HITS));
  const facets = facetSearch === undefined ? facetsOf(parameters, schema) : [facetSearch.facet];
  const sort = parseSortBy(indexOf(asked.indexName).sortBy, 'indexName');
  const topK = facetSearch === undefined ? pages.size : 0;
  const attributes = parameters.list('attributesToRetrieve');
  const request: SearchRequest = {
    tenant,
    query: query === '' ? undefined : query,
    ...(query === '' ? {} : { text: textOf(parameters, highlight) }),
    topK,
    filter,
    fields: undefined,
    exact: false,
    explain: false,
    timeoutMs: TIME_LIMIT_MS,
    shop: {
      ...PLAIN_SHOP,
      ...{ facets, sort, from: pages.from },
      tags: parameters.list('ruleContexts'),
      rules: parameters.flag('enableRules') ?? true,
    },
    ...(topK === 0 ? {} : { queryId: newQueryId(query === '' ? undefined : query) }),
  };
  return {
    ...{ request, asked, query, highlight, facetSearch },
    page: pages.page,
    hitsPerPage: pages.hitsPerPage,
    window: pages.window,
    include: attributes.filter((name) => name !== '*' && !name.startsWith('-')),
    exclude: attributes.flatMap((name) => (name.startsWith('-') ? [name.slice(1)] : [])),
    sortsFacetsByName: parameters.text('sortFacetValuesBy') === 'alpha',
    wantsQueryId: parameters.flag('clickAnalytics') ?? false,
    named: {
      query: [],
      filter: fieldsOf(filter),
      facet: facets.map(({ field }) => field),
      sort: sortFields(sort),
    },
    ignored: parameters.ignored(),
  };
}

function queryText(parameters: Parameters): string {
  const query = parameters.text('query')?.trim() ?? '';
  if (query.length > MAX_QUERY_CHARACTERS) {
    throw invalidField('query', `must have at most ${MAX_QUERY_CHARACTERS} characters`);
  }
  checkText(query, 'query');
  return query;
}

function textOf(parameters: Parameters, { fields }: HighlightOptions) {
  return {
    mode: 'hybrid' as const,
    prefix: parameters.text('queryType') !== 'prefixNone',
    understand: undefined,
    highlight: fields,
    whole: true,
  };
}

function filterOf(parameters: Parameters): Filter {
  const parts: Filter[] = [];
  const text = parameters.text('filters');
  if (text !== undefined) parts.push(parseFilters(text, new FilterBounds('filters')));
  const facets = parameters.value('facetFilters');
  if (facets !== undefined) parts.push(facetFilters(facets, new FilterBounds('facetFilters')));
  const numbers = parameters.value('numericFilters');
  if (numbers !== undefined)
    parts.push(numericFilters(numbers, new FilterBounds('numericFilters')));
  return allOf(parts);
}

function facetsOf(parameters: Parameters, schema: CollectionSchema | undefined): FacetRequest[] {
  const limit = parameters.integer('maxValuesPerFacet', 0, MAX_FACET_VALUES) ?? 100;
  const asked = parameters.list('facets');
  const names = asked.flatMap((name) => (name === '*' ? facetFields(schema) : [name]));
  if (names.some((name) => name.includes('*') || name.includes('('))) {
    throw invalidField('facets', `must be names of fields, got ${describeValue(asked.join(','))}`);
  }
  return [...new Set(names)].map((field) => facetOf(field, limit, undefined));
}

function facetOf(field: string, limit: number, prefix: string | undefined): FacetRequest {
  return { field, limit, prefix, ranges: undefined, disjunctive: false };
}

function facetSearchOf(parameters: Parameters) {
  const field = parameters.text('facet') ?? parameters.text('facetName');
  if (field === undefined) throw invalidField('facet', 'must be the name of a field');
  const limit = parameters.integer('maxFacetHits', 1, MAX_FACET_HITS) ?? 10;
  const prefix = parameters.text('facetQuery')?.trim() ?? '';
  return { field, prefix, facet: facetOf(field, limit, prefix === '' ? undefined : prefix) };
}

interface AlgoliaPages extends Pick<AlgoliaSearch, 'page' | 'hitsPerPage' | 'window'> {
  from: number;
  /** Hits that are looked for. */
  size: number;
}

function pagesOf(parameters: Parameters, usual: number): AlgoliaPages {
  const hitsPerPage = parameters.integer('hitsPerPage', 0, MAX_HITS) ?? usual;
  const page = parameters.integer('page', 0, Number.MAX_SAFE_INTEGER) ?? 0;
  const offset = parameters.integer('offset', 0, Number.MAX_SAFE_INTEGER);
  const length = parameters.integer('length', 1, MAX_HITS);
  const window =
    offset === undefined && length === undefined
      ? undefined
      : { offset: offset ?? 0, length: length ?? hitsPerPage };
  const from = window?.offset ?? page * hitsPerPage;
  const wanted = window?.length ?? hitsPerPage;
  const isWithin = from + wanted <= MAX_REACH;
  return { page, hitsPerPage, window, from: isWithin ? from : 0, size: isWithin ? wanted : 0 };
}
