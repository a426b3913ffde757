import { OmniError } from '../core/errors.js';
import { isBlank } from '../core/json-slices.js';
import { NEWLINE, physicalLines } from '../core/physical-lines.js';
import { productTooLarge, type IncomingRow } from './incoming-row.js';
import { parseJson } from './parse-json.js';

/**
 * Rows of an NDJSON byte stream. Physical lines count from 1, blank ones are skipped; a line that is
 * not UTF-8, not JSON or too long becomes a row with an error, and reading goes on. At most one line
 * is held, and of a line that is too long nothing.
 */
export async function* ndjsonRows(
  chunks: AsyncIterable<Uint8Array>,
  maxLineBytes: number,
): AsyncGenerator<IncomingRow> {
  const lines = physicalLines(chunks, { lineEnd: NEWLINE, maxRowBytes: maxLineBytes });
  for await (const { line, bytes } of lines) {
    if (typeof bytes === 'number') {
      yield { line, bytes: 0, error: productTooLarge(bytes, maxLineBytes) };
    } else if (!isBlank(bytes)) yield toRow(line, bytes);
  }
}

function toRow(line: number, text: Buffer): IncomingRow {
  const bytes = text.length;
  try {
    return { line, bytes, value: parseJson(text) };
  } catch (error) {
    if (!(error instanceof OmniError)) throw error;
    return { line, bytes, error };
  }
}
