import type { Policy, RolePolicy } from './policy.js';
import type { Change, Ran, RoleSample, RoleState } from './sample.js';

/** For so long is remembered what was changed, and how many were seen to run. */
export const KEPT_MS = 2 * 3_600_000;
/** What was asked for is waited for so many times as long as a start takes, and for a look more. */
const PATIENCE = 2;

/** How many there are of a role, those included of whom nothing is heard. */
export interface There {
  /** How many a change goes from: they run, or did until they fell silent, or will once what was begun is there. */
  from: number;
  /** Those whose figures stand for how all do: of what was begun, only what is there. */
  carrying: number;
  /** How many who starts them was told to have, or was seen to have: `from`, and what was asked for and did not come. */
  size: number;
}

interface Asked {
  sample: RoleSample;
  state: RoleState;
  /** Epoch milliseconds. */
  nowMs: number;
}

/**
 * How many there are. Who shows no sign of life is not gone: a busy machine shows none either, and commands set a group to a
 * number, so that one which counts those alone would end the others.
 *
 *   counted   who starts them says how many there are
 *   else      the most of what runs, what was ordered last, and what ran lately
 *
 * Undefined: nobody says how many run.
 */
export function howMany(
  policy: Policy,
  bounds: RolePolicy,
  { sample: { running, counted }, state, nowMs }: Asked,
): There | undefined {
  if (running === undefined) return undefined;
  const begun = onItsWay(policy, bounds, state.changes, nowMs);
  if (begun !== undefined) {
    const from = begun.to > begun.from ? Math.max(begun.to, counted ?? 0) : begun.to;
    return { from, carrying: running, size: from };
  }
  const ran = Math.max(running, state.ran?.count ?? 0);
  const size = Math.max(running, counted ?? Math.max(ran, state.ordered ?? 0));
  const carrying = Math.min(size, ran);
  return { from: counted === undefined ? carrying : size, carrying, size };
}

/** What was ordered last, of which something came; undefined: nothing ever was. */
export function orderedOf({ changes, ordered }: RoleState): number | undefined {
  return changes.findLast(({ hasFailed }) => hasFailed !== true)?.to ?? ordered;
}

/** The most that ran lately. Time in which none is heard does not count: then nobody is there to say that they are gone. */
export function ranOf(
  policy: Policy,
  bounds: RolePolicy,
  { sample: { running }, state: { changes, ran }, nowMs }: Asked,
): Ran | undefined {
  const begun = onItsWay(policy, bounds, changes, nowMs);
  // Those that are to stop still run for a while.
  if (begun !== undefined && begun.to < begun.from) return { count: begun.to, atMs: nowMs };
  if (running === undefined) return ran;
  if (ran === undefined || running >= ran.count) return { count: running, atMs: nowMs };
  if (running === 0) return { ...ran, atMs: nowMs };
  return nowMs - ran.atMs > KEPT_MS ? { count: running, atMs: nowMs } : ran;
}

/** It is not waited for for ever: what did not come is begun again. */
function onItsWay(
  { startMs }: Policy,
  { everyMs }: RolePolicy,
  changes: readonly Change[],
  nowMs: number,
): Change | undefined {
  const last = changes.at(-1);
  if (last === undefined || last.hasFailed === true) return undefined;
  return nowMs - last.atMs < PATIENCE * startMs + everyMs ? last : undefined;
}
