import { OmniError } from '../core/errors.js';
import type { IncomingRow } from './incoming-row.js';
import { parseJson } from './parse-json.js';

const NEWLINE = 0x0a;
const MAX_LINE_BYTES = 4 * 1024 * 1024;

/**
 * Rows of an NDJSON byte stream. Physical lines count from 1, blank ones are skipped; a line that is
 * not UTF-8, not JSON or too long becomes a row with an error, and reading goes on. At most one line
 * is held, and of a line that is too long nothing.
 */
export async function* ndjsonRows(
  chunks: AsyncIterable<Uint8Array>,
  maxLineBytes = MAX_LINE_BYTES,
): AsyncGenerator<IncomingRow> {
  const line = new LineBuffer(maxLineBytes);
  let number = 1;
  for await (const chunk of chunks) {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start);
      line.append(chunk.subarray(start, end === -1 ? undefined : end));
      if (end === -1) break;
      const row = toRow(line.take(), number, maxLineBytes);
      if (row !== undefined) yield row;
      number += 1;
      start = end + 1;
    }
  }
  const last = toRow(line.take(), number, maxLineBytes);
  if (last !== undefined) yield last;
}

/** The bytes of the line being read; forgets them once they are too many. */
class LineBuffer {
  private pieces: Uint8Array[] = [];
  private bytes = 0;

  constructor(private readonly maxBytes: number) {}

  append(piece: Uint8Array): void {
    this.bytes += piece.length;
    // One byte of grace: a carriage return at the end does not count.
    if (this.bytes > this.maxBytes + 1) this.pieces = [];
    else this.pieces.push(piece);
  }

  /** The whole line, or its length when it was too long. */
  take(): Buffer | number {
    const { pieces, bytes } = this;
    this.pieces = [];
    this.bytes = 0;
    if (bytes > this.maxBytes + 1) return bytes;
    const line = Buffer.concat(pieces, bytes);
    const withoutReturn = line.at(-1) === 0x0d ? line.subarray(0, -1) : line;
    return withoutReturn.length > this.maxBytes ? bytes : withoutReturn;
  }
}

function toRow(
  line: Buffer | number,
  number: number,
  maxLineBytes: number,
): IncomingRow | undefined {
  if (typeof line === 'number') {
    const message = `a line may have at most ${maxLineBytes} bytes, this one has ${line}`;
    return { line: number, bytes: 0, error: new OmniError('too_large', message) };
  }
  if (isBlank(line)) return undefined;
  try {
    return { line: number, bytes: line.length, value: parseJson(line) };
  } catch (error) {
    if (!(error instanceof OmniError)) throw error;
    return { line: number, bytes: line.length, error };
  }
}

function isBlank(line: Buffer): boolean {
  for (const byte of line) {
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false;
  }
  return true;
}
