import { isJsonList, jsonRuns, listOf, withoutMark, type JsonRun } from '../core/json-slices.js';
import type { JsonValue } from '../core/product.js';
import { PatientSlices } from '../core/slices.js';
import { productTooLarge, type IncomingRow } from './incoming-row.js';
import { parseJson } from './parse-json.js';

/** Elements of a list are parsed together up to so many bytes. */
const RUN_BYTES = 64 * 1024;

/** One value, or the elements of a list as rows: positions from 1. */
export type JsonProducts =
  { value: JsonValue } | { rows: AsyncGenerator<IncomingRow>; count: number };

/**
 * Reads a JSON body of one product or a list of them in slices. The whole list is checked before
 * anything of it is given out; then each part is parsed anew when it is its turn, so that no more
 * than one is in memory as objects. An element above `maxProductBytes` is a row with an error, a
 * single product above it `too_large`. Rejects `invalid_json`.
 */
export async function readJsonProducts(
  body: Buffer,
  maxProductBytes: number,
  signal?: AbortSignal,
): Promise<JsonProducts> {
  const bytes = withoutMark(body);
  if (!isJsonList(bytes)) {
    if (body.length > maxProductBytes) throw productTooLarge(body.length, maxProductBytes);
    return { value: parseJson(body) };
  }
  const runBytes = Math.min(maxProductBytes, RUN_BYTES);
  const runs: JsonRun[] = [];
  let count = 0;
  for await (const run of jsonRuns(bytes, new PatientSlices(signal), runBytes)) {
    if (!isTooLarge(run, maxProductBytes)) listOf(run, parseJson);
    count += run.count;
    runs.push(run);
  }
  return { rows: rowsOf(runs, maxProductBytes), count };
}

async function* rowsOf(
  runs: readonly JsonRun[],
  maxProductBytes: number,
): AsyncGenerator<IncomingRow> {
  let line = 1;
  for (const run of runs) {
    const size = run.bytes.length;
    if (isTooLarge(run, maxProductBytes)) {
      yield { line: line++, bytes: 0, error: productTooLarge(size, maxProductBytes) };
      continue;
    }
    const bytes = size / run.count;
    for (const value of listOf(run, parseJson)) yield { line: line++, bytes, value };
  }
}

function isTooLarge(run: JsonRun, maxProductBytes: number): boolean {
  return run.count === 1 && run.bytes.length > maxProductBytes;
}
