import { invalidField } from '../core/errors.js';
import { describeValue } from '../core/json.js';
import { parseFilter } from '../filter/parse-filter.js';
import { validId } from '../ingest/validate-product.js';
import type { Boost } from '../query/result-set.js';
import type { SortKey } from '../query/sort.js';
import type { FacetRequest, ShopOptions } from '../search/search-types.js';
import type { TenantSettings } from '../tenancy/tenant-settings.js';
import { checkOnce } from './check-once.js';
import { pagesOf, type Pages } from './pages.js';
import type { ShopBody } from './shop-schemas.js';

const DEFAULT_FACET_LIMIT = 10;
const DEFAULT_GROUP_LIMIT = 3;
const DEFAULT_DIVERSIFY_LIMIT = 2;
/** A sort key that is no field. */
const SCORE = '_score';

/** What a tenant, and the caller's key, let searches ask for. */
export interface Allowed extends Pick<TenantSettings, 'facets' | 'sortable'> {
  /** Hits where no number is asked for, at most. */
  maxSize: number;
}

/** A storefront's part of a body that its schema accepted. Throws `invalid_field`. */
export function shopOf(body: ShopBody, allowed: Allowed): { shop: ShopOptions; pages: Pages } {
  const pages = pagesOf(body, allowed.maxSize);
  const { group_by: group, diversify, hidden = [], pinned = [] } = body;
  checkIds(
    pinned.map(({ id }) => id),
    (i) => `pinned[${i}].id`,
  );
  checkIds(hidden, (i) => `hidden[${i}]`);
  const shop: ShopOptions = {
    facets: facetsOf(body.facets ?? [], allowed),
    sort: sortOf(body.sort ?? [], allowed),
    from: pages.from,
    cursor: pages.cursor,
    wantsCursor: pages.wantsCursor,
    group: group && { field: group.field, limit: group.limit ?? DEFAULT_GROUP_LIMIT },
    pinned,
    hidden,
    boosts: boostsOf(body.boost ?? []),
    diversify: diversify && {
      field: diversify.field,
      limit: diversify.limit ?? DEFAULT_DIVERSIFY_LIMIT,
    },
    tags: body.tags ?? [],
    minCoverage: body.min_coverage ?? 0,
    rules: body.rules ?? true,
  };
  return { shop, pages };
}

function facetsOf(asked: NonNullable<ShopBody['facets']>, { facets }: Allowed): FacetRequest[] {
  const place = (i: number): string =>
    typeof asked[i] === 'string' ? `facets[${i}]` : `facets[${i}].field`;
  const requests = asked.map((entry, i): FacetRequest => {
    const facet = typeof entry === 'string' ? { field: entry } : entry;
    if (facets !== 'all' && !facets.includes(facet.field)) {
      const what = 'must be one of the facets in the settings';
      throw invalidField(place(i), `${what}, got ${describeValue(facet.field)}`);
    }
    for (const [at, { from = -Infinity, to = Infinity }] of (facet.ranges ?? []).entries()) {
      if (from < to) continue;
      throw invalidField(`facets[${i}].ranges[${at}].to`, `must be above from, got ${to}`);
    }
    return {
      field: facet.field,
      limit: facet.limit ?? DEFAULT_FACET_LIMIT,
      prefix: facet.prefix,
      ranges: facet.ranges,
      disjunctive: facet.disjunctive ?? false,
    };
  });
  checkOnce(
    requests.map(({ field }) => field),
    place,
  );
  return requests;
}

function sortOf(asked: NonNullable<ShopBody['sort']>, { sortable }: Allowed): SortKey[] {
  const keys = asked.map(({ field, order }, i): SortKey => {
    const isScore = field === SCORE;
    if (!isScore && sortable !== 'all' && !sortable.includes(field)) {
      const expected = `must be ${SCORE} or one of the sortable fields in the settings`;
      throw invalidField(`sort[${i}].field`, `${expected}, got ${describeValue(field)}`);
    }
    return { field, order: order ?? (isScore ? 'desc' : 'asc') };
  });
  checkOnce(
    keys.map(({ field }) => field),
    (i) => `sort[${i}].field`,
  );
  return keys;
}

function boostsOf(asked: NonNullable<ShopBody['boost']>): Boost[] {
  return asked.map(({ filter, weight }, i) => ({
    filter: parseFilter(filter, `boost[${i}].filter`),
    weight,
  }));
}

function checkIds(ids: readonly string[], place: (index: number) => string): void {
  ids.forEach((id, i) => validId(id, place(i)));
  checkOnce(ids, place);
}
