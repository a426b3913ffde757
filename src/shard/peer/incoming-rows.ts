import { Slices } from '../../core/slices.js';
import type { FeedEntry, Position } from '../../store/store.js';
import type { Segment } from '../index/segment.js';
import type { TenantIndex } from '../index/tenant-index.js';
import type { WantedRows } from './wanted-rows.js';

/** Where copied segments come from. */
export interface Copied {
  segments: readonly Segment[];
  /** Up to where they follow the feed. */
  position: Position;
  /** Complete with them as of `position`, by the `replicaKey` that they have here. */
  keys: readonly string[];
  /** An index has their files: nothing else keeps them from being removed. */
  unspare(): void;
  remove(): Promise<void>;
}

/**
 * Copied segments that no index has yet. They are brought to where the index stands before it takes them
 * in: whatever the feed has told of since `position` is not theirs any more.
 */
export class IncomingRows {
  readonly segments: readonly Segment[];
  readonly position: Position;
  readonly keys: readonly string[];

  constructor(private readonly copied: Copied) {
    ({ segments: this.segments, position: this.position, keys: this.keys } = copied);
  }

  /** Leaves only these rows. */
  async keepOnly(wanted: WantedRows): Promise<void> {
    await this.forEachRow((segment, row) => {
      if (!wanted.has(segment.categoryOf(row), segment.hash(row))) segment.kill(row);
    });
  }

  /** What the feed tells has changed: the index has applied it. */
  async apply(entries: readonly FeedEntry[]): Promise<void> {
    const slices = new Slices();
    for (const { id, version } of entries) {
      if (slices.isOver) await slices.next();
      for (const segment of this.segments) {
        const row = segment.find(id);
        if (row !== -1 && segment.version(row) <= version) segment.kill(row);
      }
    }
  }

  /** Of an id that the index has as well the newer version stays. No page may be applied meanwhile. */
  async partFrom(index: TenantIndex): Promise<void> {
    await this.forEachRow((segment, row) => {
      const id = segment.id(row);
      const held = index.heldVersion(id);
      if (held === undefined) return;
      if (held >= segment.version(row)) segment.kill(row);
      else index.drop(id, held);
    });
  }

  /** The index has taken them in. */
  taken(): void {
    this.copied.unspare();
  }

  async discard(): Promise<void> {
    await Promise.all(this.segments.map((segment) => segment.close()));
    await this.copied.remove();
    this.copied.unspare();
  }

  private async forEachRow(visit: (segment: Segment, row: number) => void): Promise<void> {
    const slices = new Slices();
    for (const segment of this.segments) {
      for (let row = 0; row < segment.rows; row++) {
        if (row % LOOK_EVERY_ROWS === 0 && slices.isOver) await slices.next();
        if (!segment.dead.has(row)) visit(segment, row);
      }
    }
  }
}

/** Some tens of microseconds. */
const LOOK_EVERY_ROWS = 64;
