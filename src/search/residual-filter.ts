import type { Filter } from '../filter/filter.js';

/**
 * What of `filter` the shards still have to check: a set of categories that stands alone or in the
 * outermost "and" is kept by the choice of partitions already. Undefined when nothing is left.
 */
export function residualFilter(filter: Filter): Filter | undefined {
  if (isCategorySet(filter)) return undefined;
  if (filter.kind !== 'and') return filter;
  const left = filter.of.filter((part) => !isCategorySet(part));
  if (left.length === 0) return undefined;
  return left.length === 1 ? left[0] : { kind: 'and', of: left };
}

function isCategorySet(filter: Filter): boolean {
  return filter.kind === 'in' && filter.field === 'category';
}
