import { setImmediate as nextTurn } from 'node:timers/promises';
import { reasonOf } from '../../core/errors.js';
import type { Logger } from '../../core/logger.js';
import { feedPages } from '../../store/feed-pages.js';
import type { FeedEntry, PartitionRef, StoreReader, WriteMark } from '../../store/store.js';
import type { Pace } from '../index/merge-policy.js';
import type { SegmentKeeper } from '../index/segment-keeper.js';
import type { TenantIndex } from '../index/tenant-index.js';
import { Assignment } from './assignment.js';
import { applyEntries, dropRowsOfOthers } from './feed-rows.js';
import { Behind, type AppliedCount } from './behind.js';
import { Fill, type CopyRows } from './fill.js';
import { Nudges } from './nudges.js';
import { Readiness } from './readiness.js';
import { rebuild } from './rebuild.js';
import { Waiters } from './waiters.js';

/** A page of the feed: some milliseconds of reading documents. */
const PAGE = { pageEntries: 128, pageBytes: 2 * 1024 * 1024 };
const RETRY_MS = 1_000;
/** Without a change for so long, what is left in the write buffer is worth a build. */
const REST_MS = 2_000;

/**
 * Keeps one open index in step with its tenant's feed.
 *
 *   load ──manifest, position──> catch up ──end of feed──> rest ──nudge──> catch up
 *     ├─ nothing, a peer's files ──^
 *     │                            └─ partition came here ──> fill, a page between two rounds of catching up
 *     └─ no position, position expired ──> rebuild ──> catch up
 *
 * It is ready once it has read what was written before it began: under steady writes the end of the
 * feed may never be met. At rest it asks the store nothing: a nudge tells that there is more.
 */
