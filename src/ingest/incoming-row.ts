import { OmniError } from '../core/errors.js';
import type { JsonValue } from '../core/product.js';
import { PatientSlices } from '../core/slices.js';

/** One row of a write request before validation. */
export type IncomingRow =
  /** `isNew`: refused where there is a product of its id already; `isKnown`: where there is none. */
  | { line: number; bytes: number; value: JsonValue; isNew?: boolean; isKnown?: boolean }
  | { line: number; bytes: number; error: OmniError };

export type IncomingRows = AsyncIterable<IncomingRow> | Iterable<IncomingRow>;

/** Groups rows, in order, into lists of at most `maxRows`, started anew past `maxBytes`. */
export async function* inBatches(
  rows: IncomingRows,
  maxRows: number,
  maxBytes: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<IncomingRow[]> {
  const slices = new PatientSlices(signal);
  let batch: IncomingRow[] = [];
  let bytes = 0;
  for await (const row of rows) {
    batch.push(row);
    bytes += row.bytes;
    if (batch.length >= maxRows || bytes >= maxBytes) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    if (slices.isOver) await slices.next();
  }
  if (batch.length > 0) yield batch;
}

/** A product that is larger than the server takes. */
export function productTooLarge(bytes: number, maxBytes: number): OmniError {
  const message = `a product may have at most ${maxBytes} bytes (MAX_PRODUCT_BYTES), this one has ${bytes}`;
  return new OmniError('too_large', message);
}
