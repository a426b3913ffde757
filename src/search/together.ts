import { vectorBytes } from '../query/leaf-query.js';
import type { SearchRun } from './search-run.js';
import { rulesVersion } from './shape.js';
import { PLAIN_TEXT } from './search-types.js';

/** Searches that differ in what they look at alone: they are read, embedded, chosen and asked for together. */
export type Group = readonly [SearchRun, ...SearchRun[]];

/** Searches of one query together, in the order of the first of each. */
export function groupsOf(runs: readonly SearchRun[]): Group[] {
  const groups = new Map<string, [SearchRun, ...SearchRun[]]>();
  for (const run of runs) {
    const key = runs.length === 1 ? '' : keyOf(run);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [run]);
    else group.push(run);
  }
  return [...groups.values()];
}

/** All that the shards are told of a search but for its views, and what bounds it. */
function keyOf({ request, list, shaping, walk }: SearchRun): string {
  const { tenant, query, narrowing, text = PLAIN_TEXT, exact, explain, timeoutMs } = request;
  const { mode, prefix, understand } = text;
  const { pinned, hidden, boosts } = shaping;
  const asked =
    query instanceof Float32Array ? [Buffer.from(vectorBytes(query)).toString('base64')] : query;
  return JSON.stringify([
    ...[tenant, asked ?? null, mode, prefix, understand ?? null, exact, explain, timeoutMs],
    ...[pinned.map(({ id }) => id), hidden, boosts, rulesVersion(shaping), walk ?? null],
    ...[narrowing?.version ?? null, list ?? null],
  ]);
}
