import type { Deadline } from '../../core/deadline.js';
import { backOff } from '../../core/retry.js';
import { encodeMark } from '../position.js';
import { holdsPartition } from '../partition-map.js';
import type { TenantPlacement, WriteResult, WriteStatus } from '../store.js';
import { keyOf, type Collections } from './collections.js';
import { addCounts, changesOf } from './counts.js';
import { planId, type NextState, type Plan } from './plan.js';
import type { PreparedWrite } from './prepare.js';
import { writeBulk } from './product-bulk.js';
import { keepsVectors, productOperation } from './product-operation.js';
import { REPLACED_FIELDS, type HeadRecord } from './records.js';
import { claimOf, idsBeside, productsAdded, statusesWithoutRoom, withRoom } from './room.js';
import {
  lastNumber,
  tooSlow,
  type Numbers,
  type Scope,
  type Sequence,
  type Written,
  type WrittenVersion,
} from './sequence.js';

/** After as many lost races what is left is a `conflict`: the caller reads and tries again. */
const MAX_ROUNDS = 8;
const BACKOFF_MS = 4;
const MAX_BULK_WRITES = 1_000;
const MAX_BULK_BYTES = 4 * 1024 * 1024;

interface BulkLimits {
  /** The server works on a bulk at most this long. */
  writeTimeoutMs: number;
}

/** A plan that changes something. */
type Change = Plan & { after: NextState };
type NumberedChange = WrittenVersion & { change: Change };

/** What is tried at once. */
interface Round {
  number: number;
  writes: readonly PreparedWrite[];
  plans: readonly Plan[];
}

interface Applied {
  /** Ids that another writer changed first. */
  lost: Set<string>;
  /** Ids whose partition is not in the placement. */
  homeless: Set<string>;
  /** Ids for which the tenant had no room. */
  full: Set<string>;
  /** There may be room soon: some product went, or others have reserved more than they need. */
  mayHaveRoom: boolean;
  highest: number;
}

/**
 * Applies a batch of writes, in order for each id:
 *
 *   heads ──decide──> nothing to do ──> has a majority the same heads?
 *     ▲        └─> take numbers ──> compare-and-set each product ──> counts ──> it has ended
 *     └── those that another writer changed meanwhile ──┘
 *
 * Acknowledged when all of it has ended. Rejects `unavailable` when the outcome is unknown.
 */
export class BatchWriter {
  constructor(
    private readonly collections: Collections,
    private readonly sequence: Sequence,
    private readonly limits: BulkLimits,
  ) {}

  /** Nothing begins after `deadline`: `deadline_exceeded` then, and what was written stays. */
  async write(
    tenant: string,
    writes: readonly PreparedWrite[],
    deadline: Deadline,
  ): Promise<WriteResult> {
    const statuses: WriteStatus[] = writes.map(() => 'conflict');
    let mark = 0;
    const waiting = groupById(writes);
    for (let number = 1; waiting.size > 0; number++) {
      const plans = await this.plan(tenant, writes, waiting);
      const round = { number, writes, plans };
      const { lost, homeless, full, mayHaveRoom, highest } = await this.apply(
        tenant,
        round,
        deadline,
      );
      mark = Math.max(mark, highest, ...plans.map(({ before }) => before?.version ?? 0));
      const unsure = await this.unsure(tenant, plans);
      for (const plan of plans) {
        if (lost.has(plan.id) || unsure.has(plan.id)) continue;
        if (full.has(plan.id) && mayHaveRoom && number < MAX_ROUNDS) continue;
        waiting.delete(plan.id);
        if (homeless.has(plan.id)) continue;
        const own = full.has(plan.id) ? statusesWithoutRoom(plan, writes) : plan.statuses;
        plan.places.forEach((place, i) => (statuses[place] = own[i] ?? 'conflict'));
      }
      if (number === MAX_ROUNDS && unsure.size > 0) throw tooSlow();
      if (number === MAX_ROUNDS) break;
      if (waiting.size > 0) await backOff(number, BACKOFF_MS);
    }
    // Nothing was found or written: everything there is counts as seen before.
    if (mark === 0) mark = await lastNumber(this.collections.tenants, tenant);
    return { statuses, mark: encodeMark(mark) };
  }

