import type { OmniError } from '../core/errors.js';
import type { JsonValue } from '../core/product.js';

/** One row of a write request before validation. */
export type IncomingRow =
  | { line: number; bytes: number; value: JsonValue }
  | { line: number; bytes: number; error: OmniError };

/** Rows of a JSON array: positions from 1. */
export function* rowsOfArray(values: readonly JsonValue[]): Generator<IncomingRow> {
  for (let i = 0; i < values.length; i++) {
    // The whole array is in memory already: its rows add nothing to a batch's bound of bytes.
    yield { line: i + 1, bytes: 0, value: values[i] as JsonValue };
  }
}

/** Groups rows, in order, into lists of at most `maxRows`, started anew past `maxBytes`. */
export async function* inBatches(
  rows: AsyncIterable<IncomingRow> | Iterable<IncomingRow>,
  maxRows: number,
  maxBytes: number,
): AsyncGenerator<IncomingRow[]> {
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
  }
  if (batch.length > 0) yield batch;
}
