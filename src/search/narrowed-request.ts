import { OmniError } from '../core/errors.js';
import { MATCH_ALL, type Filter } from '../filter/filter.js';
import { askedField, askedFilter, filterOfKey } from '../tenancy/narrowed-catalogue.js';
import type { TextSettings } from '../text/text-settings.js';
import type { SearchRequest, ShopOptions } from './search-types.js';
import { allOf } from './understand-query.js';

/** What the request's products have to match by itself and by the caller's key. */
export function seenFilter(
  { narrowing }: Pick<SearchRequest, 'narrowing'>,
  filter: Filter,
  more: readonly Filter[] = [],
): Filter {
  const ofKey = narrowing?.filters ?? [];
  return allOf(askedFilter(narrowing, filter), [...more, ...ofKey]);
}

/** What the key shows of the whole catalogue. */
export function reachOf({ narrowing }: Pick<SearchRequest, 'narrowing'>): Filter {
  return filterOfKey(narrowing) ?? MATCH_ALL;
}

/** A storefront's part, by the fields that the key may ask for. */
export function narrowedShop(
  { narrowing }: Pick<SearchRequest, 'narrowing'>,
  shop: ShopOptions,
): ShopOptions {
  if (narrowing === undefined || narrowing.exclude.length === 0) return shop;
  const asked = <T extends { field: string }>(one: T): T => ({
    ...one,
    field: askedField(narrowing, one.field),
  });
  return {
    ...shop,
    sort: shop.sort.map(asked),
    group: shop.group && asked(shop.group),
    boosts: shop.boosts.map((boost) => ({
      ...boost,
      filter: askedFilter(narrowing, boost.filter),
    })),
  };
}

/**
 * Throws `forbidden` for more than the key may ask for.
 *
 * @param walked hits that the walk has given already
 */
export function checkLimits(
  { narrowing, topK, exact, shop }: Pick<SearchRequest, 'narrowing' | 'topK' | 'exact' | 'shop'>,
  walked: number,
): void {
  const { maxTopK = Infinity, maxPageDepth = Infinity } = narrowing ?? {};
  if (exact && narrowing?.exact === false) throw forbidden('exact', 'must not be true');
  if (topK > maxTopK) throw forbidden('top_k', `must be at most ${maxTopK}, got ${topK}`);
  const depth = (shop?.from ?? 0) + walked + topK;
  if (depth <= maxPageDepth) return;
  const field = walked > 0 ? 'cursor' : (shop?.from ?? 0) > 0 ? 'page' : 'top_k';
  throw forbidden(field, `must reach at most ${maxPageDepth} hits, got ${depth}`);
}

/** Whether products are found by words of fields that are hidden from the caller: an index does not say of which a word is. */
export function searchesExcluded(
  { narrowing }: Pick<SearchRequest, 'narrowing'>,
  { searchable, identifiers }: Pick<TextSettings, 'searchable' | 'identifiers'>,
): boolean {
  const { exclude = [] } = narrowing ?? {};
  const names = [...searchable.map(({ field }) => field), ...identifiers];
  // A name may be that of an attribute, too.
  const searched = names.flatMap((name) => [name, `attributes.${name}`]);
  return exclude.some((hidden) => searched.some((name) => areRelated(name, hidden)));
}

function areRelated(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}.`) || b.startsWith(`${a}.`);
}

function forbidden(field: string, expected: string): OmniError {
  return new OmniError('forbidden', `${field} ${expected}, with this key`, { field });
}
