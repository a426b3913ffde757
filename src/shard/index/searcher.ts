import type { Segment } from './segment.js';
import { SegmentView } from './segment-view.js';
import type { WriteBuffer } from './write-buffer.js';

interface IndexState {
  readonly segments: readonly Segment[];
  readonly buffers: readonly WriteBuffer[];
  readonly generation: number;
}

/**
 * A tenant's index as of one turn, for as many turns as a search takes (Lucene's IndexSearcher):
 * rows written since are not in it, those deleted since still are, and segments that were merged
 * away keep their files open until `release`.
 */
export class Searcher {
  /** What has live rows. */
  readonly views: readonly SegmentView[];
  readonly generation: number;
  /** Live rows. */
  readonly live: number;
  private held: readonly Segment[];

  constructor({ segments, buffers, generation }: IndexState) {
    this.held = segments.filter(({ rows, deletes }) => rows > deletes.count);
    for (const segment of this.held) segment.retain();
    const searched = [...this.held, ...buffers.filter(({ rows, deletes }) => rows > deletes.count)];
    this.views = searched.map((reader) => new SegmentView(reader));
    this.generation = generation;
    this.live = this.views.reduce((sum, { rows, deadCount }) => sum + rows - deadCount, 0);
  }

  /** Lets go of the segments. May be called again. */
  release(): void {
    for (const segment of this.held) segment.release();
    this.held = [];
  }
}
