import type { Readable } from 'node:stream';
import { OmniError } from '../core/errors.js';
import { isBlank } from '../core/json-slices.js';
import { catalogueFormat, type CatalogueFormat } from './catalogue-format.js';
import type { CatalogueItem } from './catalogue-item.js';
import { csvRows } from './csv-rows.js';
import { FieldMap, type FieldPairs } from './field-map.js';
import { openFileBytes } from './file-bytes.js';
import { jsonArray } from './json-array.js';
import { jsonRow, ndjsonRows } from './json-rows.js';
import { NEWLINE, RETURN, type LineEnd } from '../core/physical-lines.js';

const MAX_ROW_BYTES = 4 * 1024 * 1024;

export interface CatalogueOptions {
  /** A file, or `-` for standard input. */
  path: string;
  format: CatalogueFormat | 'auto';
  /** Our field = the file's. */
  map: FieldPairs;
  /** What `-` stands for. */
  stdin?: Readable;
  /** Told how many bytes of the file have been read, for a progress bar. */
  onBytes?: (bytes: number) => void;
  /** Told each pair of `map` whose field no row had. */
  onUnmapped?: (ours: string, theirs: string) => void;
  /** A larger row is rejected, and skipped without being held. */
  maxRowBytes?: number;
}

/**
 * The rows of a catalogue file in order, those that cannot be sent as rejects. At most one row and
 * one chunk are held, and nothing is read that is not asked for. Ending early closes the file. Throws
 * `not_found` or `unavailable` for a file that cannot be read, `unsupported_media_type` for UTF-16 and
 * XML, `invalid_json` or `invalid_field` where a JSON array or a CSV header is beyond use, or there
 * is not a single row.
 */
export async function* readCatalogue(options: CatalogueOptions): AsyncGenerator<CatalogueItem> {
  const { path, stdin = process.stdin, onBytes = () => undefined, onUnmapped } = options;
  const { head, chunks, close } = await openFileBytes({ path, stdin, onBytes });
  try {
    const format = options.format === 'auto' ? catalogueFormat(path, head) : options.format;
    if (format === 'csv' && head.toString('utf8').trimStart().startsWith('<')) {
      throw new OmniError('unsupported_media_type', 'the file is XML or HTML, no CSV');
    }
    const lineEnd = head.includes(RETURN) && !head.includes(NEWLINE) ? RETURN : NEWLINE;
    const map = new FieldMap(options.map);
    const maxRowBytes = options.maxRowBytes ?? MAX_ROW_BYTES;
    let rows = 0;
    for await (const item of itemsOf(format, chunks, map, { lineEnd, maxRowBytes })) {
      rows += 1;
      yield item;
    }
    // An array says itself that it has nothing in it.
    if (rows === 0 && format !== 'json') throw withoutRows(head);
    if (rows > 0) for (const [ours, theirs] of map.unmet()) onUnmapped?.(ours, theirs);
  } finally {
    await close();
  }
}

function withoutRows(head: Buffer): OmniError {
  const isEmpty = isBlank(head);
  const what = isEmpty ? 'is empty' : 'has a header and no rows';
  return new OmniError('invalid_field', `there is nothing to index: the file ${what}`);
}

function itemsOf(
  format: CatalogueFormat,
  chunks: AsyncIterable<Uint8Array>,
  map: FieldMap,
  options: { lineEnd: LineEnd; maxRowBytes: number },
): AsyncGenerator<CatalogueItem> {
  switch (format) {
    case 'ndjson':
      return ndjsonRows(chunks, jsonRow(map), options);
    case 'json':
      return jsonArray(chunks, jsonRow(map), options.maxRowBytes);
    case 'csv':
      return csvRows(chunks, map, options);
  }
}
