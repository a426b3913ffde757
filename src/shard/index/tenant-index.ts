import { setImmediate as nextTurn } from 'node:timers/promises';
import type { PackedPrices } from '../../core/price-entries.js';
import type { Position, StoredRow } from '../../store/store.js';
import { carryPrices, copyPrices } from './prices/carry-prices.js';
import { Searcher } from './searcher.js';
import type { Bitset } from './bitset.js';
import type { SegmentReader } from './segment-reader.js';
import type { ProductTerms } from '../../text/product-terms.js';
import type { TextSettings } from '../../text/text-settings.js';
import type { Segment } from './segment.js';
import { RecentQueries } from './recent-queries.js';
import { WriteBuffer } from './write-buffer.js';

interface Killed {
  id: string;
  version: number;
}

/** Rows of a segment that are written into another. */
export interface MovedRows {
  segment: Segment;
  rows: Bitset;
}

/** A few milliseconds of finding ids. */
const KILLS_A_TURN = 2_000;

/**
 * One tenant's rows in one shard: immutable segments and a mutable tail. An id is live in at most
 * one row. All changes happen in one turn; searches between turns see a whole state.
 *
 *   tail ──freeze()──> frozen ──swap()──> segment
 */
export class TenantIndex {
  /** Everything up to here is in the rows below; undefined before the first page was applied. */
  position: Position | undefined;
  /** Entries of the feed that were read, all in all. */
  entriesRead = 0;
  segments: Segment[] = [];
  tail: WriteBuffer;
  /** A tail that is being built into a segment. */
  frozen: WriteBuffer | undefined;
  /** Grows with every change of rows: what was computed from them before is stale. */
  generation = 0;
  /** What callers searched for, for the next graph to be tried with. */
  readonly recentQueries = new RecentQueries();
  /** Ids killed in frozen rows or segments while a build runs over them. */
  private killed: Killed[] | undefined;
  /** Ids of frozen rows and segments whose prices changed meanwhile. */
  private repriced: string[] | undefined;

  constructor(
    readonly tenant: string,
    readonly model: string,
    readonly dimensions: number,
    /** How products become words. */
    readonly text: TextSettings,
  ) {
    this.tail = new WriteBuffer(dimensions);
  }

  /** Nothing is held, and nothing of the feed was applied. */
  get isBlank(): boolean {
    return this.position === undefined && this.segments.length === 0;
  }

  /** The feed is applied up to `position`, which `entries` more have led to. */
  advance(position: Position, entries: number): void {
    this.position = position;
    this.entriesRead += entries;
  }

  /** The index as of now, for a search of many turns. To be released. */
  searcher(): Searcher {
    const { segments, buffers, generation } = this;
    return new Searcher({ segments, buffers, generation });
  }

  /** Everything that is searched. */
  blocks(): SegmentReader[] {
    return [...this.segments, ...this.buffers].filter((block) => block.rows > block.deletes.count);
  }

  private get buffers(): WriteBuffer[] {
    return this.frozen === undefined ? [this.tail] : [this.frozen, this.tail];
  }

  get liveRows(): number {
    return this.blocks().reduce((sum, block) => sum + block.rows - block.deletes.count, 0);
  }

