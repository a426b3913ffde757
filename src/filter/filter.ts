/** The filter's syntax tree. The wire form is in the contract; `parse-filter.ts` makes this of it. */

export type Scalar = string | number | boolean;

export type RangeOperator = 'gt' | 'gte' | 'lt' | 'lte';

/**
 * One comparison of one field. The scalars of a set are deduplicated, none is null: to equal null is not
 * to exist, which is to have no scalar, nor a list with one.
 */
export type Leaf = Comparison | { kind: 'exists'; field: string; exists: boolean };

/** What is asked of each value of a field. */
export type Comparison =
  | { kind: 'in'; field: string; values: readonly Scalar[] }
  | { kind: 'range'; field: string; op: RangeOperator; value: string | number };

/**
 * `ne` is `not` of `eq`, `not_in` `not` of `in`: exact complements. `and` of nothing is everything,
 * `or` of nothing is nothing, `in` of no values matches nothing.
 */
export type Filter =
  | Leaf
  | { kind: 'and'; of: readonly Filter[] }
  | { kind: 'or'; of: readonly Filter[] }
  | { kind: 'not'; of: Filter };

/** The filter that matches every product. */
export const MATCH_ALL: Filter = { kind: 'and', of: [] };

export function isMatchAll(filter: Filter): boolean {
  return filter.kind === 'and' && filter.of.length === 0;
}
