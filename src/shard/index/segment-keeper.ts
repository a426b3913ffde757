import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../core/logger.js';
import { DamagedSource, type Build, type Builder, type ChooseWidths } from '../build/builder.js';
import { collectGarbage } from '../build/garbage.js';
import type { SegmentOptions } from '../build/write-segment.js';
import { buildSegment } from './build-segment.js';
import type { CorruptFile } from './durable-file.js';
import { loadSegments } from './load-segments.js';
import {
  isOverfull,
  planMerge,
  type MergeOptions,
  type MergePlan,
  type Pace,
} from './merge-policy.js';
import type { PinnedFiles } from './pinned-files.js';
import { SealedState, type SealedPlace } from './sealed-state.js';
import type { Segment } from './segment.js';
import { chooseAnew, findStale, type StaleWidths } from './stale-widths.js';
import type { TenantIndex } from './tenant-index.js';
import { sortTiers } from '../tiers/sort-tiers.js';
import type { TierWatch } from '../tiers/tier-watch.js';
import type { Loaded } from './write-sealed.js';

/** Its folder is the tenant's, with a name free of the tenant's text. */
export interface KeeperOptions extends SealedPlace {
  segment: Omit<SegmentOptions, 'dimensions'>;
  merge: MergeOptions;
  /** Absent: all is hot. */
  tiers?: TierWatch | undefined;
}

const RETRY_FIRST_MS = 1_000;
const RETRY_LAST_MS = 60_000;

/**
 * Keeps a tenant's segments on disk: loads them, seals, merges, cleans up. May be closed and loaded
 * again any number of times. A damaged graph is built anew from the vectors, its rows scanned until
 * then; a segment that is damaged otherwise is discarded, and `onLost` has its rows read again.
 */
export class SegmentKeeper {
  /** Told when rows were lost that the position covers. */
  onLost: (() => void) | undefined;
  private building: Promise<void> | undefined;
  private readonly sealed: SealedState;
  /** `index.entriesRead` as of then: what has been read since is read again at a start. */
  private sealedEntries = 0;
  /** Segments were replaced since memory was last given back. */
  private replaced = false;
  private closed = false;
  /** After a build that failed: a full disk is not helped by trying at once. */
  private retryAtMs = 0;
  private retryMs = RETRY_FIRST_MS;
  private widthsAtMs = 0;

  constructor(
    private readonly index: TenantIndex,
    private readonly builder: Builder,
    private readonly options: KeeperOptions,
    private readonly logger: Logger,
  ) {
    this.sealed = new SealedState(options);
  }

  /** What no build removes from the folder. */
  get spared(): SealedState['spared'] {
    return this.sealed.spared;
  }

  /**
   * Brings the segments of the manifest into the index, which is emptied first. Where one had to be
   * left out, all is compared with the store again (`position` undefined).
   */
  async load(): Promise<Loaded> {
    const { index, logger } = this;
    const { folder, storeId, terms } = this.options;
    this.closed = false;
    this.sealed.begin(undefined, false);
    // What an attempt that failed had opened.
    await Promise.all(index.clear().map((segment) => segment.close()));
    const loaded = await loadSegments(folder, { storeId, terms, model: index.model }, logger);
    const { manifest, segments, isComplete } = loaded;
    this.hold(segments);
    const isWhole = this.sealed.begin(manifest, isComplete);
    // Sealed as soon as all was compared: every start until then would have to do so.
    const mustSeal = manifest !== undefined && !isWhole;
    this.sealedEntries = mustSeal ? -Infinity : index.entriesRead;
    return this.sealed.amount;
  }

  /**
   * Takes in segments that lie in the folder already, with no row of which the index has another version.
   *
   * @param state what they amount to by themselves, where nothing was held before
   */
  takeIn(segments: readonly Segment[], state?: Loaded): void {
    this.hold(segments);
    if (state !== undefined) {
      this.sealed.amount = state;
      this.index.position = state.position;
    }
    this.sealSoon();
  }

