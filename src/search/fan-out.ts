import { Deadline } from '../core/deadline.js';
import { toOmniError } from '../core/errors.js';
import type { PlacementCache } from '../placement/placement-cache.js';
import { planTargets, type ShardTarget } from '../placement/plan.js';
import type { LeafAnswer, LeafSearch, ShardFleet } from '../shard-client/shard-fleet.js';
import type { ShardExplanation } from './explanation.js';
import type { MissingPart, MissingReason } from './search-types.js';

/** What every shard is asked, whatever its partitions. */
export type FanOutQuery = Omit<LeafSearch, 'partitions'>;

/** What came back from all shards together. */
export interface FanOutResult {
  answers: ShardAnswer[];
  missing: MissingPart[];
  /** Ids of the partitions that were searched. */
  searched: Set<string>;
  /** What each answer took; empty unless it was asked to explain. */
  explained: ShardExplanation[];
  /** Some shard was to be asked again, thoroughly, and did not answer: hits far away may be missed. */
  unsure: boolean;
}

/** What a shard found in the partitions it was asked for. */
interface ShardAnswer {
  target: ShardTarget;
  answer: LeafAnswer;
}

/** Rounds over partitions that turned out to have moved: the placement is read again for each. */
const MAX_MOVES = 3;

/**
 * One request a shard, all at once, one deadline. A partition that is not where it was thought is
 * looked up and asked for again; what stays unanswered is named in `missing`, never left out
 * silently. Never rejects.
 */
export async function fanOut(
  fleet: ShardFleet,
  placements: PlacementCache,
  targets: readonly ShardTarget[],
  query: FanOutQuery,
  deadline: Deadline,
): Promise<FanOutResult> {
  const result: FanOutResult = {
    answers: [],
    missing: [],
    searched: new Set(),
    explained: [],
    unsure: false,
  };
  let pending = targets;
  for (let round = 0; pending.length > 0; round++) {
    const moved: ShardTarget[] = [];
    await Promise.all(
      pending.map(async (target) => {
        moved.push(await askShard(fleet, placements, target, query, deadline, result));
      }),
    );
    pending = await locate(placements, query.tenant, moved, result, deadline);
    if (round < MAX_MOVES) continue;
    for (const target of pending) result.missing.push(...missingOf(target, 'not_ready'));
    break;
  }
  if (result.answers.some(({ answer }) => answer.astray)) {
    await askFarther(fleet, query, deadline, result);
  }
  return result;
}

/**
 * A filter that excludes what is near the query makes hits of what is far from it, and those are in
 * other shards as well, whose graphs were asked for what is near: they are asked again, thoroughly.
 * One that does not answer again, in half of the time that is left, has answered.
 */
async function askFarther(
  fleet: ShardFleet,
  query: FanOutQuery,
  deadline: Deadline,
  result: FanOutResult,
): Promise<void> {
  const again = { ...query, thorough: true };
  const until = Deadline.after(deadline.remainingMs() / 2);
  await Promise.all(
    result.answers.map(async (asked) => {
      const { target, answer: first } = asked;
      if (first.astray === true || first.scanned === true) return;
      const startedMs = performance.now();
      const leaf = { ...again, partitions: target.partitions };
      const answer = await fleet.search(target.shard, leaf, until).catch(() => undefined);
      if (answer === undefined || answer.refused.length > 0) {
        result.unsure = true;
        return;
      }
      asked.answer = answer;
      if (query.explain === true) result.explained.push(explain(target, answer, startedMs));
    }),
  );
}

/**
 * Where the partitions of `moved` are now, less what was searched already (a split cuts a category
 * in several). When the placement cannot be read they are missing.
 */
async function locate(
  placements: PlacementCache,
  tenant: string,
  moved: readonly ShardTarget[],
  result: FanOutResult,
  deadline: Deadline,
): Promise<ShardTarget[]> {
  const categories = moved.flatMap(({ partitions }) => partitions.map(({ category }) => category));
  if (categories.length === 0) return [];
  try {
    const placement = await deadline.race(placements.refresh(tenant), 'reading the placement');
    return planTargets(placement, categories)
      .map(({ shard, partitions }) => ({
        shard,
        partitions: partitions.filter(({ id }) => !result.searched.has(id)),
      }))
      .filter(({ partitions }) => partitions.length > 0);
  } catch {
    for (const target of moved) result.missing.push(...missingOf(target, 'unavailable'));
    return [];
  }
}

/** Adds the shard's answer to `result`; returns the partitions that have moved elsewhere. */
async function askShard(
  fleet: ShardFleet,
  placements: PlacementCache,
  target: ShardTarget,
  query: FanOutQuery,
  deadline: Deadline,
  result: FanOutResult,
): Promise<ShardTarget> {
  const startedMs = performance.now();
  let answer: LeafAnswer;
  try {
    answer = await fleet.search(
      target.shard,
      { ...query, partitions: target.partitions },
      deadline,
    );
  } catch (error) {
    result.missing.push(...missingOf(target, reasonOf(error)));
    return { shard: target.shard, partitions: [] };
  }
  result.answers.push({ target, answer });
  if (query.explain === true) result.explained.push(explain(target, answer, startedMs));
  // A hint for the next query: this one has its answer.
  void placements.noticed(query.tenant, answer.counter).catch(() => undefined);

  const reasons = new Map(answer.refused.map(({ partition, reason }) => [partition, reason]));
  const refused = (reason: string): ShardTarget => ({
    shard: target.shard,
    partitions: target.partitions.filter(({ id }) => reasons.get(id) === reason),
  });
  result.missing.push(...missingOf(refused('not_ready'), 'not_ready'));
  for (const { id } of target.partitions) if (!reasons.has(id)) result.searched.add(id);
  return refused('wrong_shard');
}

function explain(target: ShardTarget, answer: LeafAnswer, startedMs: number): ShardExplanation {
  return {
    shard: target.shard,
    roundTripMs: performance.now() - startedMs,
    tookMs: answer.tookMs,
    partitions: target.partitions.length,
    refused: answer.refused.length,
    leaf: answer.explanation,
  };
}

function missingOf(target: ShardTarget, reason: MissingReason): MissingPart[] {
  const { shard, partitions } = target;
  return partitions.map(({ category }) => ({ part: 'shard', category, shard, reason }));
}

function reasonOf(error: unknown): MissingReason {
  const { code } = toOmniError(error);
  if (code === 'deadline_exceeded') return 'timeout';
  return code === 'overloaded' ? 'overloaded' : 'unavailable';
}
