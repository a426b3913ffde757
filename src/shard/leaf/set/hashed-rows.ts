import type { Budget } from '../../../core/budget.js';
import type { SegmentView } from '../../index/segment-view.js';

const HASH_BYTES = 8;
/** Units of work of finding a row by its id's hash. */
const FIND_UNITS = 8;

/** The live rows of a view whose ids have these hashes (`idHashes`); some, where the budget is spent first. */
export async function hashedRows(
  view: SegmentView,
  hashes: Uint8Array,
  budget: Budget,
): Promise<number[]> {
  const bytes = new DataView(hashes.buffer, hashes.byteOffset, hashes.byteLength);
  const found: number[] = [];
  for (let at = 0; at + HASH_BYTES <= hashes.byteLength; at += HASH_BYTES) {
    const row = view.find(bytes.getUint32(at), bytes.getUint32(at + 4));
    if (row !== -1) found.push(row);
    if (budget.spend(FIND_UNITS) && !(await budget.pause())) break;
  }
  return found;
}
