import { OmniError, RETRY_AFTER_MS } from '../core/errors.js';

/**
 * By group of nodes, in which state its rows were when something was computed from them (`WordCounts.rows`).
 * What was computed holds for as long as no state has changed: a search goes by it, and compares the states when
 * the shards have answered, so that it costs no round of its own.
 */
export type RowStates = ReadonlyMap<string, string>;

export const NO_STATES: RowStates = new Map();

/** Rows have changed since what a search went by was computed. The search begins again. */
export class RowsChanged extends OmniError {
  constructor() {
    super('unavailable', 'the catalogue kept changing', { retryAfterMs: RETRY_AFTER_MS });
  }
}

/** Both together; undefined where they are of different rows. */
export function joined(a: RowStates, b: RowStates): RowStates | undefined {
  if (a.size === 0 || a === b) return b;
  for (const [group, state] of b) if ((a.get(group) ?? state) !== state) return undefined;
  return new Map([...a, ...b]);
}

/**
 * Throws `RowsChanged` unless rows are as they were.
 *
 * @param found as they are now; undefined: of a group that did not answer, which is missing from the reply as it is
 */
export function checkUnchanged(
  relied: RowStates,
  found: ReadonlyMap<string, string | undefined>,
): void {
  for (const [group, state] of relied) {
    if (!found.has(group) || (found.get(group) ?? state) !== state) throw new RowsChanged();
  }
}