  private async plan(
    tenant: string,
    writes: readonly PreparedWrite[],
    byId: ReadonlyMap<string, readonly number[]>,
  ): Promise<Plan[]> {
    const heads = await this.readHeads(tenant, [...byId.keys()]);
    return [...byId].map(([id, places]) => planId(id, writes, places, heads.get(id)));
  }

  /** As the primary has them now: a compare-and-set follows, or `unsure`. */
  private async readHeads(
    tenant: string,
    ids: readonly string[],
    scope: Scope = {},
  ): Promise<Map<string, HeadRecord>> {
    const concern =
      scope.session === undefined ? { readConcern: { level: 'local' as const } } : scope;
    const found = await this.collections.products
      .find(
        { _id: { $in: ids.map((id) => keyOf(tenant, id)) } },
        { projection: REPLACED_FIELDS, ...concern },
      )
      .toArray();
    return new Map(found.map((record) => [record.id, record]));
  }

  /**
   * Ids for which nothing was to be done because of a state that a failover may still take back: what
   * is acknowledged without a write must have reached a majority as well.
   */
  private async unsure(tenant: string, plans: readonly Plan[]): Promise<Set<string>> {
    const idle = plans.filter(({ after }) => after === undefined);
    if (idle.length === 0) return new Set();
    const found = await this.collections.products
      .find(
        { _id: { $in: idle.map(({ id }) => keyOf(tenant, id)) } },
        { projection: { _id: 0, id: 1, version: 1 }, readConcern: { level: 'majority' } },
      )
      .toArray();
    const versions = new Map(found.map(({ id, version }) => [id, version]));
    const differ = idle.filter(({ id, before }) => versions.get(id) !== before?.version);
    return new Set(differ.map(({ id }) => id));
  }

  private async apply(tenant: string, round: Round, deadline: Deadline): Promise<Applied> {
    const applied = nothingApplied();
    for (const bulk of bulksOf(round.plans.filter(isChange))) {
      deadline.check('a write');
      const done = await this.applyBulk(tenant, { ...round, plans: bulk }, deadline);
      for (const set of ['lost', 'homeless', 'full'] as const) {
        for (const id of done[set]) applied[set].add(id);
      }
      applied.mayHaveRoom ||= done.mayHaveRoom;
      applied.highest = Math.max(applied.highest, done.highest);
    }
    return applied;
  }

  private async applyBulk(tenant: string, round: Round, deadline: Deadline): Promise<Applied> {
    const { plans } = round;
    const named = plans.flatMap(({ after }) => after?.partitions.map(({ id }) => id) ?? []);
    let applied = nothingApplied();
    const body = async ({ first, placement, room, scope }: Numbers): Promise<Written> => {
      // A transaction may be run again.
      applied = nothingApplied();
      if (scope.session !== undefined) {
        // It may have waited for others.
        deadline.check('a write');
        if (round.number > 1) await this.planAgain(tenant, round, scope);
      }
      const wanted = plans.filter(isChange);
      const placed = wanted.filter(({ after }) => isPlaced(placement, after));
      applied.homeless = idsBeside(placed, wanted);
      // What goes in one transaction makes room for what comes in it; else it may not go.
      const removed = placed.filter((plan) => productsAdded(plan) < 0).length;
      const changes = withRoom(
        placed,
        scope.session === undefined ? room.products : room.products + removed,
      );
      applied.full = idsBeside(changes, placed);
      const numbered = changes.map((change, i) => {
        return { change, key: keyOf(tenant, change.id), version: first + i };
      });
      // In one order for all writers, so that no two wait for each other's products.
      numbered.sort((a, b) => (a.key < b.key ? -1 : 1));
      const done = await this.writeProducts(tenant, numbered, scope);
      const own = done.map(({ change }) => change);
      applied.lost = idsBeside(own, changes);
      if (applied.lost.size > 0 && scope.session !== undefined) throw new LostRace();
      applied.mayHaveRoom = room.mayGrow || own.some((plan) => productsAdded(plan) < 0);
      const counts = changesOf(own);
      await addCounts(this.collections, tenant, counts, scope);
      const { products, bytes } = counts;
      return { products, bytes, versions: done };
    };
    try {
      const partitions = [...new Set(named)];
      const given = [tenant, plans.length, partitions, body, claimOf(plans)] as const;
      const highest = await this.sequence.write(...given);
      return { ...applied, highest };
    } catch (error) {
      if (!(error instanceof LostRace)) throw error;
      return { ...nothingApplied(), lost: new Set(plans.map(({ id }) => id)) };
    }
  }

