import { fieldsOf } from '../../../filter/analyse.js';
import type { Filter } from '../../../filter/filter.js';
import type { Boost, Choice, LeafView, ResultSet } from '../../../query/result-set.js';
import type { TextQuery } from '../../../query/text-query.js';
import type { LeafRun } from '../leaf-hit.js';
import { SCORE } from './span-order.js';

/** What is looked at, whatever rows there are. See `LeafQuery`. */
export interface ViewRequest extends Pick<LeafRun, 'exact' | 'costs' | 'trace'> {
  vector: Float32Array | undefined;
  text: TextQuery | undefined;
  boosts: readonly Boost[];
  choose: Choice | undefined;
  set: ResultSet | undefined;
  hidden: Uint8Array | undefined;
  /** Rows that do not match are not there. */
  within: Filter | undefined;
  until: number | undefined;
  views: readonly LeafView[];
}

/** The fields whose columns are needed, each once. */
export function neededFields({ views, boosts, within }: ViewRequest): string[] {
  const fields = new Set<string>();
  const add = (more: readonly string[]): void => more.forEach((field) => fields.add(field));
  if (within !== undefined) add(fieldsOf(within));
  for (const { filter } of boosts) add(fieldsOf(filter));
  for (const { filter, sort = [], facets = [], group } of views) {
    if (filter !== undefined) add(fieldsOf(filter));
    add(sort.flatMap(({ field }) => (field === SCORE ? [] : [field])));
    add(facets.map(({ field }) => field));
    if (group !== undefined) add([group.field]);
  }
  return [...fields];
}

/** Whether the order of a view's hits, or one of their sort keys, is the score. */
export function needsScores({ k, sort = [] }: LeafView): boolean {
  return k > 0 && (sort.length === 0 || sort.some(({ field }) => field === SCORE));
}

/** Whether words add to scores: a query may have none but those that no hit may have. */
export function hasWords(text: TextQuery | undefined): boolean {
  if (text === undefined) return false;
  const { slots, exactKey = '' } = text;
  return exactKey !== '' || slots.some(({ alternatives }) => alternatives.length > 0);
}
