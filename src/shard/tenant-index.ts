import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Position, StoredRow } from '../store/store.js';
import type { Block } from './block.js';
import type { Segment } from './segment.js';
import { Tail } from './tail.js';

interface Killed {
  id: string;
  version: number;
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
  tail: Tail;
  /** A tail that is being built into a segment. */
  frozen: Tail | undefined;
  /** Grows with every change of rows: what was computed from them before is stale. */
  generation = 0;
  /** Ids killed in frozen rows or segments while a build runs over them. */
  private killed: Killed[] | undefined;

  constructor(
    readonly tenant: string,
    readonly model: string,
    readonly dimensions: number,
  ) {
    this.tail = new Tail(dimensions);
  }

  /** The feed is applied up to `position`, which `entries` more have led to. */
  advance(position: Position, entries: number): void {
    this.position = position;
    this.entriesRead += entries;
  }

  /** Everything that is searched. */
  blocks(): Block[] {
    const tails = this.frozen === undefined ? [this.tail] : [this.frozen, this.tail];
    return [...this.segments, ...tails].filter((block) => block.rows > block.deadCount);
  }

  get liveRows(): number {
    return this.blocks().reduce((sum, block) => sum + block.rows - block.deadCount, 0);
  }

  /** Memory of vectors and graphs. */
  get bytes(): number {
    const segments = this.segments.reduce((sum, segment) => sum + segment.bytes, 0);
    const tailRows = this.tail.rows + (this.frozen?.rows ?? 0);
    return segments + tailRows * this.dimensions * 4;
  }

  /** The version held of `id`; undefined when it is not here. */
  heldVersion(id: string): number | undefined {
    const held = this.locate(id);
    return held?.block.version(held.row);
  }

  /** Takes `row` in unless a version at least as new is held. */
  upsert(row: StoredRow): void {
    const { id } = row.product;
    if (!this.drop(id, row.version - 1)) return;
    this.tail.append(row.product, row.version, row.vectors.text);
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

  killRow(block: Block, row: number): void {
    if (block !== this.tail) this.killed?.push({ id: block.id(row), version: block.version(row) });
    block.kill(row);
    this.generation += 1;
  }

  /** Puts the tail aside for a build (or only notes what dies, when `tail` is false). */
  freeze(tail: boolean): void {
    if (this.killed !== undefined) throw new Error('one build at a time');
    this.killed = [];
    if (!tail) return;
    this.frozen = this.tail;
    this.tail = new Tail(this.dimensions);
  }

  /**
   * Kills in `built`, which nobody searches yet, what died since the freeze, in turns of bounded
   * length. What dies meanwhile is left for `swap`.
   */
  async catchUpDead(built: Segment): Promise<void> {
    while ((this.killed?.length ?? 0) > KILLS_A_TURN) {
      killIn(built, this.killed?.splice(0, KILLS_A_TURN) ?? []);
      await nextTurn();
    }
  }

  /** Replaces the frozen tail and `merged` by `built`, less what died since the freeze. */
  swap(merged: readonly Segment[], built: Segment | undefined): void {
    if (built !== undefined) killIn(built, this.killed ?? []);
    const kept = this.segments.filter((segment) => !merged.includes(segment));
    this.segments = built === undefined ? kept : [...kept, built];
    this.frozen = undefined;
    this.killed = undefined;
    this.generation += 1;
  }

  /** After a failed build: the frozen rows go back to the end of the line. */
  thaw(): void {
    this.killed = undefined;
    if (this.frozen === undefined) return;
    const newer = this.tail;
    this.tail = this.frozen;
    this.frozen = undefined;
    this.tail.absorb(newer);
    this.generation += 1;
  }

  private locate(id: string): { block: Block; row: number } | undefined {
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
