import type { Deadline } from '../core/deadline.js';
import type { Filter } from '../filter/filter.js';
import { shardField } from '../query/listed-field.js';
import type { Boost, LeafView } from '../query/result-set.js';
import { noSuchList, type PriceLists } from '../tenancy/price-lists.js';
import { readInTime } from './failures.js';
import type { SearchRun } from './search-run.js';
import type { SearchRequest } from './search-types.js';

/** The number of the list that a request names, if it does. Rejects `invalid_field` where there is none such. */
export async function listOf(
  { tenant, priceList }: Pick<SearchRequest, 'tenant' | 'priceList'>,
  lists: Pick<PriceLists, 'find'> | undefined,
  deadline: Deadline,
): Promise<number | undefined> {
  if (priceList === undefined) return undefined;
  const reading = lists?.find(tenant, priceList) ?? Promise.resolve(undefined);
  const list = await readInTime(reading, deadline, 'the price lists');
  if (list !== undefined) return list;
  throw noSuchList(priceList);
}

/** A view as shards are asked for it under a price list: its fields are those of the list. */
export function listedView(view: LeafView, list: number | undefined): LeafView {
  const { filter, sort, facets, group } = view;
  const named = <T extends { field: string }>(one: T): T => {
    return { ...one, field: shardField(one.field, list) };
  };
  return {
    ...view,
    ...(filter === undefined ? {} : { filter: listedFilter(filter, list) }),
    ...(sort === undefined ? {} : { sort: sort.map(named) }),
    ...(facets === undefined ? {} : { facets: facets.map(named) }),
    ...(group === undefined ? {} : { group: named(group) }),
  };
}

export function listedBoosts(boosts: readonly Boost[], list: number | undefined): Boost[] {
  return boosts.map((boost) => ({ ...boost, filter: listedFilter(boost.filter, list) }));
}

/** A filter as shards are asked for it under a price list. */
export function listedFilter(filter: Filter, list: number | undefined): Filter {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return { ...filter, of: filter.of.map((part) => listedFilter(part, list)) };
    case 'not':
      return { ...filter, of: listedFilter(filter.of, list) };
    case 'in':
    case 'range':
    case 'exists':
      return { ...filter, field: shardField(filter.field, list) };
  }
}

/** Differs where what the key shows does: a list of the same name may have come to be another one. */
export function reachVersion({ request, list }: Pick<SearchRun, 'request' | 'list'>): string {
  const { filters = [], version = '' } = request.narrowing ?? {};
  return list === undefined || filters.length === 0 ? version : `${version}\n${list}`;
}
