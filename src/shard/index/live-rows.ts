import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SegmentReader } from './segment-reader.js';
import type { TenantIndex } from './tenant-index.js';

/** A millisecond or two of looking at rows. */
const SLICE_ROWS = 2_048;

/**
 * Visits all live rows as of now, a slice a turn, so that a large index never holds up a search. A
 * block may be merged into another meanwhile, or rows moved into another: what is to be changed is found by its id
 * again.
 */
export async function forEachLiveRow(
  index: TenantIndex,
  visit: (block: SegmentReader, row: number) => void,
  endOfSlice: () => Promise<void> = nextTurn,
): Promise<void> {
  const blocks = index.blocks().map((block) => ({ block, dead: block.dead.copy() }));
  for (const { block, dead } of blocks) {
    const { rows } = block;
    // What died since is of no concern; what was moved lies dead here, and in a block that is not among these.
    const isLive = (row: number): boolean =>
      !block.dead.has(row) || index.heldVersion(block.id(row)) === block.version(row);
    for (let from = 0; from < rows; from += SLICE_ROWS) {
      const to = Math.min(rows, from + SLICE_ROWS);
      for (let row = from; row < to; row++) {
        if (!dead.has(row) && isLive(row)) visit(block, row);
      }
      await endOfSlice();
    }
  }
}
