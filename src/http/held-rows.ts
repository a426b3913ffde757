import type { ByteLease } from '../core/byte-budget.js';
import type { IncomingRow } from '../ingest/incoming-row.js';

/** Rows that are being stored when another is asked for: those of two batches. */
const HELD_ROWS = 512;

/** Rows of a stream, their bytes held until they are stored. Throws `overloaded` where there is no room. */
export async function* heldRows(
  rows: AsyncIterable<IncomingRow>,
  lease: ByteLease,
): AsyncGenerator<IncomingRow, void, undefined> {
  const held: number[] = [];
  for await (const row of rows) {
    lease.take(row.bytes);
    held.push(row.bytes);
    if (held.length > HELD_ROWS) lease.give(held.shift() ?? 0);
    yield row;
  }
}
