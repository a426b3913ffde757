import { Slices } from '../../../core/slices.js';
import type { SegmentReader } from '../segment-reader.js';

/** Some tens of microseconds of copying prices. */
const LOOK_EVERY_ROWS = 64;

/** Gives `built` what lists say of the live rows of `source`, of which it was made. */
export async function carryPrices(source: SegmentReader, built: SegmentReader): Promise<void> {
  if (source.prices.isEmpty) return;
  const slices = new Slices();
  for (let row = 0; row < source.rows; row++) {
    if (!source.dead.has(row)) copyPrices(source, row, built);
    if (row % LOOK_EVERY_ROWS === 0 && slices.isOver) await slices.next();
  }
}

/** `built` was made of that row: it has no other of its id. */
export function copyPrices(source: SegmentReader, row: number, built: SegmentReader): void {
  const prices = source.prices.packed(row);
  if (prices === undefined) return;
  const at = built.find(source.id(row));
  if (at === -1) return;
  const version = source.version(row);
  if ((built.prices.versionOf(at) ?? -Infinity) < version) built.prices.set(at, version, prices);
}
