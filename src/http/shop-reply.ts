import type { FacetReply, ShopReply } from '../search/search-types.js';

/** A storefront's part of a reply; what is empty is left out. */
export function shopBody(shop: ShopReply): object {
  const { facets, nextCursor, warnings, rules, redirect, data } = shop;
  return {
    ...(facets.length === 0
      ? {}
      : { facets: Object.fromEntries(facets.map((facet) => [facet.field, facetBody(facet)])) }),
    ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
    ...(warnings.length === 0 ? {} : { warnings }),
    ...(rules.length === 0 ? {} : { rules }),
    ...(redirect === undefined ? {} : { redirect }),
    ...(data.length === 0 ? {} : { data }),
  };
}

function facetBody({ values, other, stats }: FacetReply): object {
  return {
    values,
    other,
    ...(stats === undefined ? {} : { min: stats.min, max: stats.max, avg: stats.avg }),
  };
}
