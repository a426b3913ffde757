import type { CancelSignal } from '../core/cancellation.js';
import type { Deadline } from '../core/deadline.js';
import { searchTurns } from '../core/fair-turns.js';
import type { Span } from '../core/span.js';
import type { PlacementCache } from '../placement/placement-cache.js';
import type { SearchLeafReply } from '../protocol/messages.js';
import type { LeafAnswer, LeafSearch, Pinned, Sampled } from '../shard-client/leaf-calls.js';
import type { ShardFleet } from '../shard-client/shard-fleet.js';
import { holdsPartition } from '../store/partition-map.js';
import type { Partition, TenantPlacement } from '../store/store.js';
import type { ShardExplanation } from './explanation.js';
import { missingOf, PlacementReshaped, reasonOf } from './failures.js';
import { planSearch, type SearchPlan, type ShardTarget } from './plan.js';
import { checkState, NO_STATES, type RowStates } from './row-states.js';
import type { MissingPart, MissingReason } from './search-types.js';

/** What every shard is asked, whatever its partitions. */
export interface FanOutQuery extends Omit<
  LeafSearch,
  'counter' | 'group' | 'partitions' | 'categories' | 'pinned' | 'alone'
> {
  /** By group of nodes, what the first phase kept: that is searched. */
  pins?: ReadonlyMap<string, Pinned>;
  /** The same for the same request: it goes to the same replicas, as far as they are not busy. */
  stickyKey?: number | undefined;
  /** Where the rows of a group are not as they were, the rest need not be waited for. */
  relied?: RowStates | undefined;
}

/** What came back from all shards together. */
export interface FanOutResult {
  answers: SearchLeafReply[];
  missing: MissingPart[];
  /** At least one partition was searched. */
  answered: boolean;
  /** As `FoundStates` has them. */
  rows: Map<string, string | undefined>;
  silent: Set<string>;
  /** Nodes that would be told how far the best of all hits reach. */
  sampled: Sampled[];
}

/** What bounds a fan-out. */
export interface FanOutBounds {
  deadline: Deadline;
  /** Aborted: the shards are told to stop; absent: whoever goes away, others wait. */
  signal?: CancelSignal | undefined;
  /** What the shards do is a part of it, where the search is traced. */
  span?: Span | undefined;
  /** Takes what each answer took; absent: nobody wants to know. */
  notes?: ShardExplanation[] | undefined;
}

/** Rounds over partitions that turned out to have moved: the placement is read again for each. */
const MAX_MOVES = 3;

/**
 * One request a group of nodes, all at once, one deadline. A node that knows another placement is asked for
 * partitions by name; one that is not where it was thought is looked up and asked for again. What
 * stays unanswered is named in `missing`, never left out silently. Rejects with `PlacementReshaped` and
 * `RowsChanged` alone.
 */
export async function fanOut(
  fleet: Pick<ShardFleet, 'search'>,
  placements: PlacementCache,
  plan: SearchPlan,
  query: FanOutQuery,
  bounds: FanOutBounds,
): Promise<FanOutResult> {
  const run = new FanOut(fleet, placements, plan, query, bounds);
  await run.ask(plan.targets, false);
  for (let moves = 0; run.moved.length > 0 && moves < MAX_MOVES; moves++) {
    await run.ask(await run.locate(), true);
  }
  run.miss(run.moved, 'not_ready');
  return run.result;
}

class FanOut {
  readonly result: FanOutResult = {
    ...{ answers: [], missing: [], answered: false },
    ...{ rows: new Map<string, string | undefined>(), silent: new Set<string>(), sampled: [] },
  };
  /** Partitions that are not where they were thought. */
  moved: ShardTarget[] = [];
  /** Those that were asked for, and have answered or are missing. */
  private readonly settled: { target: ShardTarget; without: ReadonlySet<string> }[] = [];

  constructor(
    private readonly fleet: Pick<ShardFleet, 'search'>,
    private readonly placements: PlacementCache,
    private plan: SearchPlan,
    private readonly query: FanOutQuery,
    private readonly bounds: FanOutBounds,
  ) {}

  async ask(targets: readonly ShardTarget[], byName: boolean): Promise<void> {
    const [only] = targets;
    if (only !== undefined && targets.length === 1) await this.askShard(only, byName);
    else await Promise.all(targets.map((target) => this.askShard(target, byName)));
  }

