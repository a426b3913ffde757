import { leafMatches } from './evaluate.js';
import type { Filter, Leaf } from './filter.js';

/** The fields that a filter asks about, each once, in the order of their first mention. */
export function fieldsOf(filter: Filter): string[] {
  return [...new Set(leavesOf(filter).map((leaf) => leaf.field))];
}

/**
 * The categories that a matching product can have; undefined when it can be one that the filter
 * does not name. What other fields hold is taken as unknown, so that the set is sound: no product
 * of another category matches.
 */
export function categoriesOf(filter: Filter): readonly string[] | undefined {
  if (canMatch(filter, undefined)) return undefined;
  const named = leavesOf(filter).flatMap((leaf) =>
    leaf.kind === 'in' && leaf.field === 'category' ? leaf.values : [],
  );
  const categories = new Set(named.filter((value) => typeof value === 'string'));
  return [...categories].filter((category) => canMatch(filter, category));
}

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

function leavesOf(filter: Filter): Leaf[] {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.of.flatMap(leavesOf);
    case 'not':
      return leavesOf(filter.of);
    case 'in':
    case 'range':
    case 'exists':
      return [filter];
  }
}

function canMatch(filter: Filter, category: string | undefined): boolean {
  return verdict(filter, category) !== false;
}

/**
 * Kleene's three-valued logic for a product of which only the category is known: true, false, or
 * undefined where it depends on the rest. Category undefined stands for any that no `in` names.
 */
function verdict(filter: Filter, category: string | undefined): boolean | undefined {
  switch (filter.kind) {
    case 'and':
      return foldVerdicts(filter.of, category, false);
    case 'or':
      return foldVerdicts(filter.of, category, true);
    case 'not': {
      const inner = verdict(filter.of, category);
      return inner === undefined ? undefined : !inner;
    }
    case 'in':
      if (filter.values.length === 0) return false;
      if (filter.field !== 'category') return undefined;
      return category !== undefined && leafMatches(filter, category);
    case 'range':
      if (filter.field !== 'category' || category === undefined) return undefined;
      return leafMatches(filter, category);
    case 'exists':
      // Every product has one.
      return filter.field === 'category' ? filter.exists : undefined;
  }
}

/** An "and" (`decisive` false) or an "or" (true) of what the parts come to. */
function foldVerdicts(
  parts: readonly Filter[],
  category: string | undefined,
  decisive: boolean,
): boolean | undefined {
  let all: boolean | undefined = !decisive;
  for (const part of parts) {
    const one = verdict(part, category);
    if (one === decisive) return decisive;
    if (one === undefined) all = undefined;
  }
  return all;
}
