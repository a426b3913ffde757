import { setTimeout as sleep } from 'node:timers/promises';
import type { Deadline } from '../../core/deadline.js';
import type { WriteResult, WriteStatus } from '../store.js';
import { encodeMark } from '../position.js';
import { keyOf, type Collections } from './collections.js';
import { CountChanges } from './counts.js';
import { planId, type NextState, type Plan } from './plan.js';
import type { PreparedWrite } from './prepare.js';
import { writeBulk } from './product-bulk.js';
import { keepsVectors, productOperation } from './product-operation.js';
import { HEAD_FIELDS, type HeadRecord } from './records.js';
import { tooSlow, type Renumbering } from './renumbering.js';
import type { Sequence, TakenRange } from './sequence.js';
import type { StrayWrites } from './stray-writes.js';

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

interface Applied {
  lost: Set<string>;
  highest: number;
}

/**
 * Applies a batch of writes, in order for each id:
 *
 *   heads ──decide──> nothing to do ──> has a majority the same heads?
 *     ▲        └─> take numbers ──> compare-and-set each product ──> counts ──> end the range
 *     └── those that another writer changed meanwhile ──┘
 *
 * Acknowledged when all of it has ended. Rejects `unavailable` when the outcome is unknown; the range
 * then stays open, so that no follower passes a write that still lands.
 */
export class BatchWriter {
  constructor(
    private readonly collections: Collections,
    private readonly sequence: Sequence,
    private readonly renumbering: Renumbering,
    /** Is told of writes whose outcome is unknown. */
    private readonly strays: Pick<StrayWrites, 'add'>,
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
    for (let round = 1; waiting.size > 0; round++) {
      const plans = await this.plan(tenant, writes, waiting);
      const changes = plans.filter((plan): plan is Change => plan.after !== undefined);
      const { lost, highest } = await this.apply(tenant, changes, deadline);
      mark = Math.max(mark, highest, ...plans.map(({ before }) => before?.version ?? 0));
      const unsure = await this.unsure(tenant, plans);
      for (const plan of plans) {
        if (lost.has(plan.id) || unsure.has(plan.id)) continue;
        plan.places.forEach((place, i) => (statuses[place] = plan.statuses[i] ?? 'conflict'));
        waiting.delete(plan.id);
      }
      if (round === MAX_ROUNDS && unsure.size > 0) throw tooSlow();
      if (round === MAX_ROUNDS) break;
      if (waiting.size > 0) await sleep(Math.random() * BACKOFF_MS * 2 ** round);
    }
    // Nothing was found or written: everything there is counts as seen before.
    if (mark === 0) mark = await this.sequence.last(tenant);
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
  private async readHeads(tenant: string, ids: string[]): Promise<Map<string, HeadRecord>> {
    const found = await this.collections.products
      .find(
        { _id: { $in: ids.map((id) => keyOf(tenant, id)) } },
        { projection: { ...HEAD_FIELDS, fields: 1 }, readConcern: { level: 'local' } },
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

  /** Returns the ids that another writer changed first, and the highest version written. */
  private async apply(
    tenant: string,
    changes: readonly Change[],
    deadline: Deadline,
  ): Promise<Applied> {
    const applied: Applied = { lost: new Set(), highest: 0 };
    for (const bulk of bulksOf(changes)) {
      deadline.check('a write');
      const { lost, highest } = await this.applyBulk(tenant, bulk);
      for (const id of lost) applied.lost.add(id);
      applied.highest = highest;
    }
    return applied;
  }

  private async applyBulk(tenant: string, changes: readonly Change[]): Promise<Applied> {
    const range = await this.sequence.begin(tenant, changes.length);
    if (range.expired) {
      await this.sequence.end(range);
      throw tooSlow();
    }
    const written = changes.map(({ id }, i) => ({
      key: keyOf(tenant, id),
      version: range.first + i,
    }));
    const issued = [...written];
    try {
      const lost = await this.writeProducts(range, changes);
      const counts = new CountChanges();
      for (const change of changes) if (!lost.has(change.id)) counts.add(change);
      await counts.write(this.collections, tenant);
      const highest = range.first + changes.length - 1;
      const inTime = await this.sequence.end(range, { products: counts.products });
      const own = written.filter((_, i) => !lost.has((changes[i] as Change).id));
      if (inTime || own.length === 0) return { lost, highest };
      // This process was held up for longer than its lease: followers may have passed its numbers.
      const moved = this.renumbering.move(tenant, own, counts.products, (to) => issued.push(...to));
      return { lost, highest: await moved };
    } catch (error) {
      this.strays.add(tenant, issued);
      throw error;
    }
  }

  /** Returns the ids that another writer changed first. */
  private async writeProducts(range: TakenRange, changes: readonly Change[]): Promise<Set<string>> {
    const { tenant, first } = range;
    const nowMs = Date.now();
    const operations = changes.map((change, i) =>
      productOperation(tenant, change, change.after, first + i, nowMs),
    );
    const { refused, inserted } = await writeBulk(
      this.collections,
      operations,
      this.limits.writeTimeoutMs,
    );
    // A product that was deleted and purged meanwhile has no vectors left to keep.
    const bare = inserted.filter((index) => keepsVectors((changes[index] as Change).after));
    for (const index of bare) {
      const _id = keyOf(tenant, (changes[index] as Change).id);
      await this.collections.products.deleteOne({ _id, version: first + index });
    }
    return new Set([...refused, ...bare].map((index) => (changes[index] as Change).id));
  }
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
