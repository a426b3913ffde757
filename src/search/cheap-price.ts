import type { Filter } from '../filter/filter.js';
import type { FacetCounts } from '../query/result-set.js';
import type { AskedShards } from './ask-shards.js';
import type { Asked } from './asked.js';
import { resultSet } from './choose-set.js';
import { mergeFacets } from './merge-facets.js';
import type { SearchRun } from './search-run.js';
import { reachOf } from './narrowed-request.js';
import type { MissingPart, SearchRequest } from './search-types.js';
import type { SetOf } from './set-chooser.js';
import { viewOf } from './views.js';

/** The lowest third is cheap. */
const CHEAP_SHARE = 1 / 3;

/** Of the time that is left: the search itself comes after it. */
const PRICE_SHARE = 0.5;

/** A search with what is cheap among all that its words and meaning find, before any filter but that of the key, where it asks for that. */
export async function withCheap(
  asked: Asked,
  { request, walk }: SearchRun,
  shards: AskedShards,
  of: SetOf,
): Promise<Asked> {
  const { cheap, filters, understood, missing } = asked;
  if (cheap === undefined) return asked;
  const begun = walk?.at;
  const read =
    begun === undefined
      ? await readPrice(request, shards, of)
      : { price: begun.price, missing: [] };
  const known = { ...asked, missing: [...missing, ...read.missing] };
  const { price } = read;
  if (price === undefined) return known;
  const part = { text: cheap, filter: { price: { lte: price } } };
  return { ...known, price, filters: [...filters, upTo(price)], understood: [...understood, part] };
}

async function readPrice(
  request: SearchRequest,
  shards: AskedShards,
  of: SetOf,
): Promise<{ price: number | undefined; missing: readonly MissingPart[] }> {
  const set = of.kind === 'chosen' ? { set: resultSet(of.chosen, []) } : {};
  const views = [{ ...viewOf(reachOf(request), 0), facets: [{ field: 'price' }] }];
  const { answers, missing } = await shards.ask({ ...set, views, holds: true, share: PRICE_SHARE });
  const facets = answers.flatMap(({ views: found }) => found[0]?.facets?.[0] ?? []);
  return { price: cheapPrice(mergeFacets(facets)), missing };
}

/** The price that so many are not above. */
function cheapPrice({
  values,
  counts,
}: Pick<FacetCounts, 'values' | 'counts'>): number | undefined {
  const prices = values
    .flatMap((value, i) => (typeof value === 'number' ? [{ value, count: counts[i] ?? 0 }] : []))
    .sort((a, b) => a.value - b.value);
  const all = prices.reduce((sum, { count }) => sum + count, 0);
  let left = Math.max(1, Math.ceil(all * CHEAP_SHARE));
  return prices.find(({ count }) => (left -= count) <= 0)?.value;
}

function upTo(value: number): Filter {
  return { kind: 'range', field: 'price', op: 'lte', value };
}