  /** Memory of all components. */
  get bytes(): number {
    return [...this.segments, ...this.buffers].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Of that, what is of rows that are gone. */
  get deadBytes(): number {
    return [...this.segments, ...this.buffers].reduce(
      (sum, { bytes, rows, deletes }) => sum + (bytes * deletes.count) / Math.max(1, rows),
      0,
    );
  }

  /** What waits for a build. */
  get unsealed(): { rows: number; bytes: number } {
    return { rows: this.tail.rows, bytes: this.tail.contentBytes };
  }

  /** Forgets everything; returns the segments, for the caller to close. */
  clear(): readonly Segment[] {
    const { segments } = this;
    this.segments = [];
    this.tail = new WriteBuffer(this.dimensions);
    this.frozen = undefined;
    this.killed = undefined;
    this.repriced = undefined;
    this.position = undefined;
    this.generation += 1;
    return segments;
  }

  /** Takes in segments that have no id of another row. */
  add(segments: readonly Segment[]): void {
    this.segments = [...this.segments, ...segments];
    this.generation += 1;
  }

  /** Drops a segment with all its rows: nothing is known any more of what is complete here. */
  lose(segment: Segment): boolean {
    if (!this.segments.includes(segment)) return false;
    this.segments = this.segments.filter((other) => other !== segment);
    this.position = undefined;
    this.generation += 1;
    return true;
  }

  /** The version held of `id`; undefined when it is not here. */
  heldVersion(id: string): number | undefined {
    const held = this.locate(id);
    return held?.block.version(held.row);
  }

  /** Takes `row`, with its words, in unless a version at least as new is held. */
  upsert(row: StoredRow, terms: ProductTerms): void {
    const { id } = row.product;
    if (!this.drop(id, row.version - 1)) return;
    this.tail.append(row.product, row.version, row.vectors.text, terms, row.prices);
    this.generation += 1;
  }

  /** What price lists say of `id` from `version` on, unless a version at least as new is held, or none. */
  reprice(id: string, version: number, prices: PackedPrices): void {
    const held = this.locate(id);
    if (held === undefined || held.block.version(held.row) >= version) return;
    held.block.prices.set(held.row, version, prices);
    if (held.block !== this.tail) this.repriced?.push(id);
    this.generation += 1;
  }

  /**
   * Removes `id` where a version up to `upToVersion` is held. Returns false when a newer one is,
   * which stays.
   */
  drop(id: string, upToVersion: number): boolean {
    const held = this.locate(id);
    if (held === undefined) return true;
    const version = held.block.version(held.row);
    if (version > upToVersion) return false;
    this.killRow(held.block, held.row);
    return true;
  }

  killRow(block: SegmentReader, row: number): void {
    if (block !== this.tail) this.killed?.push({ id: block.id(row), version: block.version(row) });
    block.kill(row);
    this.generation += 1;
  }

  /** Puts the tail aside for a build (or only notes what dies, when `tail` is false). */
  freeze(tail: boolean): void {
    if (this.killed !== undefined) throw new Error('one build at a time');
    this.killed = [];
    this.repriced = [];
    if (!tail) return;
    this.frozen = this.tail;
    this.tail = new WriteBuffer(this.dimensions);
  }

  /**
   * Kills in `built`, which nobody searches yet, what died since the freeze, and gives it the prices of the rows that
   * it is made of, in turns of bounded length. What changes meanwhile is left for `swap`.
   */
  async catchUp(built: Segment, merged: readonly Segment[]): Promise<void> {
    const sources = this.sourcesOf(merged);
    for (const source of sources) await carryPrices(source, built);
    while ((this.repriced?.length ?? 0) > KILLS_A_TURN) {
      this.repriceIn(built, sources, this.repriced?.splice(0, KILLS_A_TURN) ?? []);
      await nextTurn();
    }
    while ((this.killed?.length ?? 0) > KILLS_A_TURN) {
      killIn(built, this.killed?.splice(0, KILLS_A_TURN) ?? []);
      await nextTurn();
    }
  }

  /** Replaces the frozen tail and `merged` by `built`, less what died since the freeze. */
  swap(merged: readonly Segment[], built: Segment | undefined): void {
    if (built !== undefined) this.settle(built, this.sourcesOf(merged));
    const kept = this.segments.filter((segment) => !merged.includes(segment));
    this.segments = built === undefined ? kept : [...kept, built];
    this.frozen = undefined;
    this.killed = undefined;
    this.repriced = undefined;
    this.generation += 1;
  }

  /** The same segment, opened in another way: its rows are the same. */
  replace(segment: Segment, by: Segment): void {
    this.segments = this.segments.map((each) => (each === segment ? by : each));
    this.generation += 1;
  }

  /** Takes in `built`, made of some rows of segments, which are gone from those, less what died since the freeze. */
  moveRows(from: readonly MovedRows[], built: Segment): void {
    this.settle(
      built,
      from.map(({ segment }) => segment),
    );
    for (const { segment, rows } of from) segment.deletes.addAll(rows);
    this.segments = [...this.segments, built];
    this.killed = undefined;
    this.repriced = undefined;
    this.generation += 1;
  }

  /** After a failed build: the frozen rows go back to the end of the line. */
  thaw(): void {
    this.killed = undefined;
    this.repriced = undefined;
    if (this.frozen === undefined) return;
    const newer = this.tail;
    this.tail = this.frozen;
    this.frozen = undefined;
    this.tail.absorb(newer);
    this.generation += 1;
  }

  /** What has changed since `catchUp`. */
  private settle(built: Segment, sources: readonly SegmentReader[]): void {
    this.repriceIn(built, sources, this.repriced ?? []);
    killIn(built, this.killed ?? []);
  }

  /** The prices of `ids` as they are now, where their rows are still those that `built` was made of. */
  private repriceIn(
    built: Segment,
    sources: readonly SegmentReader[],
    ids: readonly string[],
  ): void {
    for (const id of ids) {
      const held = this.locate(id);
      if (held !== undefined && sources.includes(held.block)) {
        copyPrices(held.block, held.row, built);
      }
    }
  }

  private sourcesOf(merged: readonly Segment[]): readonly SegmentReader[] {
    return this.frozen === undefined ? merged : [...merged, this.frozen];
  }

  private locate(id: string): { block: SegmentReader; row: number } | undefined {
    const row = this.tail.find(id);
    if (row !== -1) return { block: this.tail, row };
    const frozenRow = this.frozen?.find(id) ?? -1;
    if (this.frozen !== undefined && frozenRow !== -1) {
      return { block: this.frozen, row: frozenRow };
    }
    for (const segment of this.segments) {
      const found = segment.find(id);
      if (found !== -1) return { block: segment, row: found };
    }
    return undefined;
  }
}

function killIn(built: Segment, killed: readonly Killed[]): void {
  for (const { id, version } of killed) {
    const row = built.find(id);
    if (row !== -1 && built.version(row) <= version) built.kill(row);
  }
}