  /** Within a transaction that holds the tenant: no other writer comes between. */
  private async planAgain(tenant: string, round: Round, scope: Scope): Promise<void> {
    const { plans, writes } = round;
    const heads = await this.readHeads(
      tenant,
      plans.map(({ id }) => id),
      scope,
    );
    for (const plan of plans) {
      Object.assign(plan, planId(plan.id, writes, plan.places, heads.get(plan.id)));
    }
  }

  /** Returns those that no other writer changed first. */
  private async writeProducts(
    tenant: string,
    numbered: readonly NumberedChange[],
    scope: Scope,
  ): Promise<NumberedChange[]> {
    if (numbered.length === 0) return [];
    const nowMs = Date.now();
    const operations = numbered.map(({ change, version }) =>
      productOperation(tenant, change, change.after, version, nowMs),
    );
    const { writeTimeoutMs } = this.limits;
    const outcome = await writeBulk(this.collections, operations, writeTimeoutMs, scope);
    // A product that was deleted and purged meanwhile has no vectors left to keep.
    const inserted = new Set(outcome.inserted);
    const bare = numbered.filter(({ change }, i) => inserted.has(i) && keepsVectors(change.after));
    for (const { key: _id, version } of scope.session === undefined ? bare : []) {
      await this.collections.products.deleteOne({ _id, version });
    }
    const refused = new Set(outcome.refused);
    return numbered.filter((each, i) => !refused.has(i) && !bare.includes(each));
  }
}

/** Undoes a transaction that was decided on what another writer has changed since. */
class LostRace extends Error {}

function isChange(plan: Plan): plan is Change {
  return plan.after !== undefined;
}

function nothingApplied(): Applied {
  const none = { lost: new Set<string>(), homeless: new Set<string>(), full: new Set<string>() };
  return { ...none, mayHaveRoom: false, highest: 0 };
}

function isPlaced(placement: TenantPlacement | undefined, { partitions }: NextState): boolean {
  const held = placement ?? { counter: 0, partitions: [] };
  return partitions.every((partition) => holdsPartition(held, partition));
}

/** Places of the writes of each id, in order. */
function groupById(writes: readonly PreparedWrite[]): Map<string, number[]> {
  const places = new Map<string, number[]>();
  writes.forEach(({ write: { id } }, place) => {
    const own = places.get(id);
    if (own === undefined) places.set(id, [place]);
    else own.push(place);
  });
  return places;
}

/** What goes in one command each, so that one time limit holds for it. */
function bulksOf(changes: readonly Change[]): Change[][] {
  const bulks: Change[][] = [];
  let bytes = Infinity;
  for (const change of changes) {
    if (
      bytes + change.after.bytes > MAX_BULK_BYTES ||
      (bulks.at(-1)?.length ?? 0) >= MAX_BULK_WRITES
    ) {
      bulks.push([]);
      bytes = 0;
    }
    bulks.at(-1)?.push(change);
    bytes += change.after.bytes;
  }
  return bulks;
}
