import { setTimeout as sleep } from 'node:timers/promises';
import { Deadline } from '../../core/deadline.js';
import { OmniError, RETRY_AFTER_MS, reasonOf } from '../../core/errors.js';
import type { ModelIdentity } from '../../core/product.js';
import type { RecordLog, WriteNote } from '../copies.js';
import type { RecordStore } from '../record-store.js';
import type { Spool } from '../spool.js';
import type { CountDifference, Partition, ProductWrite, Store, WriteResult } from '../store.js';
import type { Databases } from './databases.js';
import { commitError } from './errors.js';
import { writeMeta } from './meta.js';
import { dropSome } from './drop.js';
import { replacePlacement } from './placement.js';
import { purgeSome } from './purge.js';
import { findDifferences, putRight } from './recount.js';
import { LmdbReader, MAPPED_BYTES } from './reader.js';
import { readRecordLog } from './record-log.js';
import { LmdbRecords, putRecord, readRecord } from './records.js';
import { LmdbSpool } from './spool.js';
import { applyWrites, isTaken, preparedBytes, prepareWrite } from './write.js';
import type { DataFile } from './identity.js';
import type { OpenLock } from './open-lock.js';
import { checkStore } from './store-check.js';
import { WriteQueue } from './write-queue.js';

/** About 50 products with vectors of 256 dimensions. */
const BATCH_BYTES = 128 * 1024;
const WAITING_BYTES = 64 * 1024 * 1024;
/** What a transaction without products weighs in the queue. */
const SMALL_BYTES = 1024;
const PURGE_BATCH = 500;
const PROBE_INTERVAL_MS = 5_000;

/** The whole store. Any number of processes may write: LMDB lets one in at a time. */
export class LmdbStore extends LmdbReader implements Store {
  /** A few milliseconds: a transaction's body is one turn of the event loop. */
  readonly writesAtOnce = 32;
  override readonly records: RecordStore = new LmdbRecords(
    (action) => this.read(() => action(this.db)),
    (action) => this.inTransaction(SMALL_BYTES, () => action(this.db)),
  );
  readonly recordLog: RecordLog = {
    changes: async (position, limit) =>
      this.read(() =>
        readRecordLog(this.db, position, limit, (kind, id) => readRecord(this.db, kind, id)?.value),
      ),
  };
  readonly spool: Spool = new LmdbSpool(
    (action) => this.read(() => action(this.db)),
    (bytes, action) => this.inTransaction(bytes + SMALL_BYTES, () => action(this.db)),
  );
  private readonly queue: WriteQueue;
  /** When the latest write succeeded; long ago once one has failed. */
  private committedAtMs = -Infinity;
  private readonly tending: NodeJS.Timeout;
  /** What goes on over many turns on one opening of the file. */
  private pins = 0;
  private readonly closing = new AbortController();
  private readonly checking: Promise<void>;

  constructor(
    db: Databases,
    storeId: string,
    file: DataFile,
    lock: OpenLock,
    private readonly options: {
      writeTimeoutMs: number;
      tendMs: number;
      /** When its pages are to be checked, beside; undefined: they were, before it was opened. */
      checkAfterMs: number | undefined;
    },
    reopen: () => Databases,
  ) {
    super(db, storeId, file, lock, reopen);
    const limits = { batchBytes: BATCH_BYTES, waitingBytes: WAITING_BYTES };
    this.queue = new WriteQueue(
      (action) => this.transact(action),
      (commit) => this.whileMapped(commit),
      limits,
    );
    this.tending = setInterval(() => {
      // What could not be opened again is tried by the next who needs it, who is told.
      this.tend().catch(() => undefined);
    }, options.tendMs);
    this.tending.unref();
    this.checking = this.checkLater(options.checkAfterMs);
    this.checking.catch((error: unknown) => (this.file.damage ??= reasonOf(error)));
  }

  async checked(): Promise<string | undefined> {
    await this.checking;
    return this.file.damageReason;
  }

  async setModel(model: ModelIdentity): Promise<void> {
    const { name, fingerprint, dimensions } = model;
    await this.inTransaction(SMALL_BYTES, () =>
      writeMeta(this.db, 'model', { name, fingerprint, dimensions }),
    );
  }

  async write(
    tenant: string,
    writes: readonly ProductWrite[],
    note?: WriteNote,
  ): Promise<WriteResult> {
    const prepared = writes.map(prepareWrite);
    const bytes = prepared.reduce((sum, write) => sum + preparedBytes(write), SMALL_BYTES);
    return this.inTransaction(bytes, () => {
      const result = applyWrites(this.db, tenant, prepared, Date.now());
      if (note !== undefined && result.statuses.every(isTaken)) putRecord(this.db, note);
      return result;
    });
  }

