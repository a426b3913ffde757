import { tooLarge, type FeedItem } from './feed-item.js';
import type { ToRow } from './json-row.js';
import { physicalLines } from './physical-lines.js';

/** A row a line; blank lines count and are skipped. */
export async function* ndjsonFeed(
  chunks: AsyncIterable<Uint8Array>,
  toRow: ToRow,
  maxRowBytes: number,
): AsyncGenerator<FeedItem> {
  for await (const { line, bytes } of physicalLines(chunks, maxRowBytes)) {
    if (typeof bytes === 'number') yield tooLarge(line, 'a line', bytes, maxRowBytes);
    else if (!isBlank(bytes)) yield toRow(line, bytes);
  }
}

/** Whether there is nothing but JSON's white space. */
export function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d));
}
