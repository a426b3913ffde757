import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../core/logger.js';
import type { Position } from '../store/store.js';
import type { BuildJob } from './build-protocol.js';
import type { Builder } from './builder.js';
import { collectGarbage } from './garbage.js';
import { asCorrupt, CorruptFile, readInto, recordFile, writeFile } from './durable-file.js';
import {
  decodePosition,
  encodePosition,
  readManifest,
  writeManifest,
  type Manifest,
} from './manifest.js';
import { planMerge, type MergeOptions, type MergePlan, type Pace } from './merge-policy.js';
import { openSegment, type Segment } from './segment.js';
import { SEGMENT_FORMAT } from './segment-format.js';
import type { TenantIndex } from './tenant-index.js';
import type { SegmentOptions } from './write-segment.js';

export interface KeeperOptions {
  /** The tenant's folder, its name free of the tenant's text. */
  folder: string;
  storeId: string;
  segment: Omit<SegmentOptions, 'dimensions'>;
  merge: MergeOptions;
}

const RETRY_FIRST_MS = 1_000;
const RETRY_LAST_MS = 60_000;

/** Up to where segments follow the feed. */
export interface Loaded {
  /** Undefined: nowhere known; all is compared with the store again. */
  position: Position | undefined;
  /** Partitions that were complete as of `position`. */
  partitions: string[];
}

/** Keeps a tenant's segments on disk: loads them at start, seals, merges, cleans up. */
export class SegmentKeeper {
  private building: Promise<void> | undefined;
  private deadFile: string | undefined;
  /** What the segments on disk amount to; the tail's rows are beyond it. */
  private sealed: Loaded = { position: undefined, partitions: [] };
  /** `index.entriesRead` as of then: what has been read since is read again at a start. */
  private sealedEntries = 0;
  /** Segments were replaced since memory was last given back. */
  private replaced = false;
  private closed = false;
  /** After a build that failed: a full disk is not helped by trying at once. */
  private retryAtMs = 0;
  private retryMs = RETRY_FIRST_MS;

  constructor(
    private readonly index: TenantIndex,
    private readonly builder: Builder,
    private readonly options: KeeperOptions,
    private readonly logger: Logger,
  ) {}

  /**
   * Brings the segments of the manifest into the index. One that fails its checksums is left out,
   * and all is compared with the store again (`position` undefined).
   */
  async load(): Promise<Loaded> {
    const { folder, storeId } = this.options;
    await mkdir(folder, { recursive: true });
    let manifest: Manifest | undefined;
    try {
      manifest = await readManifest(folder, storeId, this.index.model);
    } catch (error) {
      if (!(error instanceof CorruptFile)) throw error;
      this.logger.warn({ error: String(error) }, 'manifest discarded, rebuilding from the store');
    }
    if (manifest === undefined) {
      await emptyFolder(folder, new Set());
      return { position: undefined, partitions: [] };
    }
    this.deadFile = manifest.deadFile.name;
    const complete = await this.loadSegments(manifest);
    await this.clean(this.index.segments);
    if (!complete || manifest.position === null) {
      // As soon as all was compared: every start until then would have to do so.
      this.sealedEntries = -Infinity;
      return { position: undefined, partitions: [] };
    }
    const { partitions } = manifest;
    this.sealed = { position: decodePosition(manifest.position), partitions };
    return this.sealed;
  }

  private async loadSegments(manifest: Manifest): Promise<boolean> {
    const { folder } = this.options;
    const dead = await this.readDead(manifest);
    if (dead === undefined) return false;
    let complete = true;
    // What an attempt that failed had opened.
    await Promise.all(this.index.segments.map((segment) => segment.close()));
    this.index.segments = [];
    for (const [i, record] of manifest.segments.entries()) {
      try {
        const segment = await openSegment(folder, record);
        segment.dead.words.set(new Uint32Array(dead[i] as ArrayBuffer));
        segment.deadCount = segment.dead.count();
        this.index.segments.push(segment);
        this.index.generation += 1;
      } catch (error) {
        if (!(error instanceof CorruptFile)) throw error;
        complete = false;
        const { message } = error;
        this.logger.warn({ segment: record.folder, message }, 'segment discarded, rebuilding it');
      }
    }
    return complete;
  }

  private async readDead(manifest: Manifest): Promise<ArrayBuffer[] | undefined> {
    const lengths = manifest.segments.map(({ rows }) => 4 * ((rows + 31) >>> 5));
    try {
      return await readInto(this.options.folder, manifest.deadFile, lengths);
    } catch (error) {
      const corrupt = asCorrupt(error, manifest.deadFile.name);
      if (!(corrupt instanceof CorruptFile)) throw error;
      this.logger.warn({ error: String(error) }, 'delete bitmaps discarded, rebuilding');
      return undefined;
    }
  }

