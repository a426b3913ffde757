import type { JsonObject } from '../../../core/product.js';
import type { FacetReply, Hit, SearchReply } from '../../../search/search-types.js';
import { facetValues, markedBeginning, type FacetValue } from '../facet-values.js';
import { withTags } from '../marked.js';
import { pickFields } from '../picked-fields.js';
import { toDocument } from '../stored-document.js';
import { hitHighlights } from './hit-highlights.js';
import { paramsText } from './query-parameters.js';
import { MAX_REACH, type AlgoliaSearch } from './search-parameters.js';

/** The answer to one query. */
export function queryBody(search: AlgoliaSearch, reply: SearchReply): object {
  return search.facetSearch === undefined ? hitsBody(search, reply) : facetBody(search, reply);
}

function hitsBody(search: AlgoliaSearch, reply: SearchReply): object {
  const { page, hitsPerPage, window, asked, request } = search;
  const { total, facets, data, redirect } = reply.shop;
  const isComplete = reply.missing.length === 0;
  // Those that are near but not of the result set are in no count either.
  const counted = reply.hits.filter(({ extras }) => extras?.isWidened !== true);
  const reached = Math.min(total, MAX_REACH);
  return {
    hits: counted.map((hit) => hitBody(hit, search)),
    nbHits: total,
    ...(window ?? {
      page,
      nbPages: hitsPerPage === 0 ? 0 : Math.ceil(reached / hitsPerPage),
      hitsPerPage,
    }),
    ...(facets.length === 0 ? {} : facetsOf(facets, search)),
    exhaustiveFacetsCount: isComplete,
    exhaustiveNbHits: isComplete,
    exhaustive: { facetsCount: isComplete, nbHits: isComplete },
    query: search.query,
    params: paramsText(asked.values),
    index: asked.indexName,
    ...(data.length === 0 ? {} : { userData: data }),
    ...(redirect === undefined ? {} : { renderingContent: { redirect: { url: redirect } } }),
    ...(search.wantsQueryId && request.queryId !== undefined ? { queryID: request.queryId } : {}),
    processingTimeMS: Math.max(1, Math.round(reply.tookMs)),
  };
}

function hitBody(hit: Hit, search: AlgoliaSearch): JsonObject {
  const document = toDocument(hit.product);
  const { include, exclude, highlight, query } = search;
  return {
    ...pickFields(document, { include, exclude }),
    objectID: hit.id,
    ...hitHighlights(document, hit.extras?.highlight ?? {}, query, highlight),
  };
}

function facetsOf(facets: readonly FacetReply[], search: AlgoliaSearch): object {
  const values = facets.map((facet) => [
    facet.field,
    Object.fromEntries(
      sorted(facetValues(facet), search).map(({ value, count }) => [value, count]),
    ),
  ]);
  const stats = facets.flatMap(({ field, stats: one }) =>
    one === undefined ? [] : [[field, one]],
  );
  return {
    facets: Object.fromEntries(values) as object,
    ...(stats.length === 0 ? {} : { facets_stats: Object.fromEntries(stats) as object }),
  };
}

function sorted(values: FacetValue[], { sortsFacetsByName }: AlgoliaSearch): FacetValue[] {
  if (!sortsFacetsByName) return values;
  return values.sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0));
}

function facetBody({ facetSearch, highlight }: AlgoliaSearch, reply: SearchReply): object {
  const [facet] = reply.shop.facets;
  const { preTag, postTag } = highlight;
  const values = facet === undefined ? [] : facetValues(facet);
  return {
    facetHits: values.map(({ value, count }) => ({
      value,
      highlighted: withTags(markedBeginning(value, facetSearch?.prefix), preTag, postTag),
      count,
    })),
    exhaustiveFacetsCount: reply.missing.length === 0,
    processingTimeMS: Math.max(1, Math.round(reply.tookMs)),
  };
}
