export const NEWLINE = 0x0a;
export const RETURN = 0x0d;
const BYTE_ORDER_MARK = Buffer.from('\ufeff');

/** LF, alone or behind a CR; or the CR alone of old spreadsheets. */
export type LineEnd = typeof NEWLINE | typeof RETURN;

export interface PhysicalLine {
  /** From 1. */
  line: number;
  /** Without its end; the number of bytes instead where the line is too long to be held. */
  bytes: Buffer | number;
}

/**
 * Lines that end as `lineEnd` says. A byte-order mark at the start of a line is dropped: joined files
 * have them in the middle.
 */
export async function* physicalLines(
  chunks: AsyncIterable<Uint8Array>,
  { lineEnd, maxRowBytes: maxBytes }: { lineEnd: LineEnd; maxRowBytes: number },
): AsyncGenerator<PhysicalLine> {
  // What is dropped below does not count.
  const held = new BoundedBytes(maxBytes + BYTE_ORDER_MARK.length + 1);
  let line = 1;
  for await (const chunk of chunks) {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(lineEnd, start);
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

/** Lines that can be given back. */
export class LineSource implements AsyncIterable<PhysicalLine> {
  private returned: PhysicalLine[] = [];

  constructor(private readonly lines: AsyncGenerator<PhysicalLine>) {}

  async next(): Promise<PhysicalLine | undefined> {
    const line = this.returned.pop();
    if (line !== undefined) return line;
    const read = await this.lines.next();
    return read.done === true ? undefined : read.value;
  }

  /** Lines as they were taken, first one first; they come again in that order. */
  unread(lines: readonly PhysicalLine[]): void {
    this.returned = this.returned.concat(lines.toReversed());
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<PhysicalLine> {
    for (let line = await this.next(); line !== undefined; line = await this.next()) yield line;
  }

  async close(): Promise<void> {
    await this.lines.return(undefined);
  }
}

/** Bytes that arrive in pieces. Past the bound it counts them and keeps none. */
export class BoundedBytes {
  private pieces: Uint8Array[] = [];
  private size = 0;

  constructor(private readonly maxBytes: number) {}

  append(piece: Uint8Array): void {
    this.size += piece.length;
    if (this.size > this.maxBytes) this.pieces = [];
    else this.pieces.push(piece);
  }

  /** All of them, or their number when they were too many; empty again afterwards. */
  take(): Buffer | number {
    const { pieces, size } = this;
    this.pieces = [];
    this.size = 0;
    return size > this.maxBytes ? size : Buffer.concat(pieces, size);
  }
}
