import { OmniError, RETRY_AFTER_MS } from '../core/errors.js';

/**
 * By group of nodes, in which state its rows were when something was computed from them (`WordCounts.rows`).
 * What was computed holds for as long as no state has changed: a search goes by it, and compares the states when
 * the shards have answered, so that it costs no round of its own.
 */
export type RowStates = ReadonlyMap<string, string>;

export const NO_STATES: RowStates = new Map();

/** As they are now, of the groups that were asked. */
export interface FoundStates {
  /** Of those that answered; undefined: it did not tell. */
  rows: ReadonlyMap<string, string | undefined>;
  /** Those that did not: their part is missing from the reply, whatever it has by now. */
  silent: ReadonlySet<string>;
}

/** Rows may have changed since what a search went by was computed. The search begins again. */
export class RowsChanged extends OmniError {
  /** @param isSeen some shard told of another state; else none was asked who would */
  constructor(readonly isSeen: boolean) {
    super('unavailable', 'the catalogue kept changing', { retryAfterMs: RETRY_AFTER_MS });
  }
}

/** Both together; undefined where they are of different rows. */
export function joined(a: RowStates, b: RowStates): RowStates | undefined {
  if (a.size === 0 || a === b) return b;
  for (const [group, state] of b) if ((a.get(group) ?? state) !== state) return undefined;
  return new Map([...a, ...b]);
}

/** Whether they are of these groups, of which there are some: of no rows nobody could tell that there are any by now. */
export function areOf(states: RowStates, groups: readonly string[]): boolean {
  const isSame = states.size === groups.length && groups.every((group) => states.has(group));
  return isSame && groups.length > 0;
}

/** Whether all of them were told to be as they were. */
export function areStill(
  states: RowStates,
  found: ReadonlyMap<string, string | undefined>,
): boolean {
  return [...states].every(([group, state]) => found.get(group) === state);
}

/** Up to which position of the feed all rows are; undefined where some shard did not tell. */
export function appliedThrough(found: FoundStates['rows']): number | undefined {
  let least: number | undefined;
  for (const state of found.values()) {
    if (state === undefined) return undefined;
    const sequence = Number.parseInt(state, 10);
    least = Math.min(least ?? sequence, sequence);
  }
  return least;
}

/** Throws `RowsChanged` unless the rows of a group, if they are gone by, are as they were. */
export function checkState(relied: RowStates, group: string, found: string | undefined): void {
  if (relied.size > 0 && relied.get(group) !== found) throw new RowsChanged(true);
}

/** Throws `RowsChanged` unless all rows are as they were. */
export function checkUnchanged(relied: RowStates, { rows, silent }: FoundStates): void {
  if (relied.size === 0) return;
  for (const [group, found] of rows) checkState(relied, group, found);
  for (const group of relied.keys()) {
    if (!rows.has(group) && !silent.has(group)) throw new RowsChanged(false);
  }
}
