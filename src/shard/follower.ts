import { setImmediate as nextTurn } from 'node:timers/promises';
import { compareBytes } from '../core/ids.js';
import type { Logger } from '../core/logger.js';
import type { FeedEntry, StoreReader, WriteMark } from '../store/store.js';
import { AppliedWaiters } from './applied-waiters.js';
import { Assignment, partitionKey } from './assignment.js';
import { applyEntries, fetchRows } from './feed-rows.js';
import { resync } from './resync.js';
import { forEachLiveRow } from './row-slices.js';
import type { Pace } from './merge-policy.js';
import type { SegmentKeeper } from './segment-keeper.js';
import type { TenantIndex } from './tenant-index.js';

/** Entries applied in one turn: a few milliseconds of reading documents. */
const PAGE_ENTRIES = 128;
/** How long a follower sleeps when no nudge comes. */
const POLL_MS = 500;
const RETRY_MS = 1_000;
/** Without a change for so long, what is left in the tail is worth a build. */
const REST_MS = 2_000;
/**
 * Keeps one tenant's index in step with the store's feed.
 *
 *   load ──manifest, position──> catch up ──end of feed──> wait ──nudge, poll──> catch up
 *     └─ no position, position expired, partition moved here ──> resync ──> catch up
 *
 * It is ready once it has read what was written before it began: under steady writes the end of the
 * feed may never be met.
 */
export class Follower {
  assignment = Assignment.NONE;
  /** Partitions, `id@epoch`, that are complete here. */
  private readonly ready = new Set<string>();
  private placementCounter = -1;
  private needsResync = false;
  /** A page of the feed has been asked for: what comes here now may have been passed over. */
  private begun = false;
  /** False until the feed was read up to `goal`. */
  private caughtUp = false;
  /** The feed's head when the follower began, or began again. */
  private goal: WriteMark | undefined;
  /** Nothing followed in the feed when it was read last. */
  private atEnd = false;
  /** Rows may be held of partitions that are not ours any more: not searched, to be dropped. */
  private holdsForeign = false;
  /** The files were read: `assignment` means something from the next refresh on. */
  loaded = false;
  private readonly waiters = new AppliedWaiters();
  private wake: (() => void) | undefined;
  private nudged = false;
  private changedAtMs = performance.now();
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

  /** What is held is not what the position says: everything is compared with the feed again. */
  distrust(): void {
    this.needsResync = true;
    this.nudge();
  }

  isReady(partition: { id: string; epoch: number }): boolean {
    return this.caughtUp && this.ready.has(partitionKey(partition));
  }

  /** All that the position covers is applied, as far as is known. */
  get isCurrent(): boolean {
    return this.caughtUp && !this.needsResync;
  }

  get allReady(): boolean {
    return this.caughtUp && this.assignment.partitions.every((each) => this.isReady(each));
  }

  /**
   * Resolves true once `mark` is applied to all that the placement, as of now, gives this shard;
   * false when `timeoutMs` passes first. Rejects `overloaded` when too many wait.
   */
  async awaitApplied(mark: WriteMark, timeoutMs: number): Promise<boolean> {
    await this.refreshAssignment();
    if (this.hasApplied(mark)) return true;
    if (this.stopped) return false;
    const applied = this.waiters.add(mark, timeoutMs);
    this.nudge();
    return applied;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.keeper.beginClose();
    this.wake?.();
    await this.running;
    this.waiters.close();
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
        await this.pause(RETRY_MS);
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
    this.goal ??= await this.store.head(this.index.tenant);
    await this.refreshAssignment();
    if (this.needsResync) await this.resync();
    if (this.stopped) return;
    await this.catchUp();
    // Not before: they cost memory, being ready late costs answers.
    if (this.holdsForeign && this.caughtUp) await this.dropForeignRows();
    // What came or went meanwhile is seen to without a pause, and so is what was left to read.
    if (this.needsResync || this.holdsForeign || !this.atEnd) this.nudged = true;
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
    if (lost || first) this.holdsForeign = true;
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
    const { index, store } = this;
    for (;;) {
      const page = await store.readFeed(index.tenant, index.position, PAGE_ENTRIES);
      if (page.expired) {
        this.logger.warn('this shard is older than the tombstones kept, comparing with the store');
        this.caughtUp = false;
        this.goal = undefined;
        this.atEnd = false;
        this.needsResync = true;
        return;
      }
      await this.applyPage(page.entries);
      index.advance(page.position, page.entries.length);
      const reached = this.goal !== undefined && store.covers(page.position, this.goal);
      if (page.atEnd || reached) this.caughtUp = true;
      this.settleWaiters();
      if (page.entries.length > 0) this.changedAtMs = performance.now();
      this.maintain(page.atEnd ? this.pace() : 'busy');
      this.atEnd = page.atEnd;
      const isDue = this.needsResync || (this.holdsForeign && this.caughtUp);
      if (page.atEnd || this.stopped || isDue) return;
      await this.keeper.backpressure();
      await nextTurn();
    }
  }

  /** Compares everything held with the whole feed. */
  private async resync(): Promise<void> {
    this.begun = true;
    // One that comes here on the way has missed the pages before: it waits for another round.
    const complete = new Set(this.assignment.partitions.map(partitionKey));
    const done = await resync(this.store, this.index, {
      pageEntries: PAGE_ENTRIES,
      apply: (entries) => this.applyPage(entries),
      goOn: async () => {
        this.maintain('busy');
        await this.keeper.backpressure();
        await nextTurn();
        return !this.stopped;
      },
    });
    if (done === undefined) return;
    this.index.advance(done.position, done.entries);
    this.keeper.sealSoon();
    for (const partition of this.assignment.partitions) {
      const key = partitionKey(partition);
      if (complete.has(key)) this.ready.add(key);
    }
    this.needsResync = this.assignment.partitions.some(
      (partition) => !this.ready.has(partitionKey(partition)),
    );
  }

  private async applyPage(entries: readonly FeedEntry[]): Promise<void> {
    await this.refreshAssignment();
    const rows = await fetchRows(this.store, this.index, this.assignment, entries);
    applyEntries(this.index, this.assignment, entries, rows);
  }

  private async dropForeignRows(): Promise<void> {
    this.holdsForeign = false;
    await forEachLiveRow(this.index, (block, row) => {
      if (this.assignment.ownsHash(block.categoryOf(row), block.hash(row))) return;
      this.index.drop(block.id(row), block.version(row));
    });
  }

  private pace(): Pace {
    return performance.now() - this.changedAtMs < REST_MS ? 'quiet' : 'rest';
  }

  private maintain(pace: Pace): void {
    if (this.stopped) return;
    this.keeper.maintain(pace, () => [...this.ready].sort(compareBytes));
  }

  private hasApplied(mark: WriteMark): boolean {
    return this.isCurrent && this.store.covers(this.index.position, mark);
  }

  private settleWaiters(): void {
    this.waiters.settle((mark) => this.hasApplied(mark));
  }

  /** Ends early by a nudge. */
  private async sleep(ms: number): Promise<void> {
    if (!this.nudged) await this.wait(ms, () => true);
  }

  /** Ends early only by a stop: what fails is not tried again at once because there is more to do. */
  private async pause(ms: number): Promise<void> {
    await this.wait(ms, () => this.stopped);
  }

  private async wait(ms: number, isOver: () => boolean): Promise<void> {
    if (this.stopped) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        if (!isOver()) return;
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = undefined;
  }
}
