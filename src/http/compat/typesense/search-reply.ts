import type { FacetReply, Hit, SearchReply } from '../../../search/search-types.js';
import type { JsonValue } from '../../../core/product.js';
import { facetValues, markedBeginning } from '../facet-values.js';
import { withTags } from '../marked.js';
import { hitHighlights } from './hit-highlights.js';
import { pickFields } from '../picked-fields.js';
import type { TypesenseSearch } from './search-parameters.js';
import { toDocument } from '../stored-document.js';

/** `text_match` is an integer, larger is better. */
const TEXT_MATCH_UNITS = 1_000_000;

/** The answer to a search; `outOf` are all documents that its key may see. */
export function searchBody(search: TypesenseSearch, reply: SearchReply, outOf: number): object {
  const { request, page, perPage, offset, limitHits } = search;
  const { total, facets, data } = reply.shop;
  return {
    facet_counts: facets.map((facet) => facetCounts(facet, search)),
    found: Math.min(total, limitHits ?? Infinity),
    ...hitsOf(search, reply),
    out_of: outOf,
    ...(offset === undefined ? { page } : { offset }),
    request_params: {
      collection_name: request.tenant,
      first_q: search.q,
      per_page: perPage,
      q: search.q,
    },
    search_cutoff: reply.missing.length > 0,
    search_time_ms: Math.round(reply.tookMs),
    ...(data.length === 0 ? {} : { metadata: data[0] }),
  };
}

/** Those that are near but not of the result set are left out: they are in no count either. */
function hitsOf(search: TypesenseSearch, { hits }: SearchReply): object {
  const counted = hits.filter(({ extras }) => extras?.isWidened !== true);
  if (search.request.shop?.group === undefined) {
    return { hits: counted.map((hit) => hitBody(hit, search)) };
  }
  const grouped = counted.map(({ extras }) => {
    const { value = null, total = 1, hits: inner = [] } = extras?.group ?? {};
    return {
      found: total,
      group_key: value === null ? [] : [String(value)],
      hits: inner.map((hit) => hitBody(hit, search)),
    };
  });
  return { grouped_hits: grouped, hits: [] };
}

function hitBody(hit: Hit, search: TypesenseSearch): object {
  const document = toDocument(hit.product);
  return {
    document: pickFields(document, search.fields),
    ...hitHighlights(hit.extras?.highlight ?? {}, search.highlight),
    text_match: Math.round(hit.score * TEXT_MATCH_UNITS),
    ...(search.isByVector ? { vector_distance: 1 - hit.score } : {}),
  };
}

function facetCounts(facet: FacetReply, { facetSearch, highlight }: TypesenseSearch): JsonValue {
  const { startTag, endTag } = highlight;
  const prefix = facetSearch?.field === facet.field ? facetSearch.prefix : undefined;
  const counts = facetValues(facet).map(({ value, count }) => ({
    count,
    highlighted: withTags(markedBeginning(value, prefix), startTag, endTag),
    value,
  }));
  const { stats, distinct } = facet;
  return {
    counts,
    field_name: facet.field,
    sampled: false,
    stats: { ...(stats ?? {}), total_values: distinct },
  };
}
