import type { Readable } from 'node:stream';
import type { Pairs } from '../../config/setting.js';
import { csvFeed } from './csv-feed.js';
import { openFeedBytes } from './feed-bytes.js';
import { feedFormat, type FeedFormat } from './feed-format.js';
import type { FeedItem } from './feed-item.js';
import { jsonFeed } from './json-feed.js';
import { jsonRow } from './json-row.js';
import { ndjsonFeed } from './ndjson-feed.js';

const MAX_ROW_BYTES = 4 * 1024 * 1024;

export interface FeedOptions {
  /** A file, or `-` for standard input. */
  path: string;
  format: FeedFormat | 'auto';
  /** Our field = the feed's. */
  map: Pairs;
  /** What `-` stands for. */
  stdin?: Readable;
  /** Told how many bytes of the file have been read, for a progress bar. */
  onBytes?: (bytes: number) => void;
  /** A larger row is rejected, and skipped without being held. */
  maxRowBytes?: number;
}

/**
 * The rows of a feed in order, those that cannot be sent as rejects. At most one row and one chunk
 * are held, and nothing is read that is not asked for. Ending early closes the file. Throws
 * `not_found` or `unavailable` for a file that cannot be read, `unsupported_media_type` for UTF-16,
 * `invalid_json` or `invalid_field` where a JSON array or a CSV header is beyond use.
 */
export async function* readFeed(options: FeedOptions): AsyncGenerator<FeedItem> {
  const { path, stdin = process.stdin, onBytes = () => undefined } = options;
  const { head, chunks, close } = await openFeedBytes({ path, stdin, onBytes });
  try {
    const format = options.format === 'auto' ? feedFormat(path, head) : options.format;
    yield* itemsOf(format, chunks, options.map, options.maxRowBytes ?? MAX_ROW_BYTES);
  } finally {
    await close();
  }
}

function itemsOf(
  format: FeedFormat,
  chunks: AsyncIterable<Uint8Array>,
  map: Pairs,
  maxRowBytes: number,
): AsyncGenerator<FeedItem> {
  switch (format) {
    case 'ndjson':
      return ndjsonFeed(chunks, jsonRow(map), maxRowBytes);
    case 'json':
      return jsonFeed(chunks, jsonRow(map), maxRowBytes);
    case 'csv':
      return csvFeed(chunks, map, maxRowBytes);
  }
}
