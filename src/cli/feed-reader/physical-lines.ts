import { BoundedBytes } from './bounded-bytes.js';

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const BYTE_ORDER_MARK = Buffer.from('\ufeff');

export interface PhysicalLine {
  /** From 1. */
  line: number;
  /** Without its end; the number of bytes instead where the line is too long to be held. */
  bytes: Buffer | number;
}

/**
 * Lines that end in LF or CRLF. A byte-order mark at the start of a line is dropped: joined files
 * have them in the middle.
 */
export async function* physicalLines(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<PhysicalLine> {
  // What is dropped below does not count.
  const held = new BoundedBytes(maxBytes + BYTE_ORDER_MARK.length + 1);
  let line = 1;
  for await (const chunk of chunks) {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start);
      held.append(chunk.subarray(start, end === -1 ? undefined : end));
      if (end === -1) break;
      yield { line, bytes: trimmed(held.take(), maxBytes) };
      line += 1;
      start = end + 1;
    }
  }
  const last = trimmed(held.take(), maxBytes);
  if (typeof last === 'number' || last.length > 0) yield { line, bytes: last };
}

function trimmed(bytes: Buffer | number, maxBytes: number): Buffer | number {
  if (typeof bytes === 'number') return bytes;
  const start = bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? 3 : 0;
  const end = bytes.at(-1) === RETURN ? bytes.length - 1 : bytes.length;
  return end - start > maxBytes ? bytes.length : bytes.subarray(start, end);
}