export class Follower {
  readonly behind: Behind;
  /** What of it is complete. */
  readonly readiness = new Readiness();
  private needsRebuild = false;
  /** How often a rebuild was asked for: one that runs then does not settle it. */
  private rebuildsWanted = 0;
  /** A page of the feed has been asked for: what comes here now may have been passed over. */
  private begun = false;
  private readonly fill: Fill;
  private readonly waiters = new Waiters();
  private readonly nudges = new Nudges();
  private changedAtMs = performance.now();
  private stopped = false;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly shard: string,
    private readonly store: StoreReader,
    readonly index: TenantIndex,
    private readonly keeper: SegmentKeeper,
    private readonly logger: Logger,
    copyRows?: CopyRows,
    private readonly applied: AppliedCount = { entries: 0 },
  ) {
    keeper.onLost = () => this.lost();
    this.behind = new Behind(store, index);
    const deps = { store, index, keeper, readiness: this.readiness, copyRows };
    this.fill = new Fill(deps, PAGE, () => this.nudge());
  }

  start(): void {
    this.running = this.run();
  }

  /** There is something new: in the feed, or in the placement. */
  nudge(): void {
    this.nudges.nudge();
  }

  /** To be called twice a second or so: builds what has become due by time alone. */
  tick(): void {
    if (this.nudges.isResting) this.maintain(this.pace());
  }

  /** What is held is not what the position says: all is compared with the feed again. */
  invalidate(): void {
    this.needsRebuild = true;
    this.rebuildsWanted += 1;
    this.nudge();
  }

  /** Rows are gone that the position covers: nothing is ready until all was compared. */
  private lost(): void {
    this.readiness.caughtUp = false;
    this.invalidate();
  }

  /** By the newest placement that was read. */
  get assignment(): Assignment {
    return this.readiness.assignment;
  }

  /** All that the position covers is applied, as far as is known, but for what is being filled. */
  get isCurrent(): boolean {
    return this.readiness.caughtUp && !this.needsRebuild;
  }

  /** Nothing is left to do and nobody needs it: it may be stopped without a loss. */
  get isSettled(): boolean {
    const isWanted = this.waiters.isWanted || this.keeper.isBuilding;
    const isResting = this.nudges.isResting && !this.nudges.isDue;
    return isResting && this.isCurrent && !isWanted && !this.fill.isNeeded;
  }

  /** This process may have stood still: what was written meanwhile is read before anything is searched. */
  doubt(): void {
    this.readiness.caughtUp = false;
    this.nudge();
  }

  /** Runs `action`; until it ends, this is needed. */
  use<T>(action: () => Promise<T>): Promise<T> {
    return this.waiters.use(action);
  }

  /** Has what came since the last seal sealed, where it is `entries` or more; false: it is not. */
  sealBeforeSleep(entries: number): boolean {
    if (this.keeper.unsealedEntries < entries) return false;
    this.keeper.sealSoon();
    this.maintain('rest');
    return true;
  }

  /**
   * Resolves true once `mark` is applied to all that the placement, as of now, has this node serve, and
   * `partitions` are complete; false when `timeoutMs` passes first. Rejects `overloaded` when too many wait.
   */
  async awaitApplied(
    mark: WriteMark,
    timeoutMs: number,
    partitions: readonly PartitionRef[] = [],
  ): Promise<boolean> {
    await this.refreshAssignment();
    const isApplied = (): boolean =>
      this.isCurrent &&
      this.store.covers(this.index.position, mark) &&
      partitions.every((partition) => this.readiness.isReady(partition));
    const applied = this.waiters.until(isApplied, timeoutMs);
    this.nudge();
    return applied;
  }

  /** Resolves true once the feed was read up to where it was at the start, or as `awaitApplied`. */
  awaitCaughtUp(timeoutMs: number): Promise<boolean> {
    return this.waiters.until(() => this.readiness.isSettled, timeoutMs);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.fill.beginClose();
    this.keeper.beginClose();
    this.nudges.stop();
    await this.running;
    this.waiters.close();
    await this.fill.close();
    await this.keeper.close();
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      try {
        if (!this.readiness.loaded) await this.load();
        await this.step();
        await this.nudges.rest(this.fill.waitMs);
      } catch (error) {
        this.behind.failed();
        this.logger.warn(
          { error: reasonOf(error) },
          'the feed could not be followed, trying again',
        );
        await this.nudges.pause(RETRY_MS);
      }
    }
  }

  private async load(): Promise<void> {
    const { position, partitions } = await this.keeper.load();
    this.index.position = position;
    this.readiness.load(partitions);
    this.needsRebuild = position === undefined && this.index.segments.length > 0;
  }

  private async step(): Promise<void> {
    this.nudges.isDue = false;
    await this.refreshAssignment();
    if (!this.begun && this.index.isBlank && !this.fill.takeFirst()) {
      this.behind.none();
      return;
    }
    if (this.needsRebuild) await this.rebuild();
    if (this.stopped) return;
    const atEnd = await this.catchUp();
    // Not before: they cost memory, being ready late costs answers.
    if (this.readiness.hasForeignRows && this.readiness.caughtUp) await this.dropForeignRows();
    if (this.fill.waitMs === 0 && atEnd) await this.fillSome();
    this.waiters.settle();
    // What came or went meanwhile is seen to without a pause, and so is what was left to read.
    const isMore = this.needsRebuild || this.readiness.hasForeignRows || this.fill.waitMs === 0;
    if (isMore || !atEnd) this.nudges.isDue = true;
  }

  private async dropForeignRows(): Promise<void> {
    const { assignment, readiness } = this;
    await dropRowsOfOthers(this.index, () => this.assignment);
    if (this.assignment === assignment) readiness.hasForeignRows = false;
  }

  private async fillSome(): Promise<void> {
    if (await this.fill.step((entries) => this.applyPage(entries))) this.keeper.sealSoon();
    this.maintain('busy');
    await this.keeper.backpressure();
    await nextTurn();
  }

  /** Takes over the placement as it is now: after a page was read, before it is applied. */
  async refreshAssignment(): Promise<void> {
    // What is complete here is only known once the manifest was read.
    if (!this.readiness.loaded) return;
    const { tenant } = this.index;
    const placement = await this.store.placement(tenant);
    // A search may have refreshed it meanwhile: the newer view stays.
    if (placement.counter <= this.assignment.counter) return;
    const isFresh = !this.begun && this.index.isBlank && !this.fill.asksPeers;
    const next = new Assignment(this.shard, placement);
    if (this.readiness.adopt(next, isFresh)) this.keeper.sealSoon();
    this.fill.placementChanged();
    if (!this.readiness.isSettled || this.fill.isNeeded) this.nudge();
  }

  /** Returns whether the end of the feed was met. */
  private async catchUp(): Promise<boolean> {
    this.begun = true;
    const { index, store } = this;
    const after = index.position;
    const { pageEntries, pageBytes } = PAGE;
    const settling = this.readiness.settlingKeys();
    let atEnd = false;
    for await (const page of feedPages(store, index.tenant, after, pageEntries, pageBytes)) {
      if (page.expired) {
        this.logger.warn('this shard is older than the tombstones kept, comparing with the store');
        this.readiness.caughtUp = false;
        this.needsRebuild = true;
        return false;
      }
      await this.applyPage(page.entries);
      // The position may not come to cover what was lost meanwhile.
      if (!this.isCurrent && this.needsRebuild) return false;
      index.advance(page.position, page.entries.length);
      await this.behind.advanced(page.entries.length, page.atEnd);
      if (page.entries.length > 0) this.changedAtMs = performance.now();
      ({ atEnd } = page);
      this.maintain(atEnd ? this.pace() : 'busy');
      this.waiters.settle();
      if (this.stopped || this.needsRebuild) return false;
      await this.keeper.backpressure();
      await nextTurn();
    }
    this.readiness.reachedEnd(settling);
    return atEnd;
  }

  /** Compares everything held with the whole feed. */
  private async rebuild(): Promise<void> {
    this.begun = true;
    const { rebuildsWanted } = this;
    // One that comes here on the way has missed the pages before: it waits for another round.
    const complete = this.readiness.here;
    const done = await rebuild(this.store, this.index, {
      ...PAGE,
      apply: (entries) => this.applyPage(entries),
      goOn: async () => {
        this.maintain('busy');
        await this.keeper.backpressure();
        await nextTurn();
        return !this.stopped;
      },
    });
    if (done === undefined || this.rebuildsWanted !== rebuildsWanted) return;
    this.index.advance(done.position, done.entries);
    this.keeper.sealSoon();
    this.readiness.complete(complete);
    this.needsRebuild = false;
  }

  private async applyPage(entries: readonly FeedEntry[]): Promise<void> {
    if (entries.length === 0) return;
    await this.refreshAssignment();
    await applyEntries(this.store, this.index, this.assignment, entries);
    this.applied.entries += entries.length;
    await this.fill.applied(entries);
  }

  private pace(): Pace {
    if (this.fill.isNeeded) return 'busy';
    return performance.now() - this.changedAtMs < REST_MS ? 'quiet' : 'rest';
  }

  private maintain(pace: Pace): void {
    if (this.stopped) return;
    this.keeper.maintain(pace, () => this.readiness.readyKeys());
  }
}