  async replacePlacement(
    tenant: string,
    partitions: readonly Partition[],
    expectedCounter: number,
  ): Promise<boolean> {
    return this.inTransaction(SMALL_BYTES, () =>
      replacePlacement(this.db, tenant, partitions, expectedCounter),
    );
  }

  async dropTenant(tenant: string, limit: number): Promise<boolean> {
    return this.inTransaction(limit * SMALL_BYTES, () =>
      dropSome(this.db, tenant, limit, Date.now()),
    );
  }

  /** Counts are of the transaction that writes the products. */
  async miscounted(): Promise<string[]> {
    return [];
  }

  async recount(tenant: string): Promise<CountDifference[]> {
    this.checkOpen();
    const differences = await this.pinned(() => findDifferences(this.db, tenant));
    if (differences.length > 0) {
      const bytes = differences.length * SMALL_BYTES;
      await this.inTransaction(bytes, () => putRight(this.db, tenant, differences));
    }
    return differences;
  }

  /** Whether a write succeeds is tried only if none has for some seconds. */
  override async healthy(): Promise<string | undefined> {
    const reason = (await super.healthy()) ?? (await this.file.diskReason());
    if (reason !== undefined) return reason;
    if (performance.now() - this.committedAtMs < PROBE_INTERVAL_MS) return undefined;
    try {
      await this.inTransaction(SMALL_BYTES, () => writeMeta(this.db, 'probedAtMs', Date.now()));
      return undefined;
    } catch (error) {
      return reasonOf(error);
    }
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
    clearInterval(this.tending);
    this.closing.abort();
    await this.checking.catch(() => undefined);
    // Should the disk not answer, what is under way stays unacknowledged.
    await this.withDeadline(this.queue.drained()).catch(() => undefined);
    await super.close();
  }

  private async pinned<T>(action: () => Promise<T>): Promise<T> {
    this.pins += 1;
    try {
      return await action();
    } finally {
      this.pins -= 1;
    }
  }

  /**
   * Lets the map go while nobody writes. To be called by a timer: all that `close` waits for is
   * done already, so that nobody comes to read before it is open again.
   */
  private async tend(): Promise<void> {
    // A reader that was killed keeps its slot until someone looks.
    if (!this.unmapped) this.db.root.readerCheck();
    if (!this.queue.isIdle || this.unmapped || this.mappedBytes < MAPPED_BYTES) return;
    await this.lock.opening(async () => {
      if (this.pins > 0) return;
      this.unmapped = true;
      await this.db.root.close();
      this.openAgain();
    });
  }

  /** Only what could not be opened again: to close it, nobody may be writing. */
  protected override letMapGo(): void {
    if (this.unmapped) super.letMapGo();
  }

  private async checkLater(afterMs: number | undefined): Promise<void> {
    if (afterMs === undefined) return;
    const { signal } = this.closing;
    await sleep(afterMs, undefined, { signal, ref: false }).catch(() => undefined);
    if (!signal.aborted) await this.pinned(() => this.check());
  }

  private async check(): Promise<void> {
    // Keeps what is read from now on from being written over.
    const transaction = this.db.root.useReadTransaction();
    try {
      this.db.root.get(Buffer.from('.'), { transaction });
      const outcome = await checkStore(this.file, true, this.db.damage, this.closing.signal);
      if (typeof outcome !== 'string') this.file.damage = outcome.damage;
    } finally {
      transaction.done();
    }
  }

  /** `action` in a write transaction: resolves when it is on disk, rejects with nothing applied. */
  private async inTransaction<T>(bytes: number, action: () => T): Promise<T> {
    this.checkOpen();
    this.mappedBytes += bytes;
    return this.withDeadline(this.queue.add(bytes, action));
  }

  /**
   * A child transaction, because lmdb-js commits a plain one even when its callback throws. What went
   * to a file that is not the store's any more is not acknowledged.
   */
  private async transact<T>(action: () => T): Promise<T> {
    this.file.check();
    this.file.checkSound();
    try {
      const result = await this.db.root.childTransaction(action);
      this.file.check();
      this.committedAtMs = performance.now();
      return result;
    } catch (error) {
      this.committedAtMs = -Infinity;
      throw await commitError(error, () => this.file.diskReason());
    }
  }

  /** LMDB's file has to be open before the lock is taken: opening it takes the lock alone. */
  private async whileMapped(commit: () => Promise<void>): Promise<void> {
    this.letMapGo();
    await this.lock.writing(commit);
  }

  private async withDeadline<T>(work: Promise<T>): Promise<T> {
    try {
      return await Deadline.after(this.options.writeTimeoutMs).race(work, 'a write to the store');
    } catch (error) {
      if (!(error instanceof OmniError) || error.code !== 'deadline_exceeded') throw error;
      const message = `the store confirmed no write within ${this.options.writeTimeoutMs} ms`;
      throw new OmniError('unavailable', message, { retryAfterMs: RETRY_AFTER_MS, cause: error });
    }
  }
}