  /** What is sealed, for others to copy; undefined where it cannot be relied on. */
  pin(): PinnedFiles | undefined {
    return this.closed ? undefined : this.sealed.pin();
  }

  get isBuilding(): boolean {
    return this.building !== undefined;
  }

  /** Entries of the feed that a start would read again. */
  get unsealedEntries(): number {
    // Without a position a manifest spares no reading.
    if (this.index.position === undefined) return 0;
    return this.index.entriesRead - this.sealedEntries;
  }

  /** Starts the next build, if one is due and none runs. */
  maintain(pace: Pace, partitions: () => string[]): void {
    if (this.building !== undefined || this.closed || performance.now() < this.retryAtMs) return;
    const isMergeDue = this.plan(pace) !== undefined;
    const isTierDue = pace !== 'busy' && this.options.tiers?.isDue === true;
    const isFree = !isMergeDue && !isTierDue;
    const stale = isFree && pace === 'rest' ? this.staleWidths() : undefined;
    if (isFree && stale === undefined) {
      if (pace !== 'rest' || !this.replaced) return;
      this.replaced = false;
      collectGarbage();
      return;
    }
    const work = (build: Build, chooseWidths: ChooseWidths): Promise<void> => {
      if (isMergeDue) return this.buildNext(pace, partitions, build);
      if (isTierDue || stale === undefined) return this.sortTiers(build);
      return this.chooseWidths(stale, chooseWidths);
    };
    this.building = this.builder
      .inTurn(this.index.tenant, work)
      .catch((error: unknown) => this.failed(error))
      .finally(() => {
        this.building = undefined;
      });
  }

  /**
   * What was healed beside the feed's order is on disk with the next seal only, and a start before
   * it would not find it again: makes that due, also when a build runs.
   */
  sealSoon(): void {
    this.index.entriesRead += this.options.merge.replayEntries;
  }

  /** Resolves when the tail has room again, or when it is time to try to make some. */
  async backpressure(): Promise<void> {
    if (!isOverfull(this.index.unsealed, this.options.merge)) return;
    if (this.building !== undefined) await this.building;
    else await sleep(Math.min(RETRY_FIRST_MS, Math.max(0, this.retryAtMs - performance.now())));
  }

  /** From here on a build that is called off is no failure. */
  beginClose(): void {
    this.closed = true;
  }

  /** Waits for a running build, whose worker the caller may have ended, and lets go of the files. */
  async close(): Promise<void> {
    this.beginClose();
    await this.building;
    await Promise.all(this.index.segments.map((segment) => segment.close()));
  }

  private plan(pace: Pace): MergePlan | undefined {
    const { index } = this;
    const sizes = index.segments.map((segment) => segment.size);
    const unsealed = { ...index.unsealed, entries: this.unsealedEntries };
    return planMerge(unsealed, sizes, pace, this.options.merge);
  }

  /** Plans anew: since it was asked for, other tenants have had their turns. */
  private async buildNext(pace: Pace, partitions: () => string[], build: Build): Promise<void> {
    const plan = this.closed ? undefined : this.plan(pace);
    if (plan === undefined) return;
    const { position, entriesRead } = this.index;
    // A merge without the tail writes no newer state than the segments have together.
    const state = plan.tail ? { position, partitions: partitions() } : this.sealed.amount;
    await this.build(plan, state, build);
    if (state.position === undefined) this.sealedEntries = -Infinity;
    else if (plan.tail) this.sealedEntries = entriesRead;
  }

  private staleWidths(): StaleWidths | undefined {
    const isTime = performance.now() >= this.widthsAtMs;
    if (!isTime || !this.sealed.isReliable) return undefined;
    return findStale(this.index, this.options.segment.ef);
  }

  private async chooseWidths(stale: StaleWidths, choose: ChooseWidths): Promise<void> {
    const { index, sealed, logger } = this;
    const { losses } = sealed;
    const { folder, segment: options } = this.options;
    this.widthsAtMs = performance.now() + RETRY_LAST_MS;
    try {
      const isHeld = await chooseAnew(stale, index, { folder, ef: options.ef, logger }, choose);
      if (isHeld && !this.closed) await sealed.write(index, sealed.amount, losses);
      this.widthsAtMs = 0;
    } catch (error) {
      if (error instanceof DamagedSource || this.closed) throw error;
      // No reason for seals and merges to wait.
      logger.warn({ error: String(error) }, 'widths of graphs could not be chosen anew');
    }
  }

