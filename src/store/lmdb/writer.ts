import { Deadline } from '../../core/deadline.js';
import { OmniError } from '../../core/errors.js';
import type { ModelIdentity } from '../../core/product.js';
import type { Partition, ProductWrite, Store, TenantPlacement, WriteResult } from '../store.js';
import type { Databases } from './databases.js';
import { commitError } from './errors.js';
import { writeMeta } from './meta.js';
import { addPartitions, replacePartition } from './placement.js';
import { purgeSome } from './purge.js';
import { LmdbReader } from './reader.js';
import { applyWrites, preparedBytes, prepareWrite } from './write.js';
import { WriteQueue } from './write-queue.js';

/** About 500 products with vectors of 256 dimensions. */
const BATCH_BYTES = 1024 * 1024;
const WAITING_BYTES = 64 * 1024 * 1024;
/** What a transaction without products weighs in the queue. */
const SMALL_BYTES = 1024;
const PURGE_BATCH = 500;
const READER_CHECK_INTERVAL_MS = 60_000;

/** The whole store. Any number of processes may write: LMDB lets one in at a time. */
export class LmdbStore extends LmdbReader implements Store {
  private readonly queue: WriteQueue;
  private readonly readerCheck: NodeJS.Timeout;

  constructor(
    db: Databases,
    storeId: string,
    private readonly writeTimeoutMs: number,
  ) {
    super(db, storeId);
    const limits = { batchBytes: BATCH_BYTES, waitingBytes: WAITING_BYTES };
    this.queue = new WriteQueue((action) => transact(db, action), limits);
    // A reader that was killed keeps its slot until someone looks.
    this.readerCheck = setInterval(() => db.root.readerCheck(), READER_CHECK_INTERVAL_MS);
    this.readerCheck.unref();
  }

  async setModel(model: ModelIdentity): Promise<void> {
    const { name, fingerprint, dimensions } = model;
    await this.inTransaction(SMALL_BYTES, () =>
      writeMeta(this.db, 'model', { name, fingerprint, dimensions }),
    );
  }

  async write(tenant: string, writes: readonly ProductWrite[]): Promise<WriteResult> {
    const prepared = writes.map(prepareWrite);
    const bytes = prepared.reduce((sum, write) => sum + preparedBytes(write), 0);
    return this.inTransaction(bytes, () => applyWrites(this.db, tenant, prepared, Date.now()));
  }

  async createPartitions(
    tenant: string,
    partitions: readonly Partition[],
  ): Promise<TenantPlacement> {
    return this.inTransaction(SMALL_BYTES, () => addPartitions(this.db, tenant, partitions));
  }

  async updatePartition(tenant: string, next: Partition, expectedEpoch: number): Promise<boolean> {
    return this.inTransaction(SMALL_BYTES, () =>
      replacePartition(this.db, tenant, next, expectedEpoch),
    );
  }

  async purgeTombstones(beforeMs: number): Promise<number> {
    let total = 0;
    for (;;) {
      const purged = await this.inTransaction(PURGE_BATCH * 100, () =>
        purgeSome(this.db, beforeMs, PURGE_BATCH),
      );
      total += purged;
      if (purged < PURGE_BATCH) return total;
    }
  }

  override async close(): Promise<void> {
    clearInterval(this.readerCheck);
    // Should the disk not answer, what is under way stays unacknowledged.
    await this.withDeadline(this.queue.drained()).catch(() => undefined);
    await super.close();
  }

  /** `action` in a write transaction: resolves when it is on disk, rejects with nothing applied. */
  private async inTransaction<T>(bytes: number, action: () => T): Promise<T> {
    this.checkOpen();
    return this.withDeadline(this.queue.add(bytes, action));
  }

  private async withDeadline<T>(work: Promise<T>): Promise<T> {
    try {
      return await Deadline.after(this.writeTimeoutMs).race(work, 'a write to the store');
    } catch (error) {
      if (!(error instanceof OmniError) || error.code !== 'deadline_exceeded') throw error;
      const message = `the store confirmed no write within ${this.writeTimeoutMs} ms`;
      throw new OmniError('unavailable', message, { retryAfterMs: 1000, cause: error });
    }
  }
}

/** A child transaction, because lmdb-js commits a plain one even when its callback throws. */
async function transact<T>(db: Databases, action: () => T): Promise<T> {
  try {
    return await db.root.childTransaction(action);
  } catch (error) {
    throw await commitError(error);
  }
}
