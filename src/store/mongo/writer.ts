import { Deadline } from '../../core/deadline.js';
import type { ModelIdentity } from '../../core/product.js';
import type { RecordStore } from '../record-store.js';
import type { Spool } from '../spool.js';
import { reasonOf } from '../../core/errors.js';
import type { CountDifference, Partition, ProductWrite, Store, WriteResult } from '../store.js';
import { Announcer } from './changes.js';
import type { Connection } from './connection.js';
import { probe, writeModel } from './meta.js';
import { dropSome } from './drop.js';
import { replacePlacement } from './placement.js';
import { prepareWrite } from './prepare.js';
import { purgeTombstones } from './purge.js';
import { RangeReclaim } from './reclaim.js';
import { MongoReader } from './reader.js';
import { RangeSequence } from './range-sequence.js';
import { listMiscounted, recountTenant } from './recount.js';
import type { Sequence } from './sequence.js';
import { MongoSpool } from './spool.js';
import { MongoRecords } from './stored-records.js';
import { TransactionSequence } from './transaction-sequence.js';
import { BatchWriter } from './write.js';
import { WriteLanes } from './write-lanes.js';

const LANE_LIMITS = {
  batchBytes: 4 * 1024 * 1024,
  batchWrites: 1_000,
  waitingBytes: 64 * 1024 * 1024,
};
/** A write waits for others of its tenant, and may lose a race or two. */
const WRITE_TIMEOUTS = 3;
/** What goes over many products. */
const PURGE_TIMEOUTS = 60;
/** A range that was left open is looked at this often while it waits to be closed. */
const LOOKS_A_LEASE = 4;
/** A closed range is watched for as many times of what a write may take to land. */
const WATCHED_LANDINGS = 4;

/** The whole store. Any number of processes may write. */
export class MongoStore extends MongoReader implements Store {
  readonly writesAtOnce = 256;
  override readonly records: RecordStore;
  readonly spool: Spool;
  private readonly announce: (tenant: string) => Promise<void>;
  private readonly sequence: Sequence;
  private readonly lanes: WriteLanes;
  private readonly reclaim: RangeReclaim;
  private readonly reclaimTimer: NodeJS.Timeout;
  private reclaiming: Promise<unknown> | undefined;

  /** `transactions`: the server has them. */
  constructor(connection: Connection, storeId: string, transactions: boolean) {
    super(connection, storeId);
    const { collections, leaseMs, landingMs, timeoutMs: writeTimeoutMs } = connection;
    const announcer = new Announcer(collections);
    this.announce = (tenant) => announcer.announce(tenant);
    this.records = new MongoRecords(collections, (action) => this.change(action), this.announce);
    this.spool = new MongoSpool(collections, (action) => this.change(action));
    const ranges = new RangeSequence(collections, { leaseMs, writeTimeoutMs }, this.announce);
    this.sequence = transactions
      ? new TransactionSequence(connection, collections.tenants, this.announce)
      : ranges;
    const batch = new BatchWriter(collections, this.sequence, { writeTimeoutMs });
    this.lanes = new WriteLanes((...writes) => batch.write(...writes), LANE_LIMITS);
    this.reclaim = new RangeReclaim(collections, ranges, WATCHED_LANDINGS * landingMs);
    this.reclaimTimer = setInterval(() => this.reclaimOnce(), leaseMs / LOOKS_A_LEASE);
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

  async replacePlacement(
    tenant: string,
    partitions: readonly Partition[],
    expectedCounter: number,
  ): Promise<boolean> {
    return this.change(async () => {
      const given = [tenant, partitions, expectedCounter] as const;
      const replaced = await replacePlacement(this.collections, ...given);
      if (replaced) await this.announce(tenant);
      return replaced;
    });
  }

  async dropTenant(tenant: string, limit: number): Promise<boolean> {
    return this.change(() => dropSome(this.collections, this.sequence, tenant, limit));
  }

  async miscounted(): Promise<string[]> {
    return this.read(() => listMiscounted(this.collections));
  }

  async recount(tenant: string): Promise<CountDifference[]> {
    const limitMs = PURGE_TIMEOUTS * this.connection.timeoutMs;
    const recount = () => recountTenant(this.collections, this.sequence, tenant);
    return this.connection.run(recount, 'a recount', limitMs);
  }

  override async healthy(): Promise<string | undefined> {
    const reason = await super.healthy();
    if (reason !== undefined) return reason;
    try {
      await this.change(() => probe(this.collections));
      return undefined;
    } catch (error) {
      return reasonOf(error);
    }
  }

  async purgeTombstones(beforeMs: number): Promise<number> {
    const limitMs = PURGE_TIMEOUTS * this.connection.timeoutMs;
    const purge = () => purgeTombstones(this.collections, beforeMs);
    return this.connection.run(purge, 'a purge', limitMs);
  }

  override async close(): Promise<void> {
    clearInterval(this.reclaimTimer);
    // Should the server not answer, what is under way stays unacknowledged.
    const ended = async () => {
      await this.lanes.drained();
      await this.reclaiming;
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