  /** Starts the next build, if one is due and none runs. */
  maintain(pace: Pace, partitions: () => string[]): void {
    const { index } = this;
    if (this.building !== undefined || this.closed || performance.now() < this.retryAtMs) return;
    const sizes = index.segments.map(({ rows, deadCount }) => ({ rows, deadRows: deadCount }));
    // Without a position a manifest spares no reading.
    const entries = index.position === undefined ? 0 : index.entriesRead - this.sealedEntries;
    const plan = planMerge({ rows: index.tail.rows, entries }, sizes, pace, this.options.merge);
    if (plan === undefined) {
      if (pace === 'rest' && this.replaced) this.release();
      return;
    }
    // A merge without the tail writes no newer state than the segments have together.
    const state = plan.tail ? { position: index.position, partitions: partitions() } : this.sealed;
    const { entriesRead } = index;
    this.building = this.build(plan, state)
      .then(() => {
        if (state.position === undefined) this.sealedEntries = -Infinity;
        else if (plan.tail) this.sealedEntries = entriesRead;
      })
      .catch((error: unknown) => {
        if (this.closed) return;
        index.thaw();
        this.retryAtMs = performance.now() + this.retryMs;
        const details = { error: String(error), inMs: this.retryMs };
        this.logger.error(details, 'a segment could not be built; trying again');
        this.retryMs = Math.min(RETRY_LAST_MS, this.retryMs * 2);
      })
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

  private release(): void {
    this.replaced = false;
    collectGarbage();
  }

  /** Resolves when the tail has room again, or when it is time to try to make some. */
  async backpressure(): Promise<void> {
    const { tailRows, fanout } = this.options.merge;
    if (this.index.tail.rows < tailRows * fanout * 2) return;
    if (this.building !== undefined) await this.building;
    else await sleep(Math.min(RETRY_FIRST_MS, Math.max(0, this.retryAtMs - performance.now())));
  }

  /** From here on a build that is called off is no failure. */
  beginClose(): void {
    this.closed = true;
  }

  /** Waits for a running build, whose worker the caller has ended, and lets go of the files. */
  async close(): Promise<void> {
    this.beginClose();
    await this.building;
    await Promise.all(this.index.segments.map((segment) => segment.close()));
  }

  /** `state` is of the turn in which the tail is frozen. */
  private async build(plan: MergePlan, state: Loaded): Promise<void> {
    const { index } = this;
    const { folder, segment } = this.options;
    const merged = plan.segments.map((i) => index.segments[i] as Segment);
    const name = `segment-${randomUUID()}`;
    index.freeze(plan.tail);
    const job: BuildJob = {
      tenantFolder: folder,
      folder: name,
      options: { ...segment, dimensions: index.dimensions },
      segments: merged.map(({ record, dead }) => ({ record, dead: dead.words.slice() })),
    };
    const built = await this.buildSegment(job);
    if (built !== undefined) await index.catchUpDead(built);
    if (this.closed) {
      await built?.close();
      return;
    }
    index.swap(merged, built);
    this.replaced = true;
    try {
      await this.writeManifest(state);
      this.sealed = state;
      this.retryMs = RETRY_FIRST_MS;
      await this.clean(index.segments);
    } finally {
      await Promise.all(merged.map((old) => old.close()));
    }
  }

  /** Leaves nothing behind when it fails: the disk may be full. */
  private async buildSegment(job: BuildJob): Promise<Segment | undefined> {
    const { folder } = this.options;
    const { frozen } = this.index;
    // Nothing was written here for long: only the manifest is to be brought up to now.
    if (job.segments.length === 0 && frozen?.rows === frozen?.deadCount) return undefined;
    try {
      const record = await this.builder.build(job, frozen);
      return record === undefined ? undefined : await openSegment(folder, record);
    } catch (error) {
      await rm(join(folder, job.folder), { recursive: true, force: true });
      throw error;
    }
  }

  /**
   * The bitmaps may be newer than `position`, never older: whatever killed a row since is found
   * again when the feed is replayed from there.
   */
  private async writeManifest({ position, partitions }: Loaded): Promise<void> {
    const { folder, storeId } = this.options;
    const { index } = this;
    const name = `dead-${randomUUID()}.bits`;
    const segments = [...index.segments];
    const words = segments.map(({ dead }) => new Uint8Array(dead.words.slice().buffer));
    await writeFile(join(folder, name), words);
    await writeManifest(folder, {
      format: SEGMENT_FORMAT,
      storeId,
      model: index.model,
      tenant: index.tenant,
      position: position === undefined ? null : encodePosition(position),
      partitions,
      segments: segments.map(({ record }) => record),
      deadFile: await recordFile(folder, name),
    });
    this.deadFile = name;
  }

  /** Removes what no manifest names: leftovers of builds that a crash cut short. */
  private async clean(keep: readonly Segment[]): Promise<void> {
    const names = new Set(['manifest.json', ...keep.map(({ record }) => record.folder)]);
    if (this.deadFile !== undefined) names.add(this.deadFile);
    await emptyFolder(this.options.folder, names);
  }
}

async function emptyFolder(folder: string, except: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!except.has(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
}