  private failed(error: unknown): void {
    if (this.closed) return;
    this.index.thaw();
    if (error instanceof DamagedSource) {
      const damaged = this.index.segments.find(({ name }) => name === error.folder);
      if (damaged !== undefined) this.discard(damaged, error);
      return;
    }
    this.retryAtMs = performance.now() + this.retryMs;
    const details = { error: String(error), inMs: this.retryMs };
    this.logger.error(details, 'a segment could not be built; trying again');
    this.retryMs = Math.min(RETRY_LAST_MS, this.retryMs * 2);
  }

  private take(segment: Segment): void {
    segment.onDamage = (damaged, error) => this.discard(damaged, error);
    // What cannot be read now is checked when it is wanted.
    segment.checkVectors().catch(() => undefined);
  }

  private hold(segments: readonly Segment[]): void {
    for (const segment of segments) this.take(segment);
    this.index.add(segments);
  }

  /** Its rows are read from the store again. */
  private discard(segment: Segment, error: CorruptFile): void {
    if (this.closed || !this.index.lose(segment)) return;
    const details = { segment: segment.name, message: error.message };
    this.logger.warn(details, 'segment discarded while running, rebuilding it');
    this.sealed.lose();
    this.sealedEntries = -Infinity;
    segment.close().catch(() => undefined);
    this.onLost?.();
  }

  /** `state` is of the turn in which the tail is frozen. */
  private async build(plan: MergePlan, state: Loaded, build: Build): Promise<void> {
    const { index, options } = this;
    const { losses } = this.sealed;
    const merged = plan.segments.map((i) => index.segments[i] as Segment);
    const tier = merged.length > 0 && merged.every(({ isWarm }) => isWarm) ? 'warm' : undefined;
    index.freeze(plan.tail);
    // A tenant that is too small for a segment has no folder.
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    const sources = merged.map((segment) => ({ segment }));
    const built = await buildSegment(index, sources, options, build, this.logger, tier);
    if (built !== undefined) await index.catchUp(built, merged);
    await this.exchange({ state, losses }, merged, built, merged, () => index.swap(merged, built));
  }

  /** Has rows that may be warm, or may not be so any more, come to their tier: a step, where there is one to do. */
  private async sortTiers(build: Build): Promise<void> {
    const { tiers } = this.options;
    // Nothing that fails is tried again at once.
    tiers?.begin();
    const { index, logger, options: place } = this;
    const { losses, amount: state } = this.sealed;
    // What the segments hold is not known to be whole: that comes first.
    if (state.position === undefined) return;
    const work = this.closed ? undefined : await tiers?.next();
    if (work === undefined) return;
    const exchange = this.exchange.bind(this, { losses, state });
    await sortTiers(work, { index, place, logger, exchange }, build);
    tiers?.again();
  }

  /** Has `built`, made of `sources`, take its place by `swap`; writes down what is here then, and closes `gone`. */
  private async exchange(
    { state, losses }: { state: Loaded; losses: number },
    sources: readonly Segment[],
    built: Segment | undefined,
    gone: readonly Segment[],
    swap: () => void,
  ): Promise<void> {
    const { index } = this;
    if (this.closed) {
      await built?.close();
      return;
    }
    // Its rows are being read again: here they would be twice.
    if (sources.some((segment) => !index.segments.includes(segment))) {
      await built?.close();
      throw new Error('a segment was discarded while it was merged');
    }
    if (built !== undefined) this.take(built);
    swap();
    this.replaced = true;
    try {
      await this.sealed.write(index, state, losses);
      this.retryMs = RETRY_FIRST_MS;
    } finally {
      await Promise.all(gone.map((old) => old.close()));
    }
  }
}