  /**
   * Where what has moved is now: all that the placement, read again, has and that is not settled.
   * When it cannot be read, what has moved is missing. Rejects `PlacementReshaped` where what is settled is not
   * in it any more.
   */
  async locate(): Promise<ShardTarget[]> {
    const { moved, plan } = this;
    this.moved = [];
    let placement: TenantPlacement;
    try {
      const reading = this.placements.refresh(this.query.tenant);
      placement = await this.bounds.deadline.race(reading, 'reading the placement');
    } catch {
      this.miss(moved, 'unavailable');
      return [];
    }
    this.plan = planSearch(placement, plan.categories);
    const settled = new Set<string>();
    for (const { target, without } of this.settled) {
      for (const partition of target.partitions) {
        if (without.has(partition.id)) continue;
        if (!holdsPartition(placement, partition)) throw new PlacementReshaped();
        settled.add(partition.id);
      }
    }
    return this.plan.targets
      .map((target) => only(target, ({ id }) => !settled.has(id)))
      .filter(({ partitions }) => partitions.length > 0);
  }

  miss(targets: readonly ShardTarget[], reason: MissingReason): void {
    const { missing } = this.result;
    for (const target of targets) for (const part of missingOf(target, reason)) missing.push(part);
  }

  private async askShard(target: ShardTarget, byName: boolean): Promise<void> {
    const { plan, query, result } = this;
    const { deadline, signal, span, notes } = this.bounds;
    const startedMs = performance.now();
    const partitions = byName ? target.partitions : null;
    const { pins, stickyKey, relied = NO_STATES, ...rest } = query;
    const { group, nodes } = target;
    const alone = plan.targets.length === 1;
    const leaf: LeafSearch = { ...rest, counter: plan.counter, group, partitions, alone };
    const pinned = pins?.get(group);
    if (pinned !== undefined) leaf.pinned = pinned;
    let shard: string;
    let answer: LeafAnswer;
    try {
      const asked = { nodes, stickyKey };
      ({ node: shard, answer } = await this.fleet.search(asked, leaf, deadline, { signal, span }));
      const due = searchTurns.due(query.tenant);
      if (due !== undefined) await due;
    } catch (error) {
      this.settled.push({ target, without: NONE });
      result.silent.add(group);
      this.miss([target], reasonOf(error));
      return;
    }
    // A hint for the next search: this one goes by what it knows.
    void this.placements.noticed(query.tenant, answer.counter).catch(() => undefined);
    if (answer.type === 'moved') {
      if (byName) this.moved.push(target);
      else await this.askShard(target, true);
      return;
    }
    result.answers.push(answer);
    if (answer.sampled !== undefined) result.sampled.push({ node: shard, sample: answer.sampled });
    checkState(relied, group, answer.rows);
    const isSame = (result.rows.get(group) ?? answer.rows) === answer.rows;
    result.rows.set(group, isSame ? answer.rows : undefined);
    const refusedHere = this.refuse(target, answer);
    const refused = answer.refused.length;
    result.answered ||= refused < target.partitions.length;
    if (answer.timedOut) this.miss([only(target, ({ id }) => !refusedHere.has(id))], 'timeout');
    notes?.push({
      shard,
      roundTripMs: performance.now() - startedMs,
      tookMs: answer.tookMs,
      partitions: target.partitions.length,
      refused,
      matches: answer.views[0]?.total ?? 0,
      leaf: answer.explanation,
    });
  }

  /** Notes what of `target` the shard did not search; returns the ids of it. */
  private refuse(target: ShardTarget, { refused }: SearchLeafReply): ReadonlySet<string> {
    if (refused.length === 0) {
      this.settled.push({ target, without: NONE });
      return NONE;
    }
    const reasons = new Map(refused.map(({ partition, reason }) => [partition, reason]));
    const moved = only(target, ({ id }) => reasons.get(id) === 'wrong_shard');
    this.miss([only(target, ({ id }) => reasons.get(id) === 'not_ready')], 'not_ready');
    if (moved.partitions.length > 0) this.moved.push(moved);
    this.settled.push({ target, without: new Set(moved.partitions.map(({ id }) => id)) });
    return new Set(reasons.keys());
  }
}

const NONE: ReadonlySet<string> = new Set();

function only(target: ShardTarget, isWanted: (partition: Partition) => boolean): ShardTarget {
  return { ...target, partitions: target.partitions.filter(isWanted) };
}
