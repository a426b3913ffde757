import { Deadline } from '../../core/deadline.js';
import type { ModelIdentity } from '../../core/product.js';
import type { Partition, ProductWrite, Store, TenantPlacement, WriteResult } from '../store.js';
import type { Connection } from './connection.js';
import { writeModel } from './meta.js';
import { addPartitions, replacePartition } from './placement.js';
import { prepareWrite } from './prepare.js';
import { purgeTombstones } from './purge.js';
import { RangeReclaim } from './reclaim.js';
import { MongoReader } from './reader.js';
import { Renumbering } from './renumbering.js';
import { holdMsOf, Sequence } from './sequence.js';
import { StrayWrites } from './stray-writes.js';
import { BatchWriter } from './write.js';
import { WriteLanes } from './write-lanes.js';

const LANE_LIMITS = {
  batchBytes: 4 * 1024 * 1024,
  batchWrites: 1_000,
  waitingBytes: 64 * 1024 * 1024,
};
/** A write waits for others of its tenant, and may lose a race or two. */
const WRITE_TIMEOUTS = 3;
const PURGE_TIMEOUTS = 60;
/** A range that was left open is looked at this often while it waits to be closed. */
const LOOKS_A_LEASE = 4;

/** The whole store. Any number of processes may write. */
export class MongoStore extends MongoReader implements Store {
  private readonly sequence: Sequence;
  private readonly strays: StrayWrites;
  private readonly lanes: WriteLanes;
  private readonly reclaim: RangeReclaim;
  private readonly reclaimTimer: NodeJS.Timeout;
  private reclaiming: Promise<unknown> | undefined;

  constructor(connection: Connection, storeId: string) {
    super(connection, storeId);
    const { collections, times, timeoutMs: writeTimeoutMs } = connection;
    this.sequence = new Sequence(collections.tenants, times);
    const renumbering = new Renumbering(collections, this.sequence, writeTimeoutMs);
    this.strays = new StrayWrites(collections, renumbering, holdMsOf(times));
    const limits = { writeTimeoutMs };
    const batch = new BatchWriter(collections, this.sequence, renumbering, this.strays, limits);
    this.lanes = new WriteLanes((...writes) => batch.write(...writes), LANE_LIMITS);
    this.reclaim = new RangeReclaim(collections);
    this.reclaimTimer = setInterval(() => this.reclaimOnce(), times.leaseMs / LOOKS_A_LEASE);
    this.reclaimTimer.unref();
  }

  async setModel(model: ModelIdentity): Promise<void> {
    await this.change(() => writeModel(this.collections, model));
  }

  async write(tenant: string, writes: readonly ProductWrite[]): Promise<WriteResult> {
    const prepared = writes.map(prepareWrite);
    const deadline = Deadline.after(this.changeLimitMs);
    return this.change(() => this.lanes.add(tenant, prepared, deadline));
  }

  async createPartitions(
    tenant: string,
    partitions: readonly Partition[],
  ): Promise<TenantPlacement> {
    return this.change(() => addPartitions(this.collections, this.sequence, tenant, partitions));
  }

  async updatePartition(tenant: string, next: Partition, expectedEpoch: number): Promise<boolean> {
    return this.change(() =>
      replacePartition(this.collections, this.sequence, tenant, next, expectedEpoch),
    );
  }

  async purgeTombstones(beforeMs: number): Promise<number> {
    const limitMs = PURGE_TIMEOUTS * this.connection.timeoutMs;
    const purge = () => purgeTombstones(this.collections, beforeMs);
    return this.connection.run(purge, 'a purge', limitMs);
  }

  override async close(): Promise<void> {
    clearInterval(this.reclaimTimer);
    const strays = this.strays.close();
    // Should the server not answer, what is under way stays unacknowledged.
    const ended = async () => {
      await this.lanes.drained();
      await this.reclaiming;
      await strays;
    };
    await this.change(ended).catch(() => undefined);
    await super.close();
  }

  private get changeLimitMs(): number {
    return WRITE_TIMEOUTS * this.connection.timeoutMs;
  }

  private change<T>(action: () => Promise<T>): Promise<T> {
    return this.connection.run(action, 'a write', this.changeLimitMs);
  }

  /** One at a time; a server that is away is asked again at the next look. */
  private reclaimOnce(): void {
    this.reclaiming ??= this.reclaim
      .run()
      .catch(() => undefined)
      .finally(() => (this.reclaiming = undefined));
  }
}
