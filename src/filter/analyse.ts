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

function leavesOf(filter: Filter): Leaf[] {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.of.flatMap(leavesOf);
    case 'not':
      return leavesOf(filter.of);
    case 'in':
    case 'range':
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
      return every(filter.of.map((part) => verdict(part, category)));
    case 'or':
      return not(every(filter.of.map((part) => not(verdict(part, category)))));
    case 'not':
      return not(verdict(filter.of, category));
    case 'in':
      if (filter.values.length === 0) return false;
      if (filter.field !== 'category') return undefined;
      return category !== undefined && leafMatches(filter, category);
    case 'range':
      if (filter.field !== 'category' || category === undefined) return undefined;
      return leafMatches(filter, category);
  }
}

function every(verdicts: (boolean | undefined)[]): boolean | undefined {
  if (verdicts.includes(false)) return false;
  return verdicts.includes(undefined) ? undefined : true;
}

function not(value: boolean | undefined): boolean | undefined {
  return value === undefined ? undefined : !value;
}
