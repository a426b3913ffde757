import { setImmediate as nextTurn } from 'node:timers/promises';
import { compareBytes } from '../core/ids.js';
import type { Logger } from '../core/logger.js';
import type { FeedEntry, Position, StoredRow, StoreReader, WriteMark } from '../store/store.js';
import { Assignment, partitionKey } from './assignment.js';
import type { SegmentKeeper } from './segment-keeper.js';
import type { TenantIndex } from './tenant-index.js';

/** Entries applied in one turn: a few milliseconds of reading documents. */
const PAGE_ENTRIES = 128;
/** How long a follower sleeps when no nudge comes. */
const POLL_MS = 500;
const RETRY_MS = 1_000;

interface Waiter {
  mark: WriteMark;
  resolve: (applied: boolean) => void;
  timer: NodeJS.Timeout;
}

/**
 * Keeps one tenant's index in step with the store's feed.
 *
 *   load ──manifest, position──> catch up ──end of feed──> wait ──nudge, poll──> catch up
 *     └─ no position, position expired, partition moved here ──> resync ──> catch up
 *
 * A resync reads the whole feed beside what is held: rows that are there in the right version stay,
 * missing ones are fetched, and what the feed does not know any more is dropped.
 */
export class Follower {
  assignment = Assignment.NONE;
  /** Partitions, `id@epoch`, that are complete here. */
  private readonly ready = new Set<string>();
  private placementCounter = -1;
  private needsResync = false;
  /** A page of the feed has been asked for: what comes here now may have been passed over. */
  private begun = false;
  /** False until the feed's end, as of the start, was reached once. */
  private caughtUp = false;
  /** The files were read: `assignment` means something from the next refresh on. */
  loaded = false;
  private readonly waiters = new Set<Waiter>();
  private wake: (() => void) | undefined;
  private nudged = false;
  private stopped = false;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly shard: string,
    private readonly store: StoreReader,
    readonly index: TenantIndex,
    private readonly keeper: SegmentKeeper,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.running = this.run();
  }

  /** There is something new in the feed. */
  nudge(): void {
    this.nudged = true;
    this.wake?.();
  }

  isReady(partition: { id: string; epoch: number }): boolean {
    return this.caughtUp && this.ready.has(partitionKey(partition));
  }

  get allReady(): boolean {
    return (
      this.caughtUp && this.assignment.partitions.every((partition) => this.isReady(partition))
    );
  }

  /**
   * Resolves true once `mark` is applied to all that the placement, as of now, gives this shard;
   * false when `timeoutMs` passes first.
   */
  async awaitApplied(mark: WriteMark, timeoutMs: number): Promise<boolean> {
    await this.refreshAssignment();
    if (this.hasApplied(mark)) return true;
    if (this.stopped) return false;
    this.nudge();
    return new Promise((resolve) => {
      const waiter: Waiter = {
        mark,
        resolve,
        timer: setTimeout(() => {
          this.waiters.delete(waiter);
          resolve(false);
        }, timeoutMs),
      };
      this.waiters.add(waiter);
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.wake?.();
    await this.running;
    for (const waiter of this.waiters) {
      clearTimeout(waiter.timer);
      waiter.resolve(false);
    }
    await this.keeper.close();
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      try {
        if (!this.loaded) await this.load();
        await this.step();
        await this.sleep(POLL_MS);
      } catch (error) {
        this.logger.warn({ error: String(error) }, 'the feed could not be followed, trying again');
        await this.sleep(RETRY_MS);
      }
    }
  }

  private async load(): Promise<void> {
    const { position, partitions } = await this.keeper.load();
    this.index.position = position;
    for (const key of partitions) this.ready.add(key);
    this.needsResync = this.index.position === undefined && this.index.segments.length > 0;
    this.loaded = true;
  }

  private async step(): Promise<void> {
    this.nudged = false;
    await this.refreshAssignment();
    if (this.needsResync) await this.resync();
    await this.catchUp();
    // A partition that came here meanwhile is fetched without a pause.
    if (this.needsResync) this.nudged = true;
  }

  /** Takes over the placement as it is now. Called after a page was read, before it is applied. */
  async refreshAssignment(): Promise<void> {
    // What is complete here is only known once the manifest was read.
    if (!this.loaded) return;
    // Read before the placement: a change between the two is seen again next time.
    const counter = await this.store.placementCounter();
    if (counter === this.placementCounter) return;
    const next = await Assignment.read(this.store, this.index.tenant, this.shard);
    this.placementCounter = counter;
    // A search may have refreshed it meanwhile: the newer view stays.
    if (next.counter <= this.assignment.counter) return;
    const lost = this.assignment.partitions.some((old) => next.get(old.id) === undefined);
    const first = this.assignment === Assignment.NONE;
    this.assignment = next;
    if (lost || first) this.dropForeignRows();
    const keys = new Set(next.partitions.map(partitionKey));
    for (const key of this.ready) if (!keys.has(key)) this.ready.delete(key);
    const { position, segments } = this.index;
    const fresh = !this.begun && position === undefined && segments.length === 0;
    for (const partition of next.partitions) {
      if (this.ready.has(partitionKey(partition))) continue;
      // Epoch 1: no product of it was written before the document, so none was passed over.
      if (partition.epoch === 1 || fresh) this.ready.add(partitionKey(partition));
      else this.needsResync = true;
    }
  }

  private async catchUp(): Promise<void> {
    this.begun = true;
    for (;;) {
      const { index } = this;
      const page = await this.store.readFeed(index.tenant, index.position, PAGE_ENTRIES);
      if (page.expired) {
        this.logger.warn('this shard is older than the tombstones kept, comparing with the store');
        this.caughtUp = false;
        this.needsResync = true;
        return this.step();
      }
      await this.refreshAssignment();
      const rows = await this.fetch(page.entries);
      this.apply(page.entries, rows);
      index.position = page.position;
      this.settleWaiters();
      this.maintain(!page.atEnd);
      if (page.atEnd || this.stopped) break;
      await this.keeper.backpressure();
      await nextTurn();
    }
    this.caughtUp = true;
    this.settleWaiters();
  }

  /** Compares everything held with the whole feed; see the class comment. */
  private async resync(): Promise<void> {
    const { tenant } = this.index;
    this.begun = true;
    const known = new Set<string>();
    // One that comes here on the way has missed the pages before: it waits for another round.
    const complete = new Set(this.assignment.partitions.map(partitionKey));
    let position: Position | undefined;
    for (;;) {
      const page = await this.store.readFeed(tenant, position, PAGE_ENTRIES);
      if (page.expired) {
        known.clear();
        position = undefined;
        continue;
      }
      await this.refreshAssignment();
      const rows = await this.fetch(page.entries);
      this.apply(page.entries, rows);
      for (const { id, deleted } of page.entries) {
        if (!deleted && this.index.heldVersion(id) !== undefined) known.add(id);
      }
      position = page.position;
      this.maintain(true);
      if (page.atEnd) break;
      if (this.stopped) return;
      await this.keeper.backpressure();
      await nextTurn();
    }
    for (const block of this.index.blocks()) {
      for (let row = 0; row < block.rows; row++) {
        if (block.dead.has(row)) continue;
        const id = block.id(row);
        // By id: between two turns the block may have been merged into another.
        if (!known.has(id)) this.index.drop(id, block.version(row));
      }
      await nextTurn();
    }
    this.index.position = position;
    for (const partition of this.assignment.partitions) {
      const key = partitionKey(partition);
      if (complete.has(key)) this.ready.add(key);
    }
    this.needsResync = this.assignment.partitions.some(
      (partition) => !this.ready.has(partitionKey(partition)),
    );
  }

  /** The rows of entries that belong here and are not held yet. */
  private async fetch(entries: readonly FeedEntry[]): Promise<Map<string, StoredRow>> {
    const wanted = entries.filter(
      ({ id, version, category, deleted }) =>
        !deleted &&
        this.assignment.owns(category, id) &&
        (this.index.heldVersion(id) ?? -1) < version,
    );
    const ids = wanted.map(({ id }) => id);
    const rows = ids.length === 0 ? [] : await this.store.rows(this.index.tenant, ids);
    const byId = new Map<string, StoredRow>();
    for (const row of rows) if (row?.model === this.index.model) byId.set(row.product.id, row);
    return byId;
  }

  private apply(entries: readonly FeedEntry[], rows: ReadonlyMap<string, StoredRow>): void {
    const { index, assignment } = this;
    for (const { id, version, category, deleted } of entries) {
      const row = rows.get(id);
      if (row !== undefined && assignment.owns(row.product.category, id)) {
        index.upsert(row);
        continue;
      }
      // What moved away, was deleted, or has lost its row since: nothing older may stay.
      const leaves = deleted || row !== undefined || !assignment.owns(category, id);
      if (leaves || (index.heldVersion(id) ?? -1) < version) index.drop(id, version);
    }
  }

  private dropForeignRows(): void {
    for (const block of this.index.blocks()) {
      for (let row = 0; row < block.rows; row++) {
        if (block.dead.has(row)) continue;
        if (!this.assignment.ownsHash(block.categoryOf(row), block.hash(row))) {
          this.index.killRow(block, row);
        }
      }
    }
  }

  private maintain(busy: boolean): void {
    if (this.stopped) return;
    this.keeper.maintain(busy, () => [...this.ready].sort(compareBytes));
  }

  private hasApplied(mark: WriteMark): boolean {
    const current = this.caughtUp && !this.needsResync;
    return current && this.store.covers(this.index.position, mark);
  }

  private settleWaiters(): void {
    for (const waiter of this.waiters) {
      if (!this.hasApplied(waiter.mark)) continue;
      this.waiters.delete(waiter);
      clearTimeout(waiter.timer);
      waiter.resolve(true);
    }
  }

  private async sleep(ms: number): Promise<void> {
    if (this.nudged || this.stopped) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = undefined;
  }
}
