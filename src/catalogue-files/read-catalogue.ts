import type { Readable } from 'node:stream';
import { OmniError } from '../core/errors.js';
import { isBlank } from '../core/json-slices.js';
import { NEWLINE, RETURN } from '../core/physical-lines.js';
import { catalogueFormat, type CatalogueFormat } from './catalogue-format.js';
import type { CatalogueItem } from './catalogue-item.js';
import type { ColumnReport } from './column-report.js';
import { csvRows } from './csv-rows.js';
import { FieldMap, type FieldPairs } from './field-map.js';
import { openFileBytes, type PeekedBytes } from './file-bytes.js';
import { refuseForeign } from './foreign-content.js';
import { jsonArray } from './json-array.js';
import { jsonRow, ndjsonRows } from './json-rows.js';
import { LocalNumbers } from './local-numbers.js';
import type { RowOptions } from './row-maker.js';
import { xmlRows } from './xml-rows.js';

const MAX_ROW_BYTES = 4 * 1024 * 1024;
const WITHOUT_ROWS = {
  ndjson: 'has no lines',
  csv: 'has a header and no rows',
  tsv: 'has a header and no rows',
  xml: 'is XML without an <item> or <entry>',
};

export interface CatalogueOptions {
  /** A file, or `-` for standard input. */
  path: string;
  format: CatalogueFormat | 'auto';
  /** Our field = the file's. */
  map: FieldPairs;
  /** How numbers are written in tables and XML, as `knowsLocale`; `en` by default. */
  locale?: string;
  /** What `-` stands for. */
  stdin?: Readable;
  /** Told how many bytes of the file have been read, for a progress bar. */
  onBytes?: (bytes: number) => void;
  /** Told what the columns of a table or the elements of XML were taken for, before the first row. */
  onColumns?: (report: ColumnReport, format: CatalogueFormat) => void;
  /** Told each pair of `map` whose field no row had. */
  onUnmapped?: (ours: string, theirs: string) => void;
  /** A larger row is rejected, and skipped without being held. */
  maxRowBytes?: number;
}

/**
 * The rows of a catalogue file in order, those that cannot be sent as rejects. At most one row and
 * one chunk are held, and nothing is read that is not asked for. Ending early closes the file. Throws
 * `not_found` or `unavailable` for a file that cannot be read, `unsupported_media_type` for one that is
 * something else than it is said to be, `invalid_json` or `invalid_field` where a JSON array, a CSV header
 * or XML is beyond use, or there is not a single row.
 */
export async function* readCatalogue(options: CatalogueOptions): AsyncGenerator<CatalogueItem> {
  const { path, stdin = process.stdin, onBytes = () => undefined, onUnmapped } = options;
  const bytes = await openFileBytes({ path, stdin, onBytes });
  try {
    const format = options.format === 'auto' ? catalogueFormat(path, bytes.head) : options.format;
    refuseForeign(format, bytes.head);
    const map = new FieldMap(format === 'xml' ? withoutPrefix(options.map) : options.map);
    let rows = 0;
    for await (const item of itemsOf(format, bytes, map, options)) {
      rows += 1;
      yield item;
    }
    if (rows === 0) refuseNothing(format, bytes.head);
    if (rows > 0) for (const [ours, theirs] of map.unmet()) onUnmapped?.(ours, theirs);
  } finally {
    await bytes.close();
  }
}

/** A JSON array may have nothing in it; without one it was refused. */
function refuseNothing(format: CatalogueFormat, head: Buffer): void {
  if (format === 'json') return;
  const what = isBlank(head) ? 'is empty' : WITHOUT_ROWS[format];
  throw new OmniError('invalid_field', `there is nothing to index: the file ${what}`);
}

/** The rows of bytes in a format, in order: as `readCatalogue`, but there may be none. */
export function itemsOf(
  format: CatalogueFormat,
  { head, chunks }: Pick<PeekedBytes, 'head' | 'chunks'>,
  map: FieldMap,
  options: Pick<CatalogueOptions, 'maxRowBytes' | 'locale' | 'onColumns'>,
): AsyncGenerator<CatalogueItem> {
  const { maxRowBytes = MAX_ROW_BYTES, locale = 'en', onColumns } = options;
  const lineEnd = head.includes(RETURN) && !head.includes(NEWLINE) ? RETURN : NEWLINE;
  const rows: RowOptions = {
    map,
    numbers: new LocalNumbers(locale),
    onColumns: (report) => onColumns?.(report, format),
  };
  switch (format) {
    case 'ndjson':
      return ndjsonRows(chunks, jsonRow(map), { lineEnd, maxRowBytes });
    case 'json':
      return jsonArray(chunks, jsonRow(map), maxRowBytes);
    case 'csv':
      return csvRows(chunks, rows, { lineEnd, maxRowBytes });
    case 'tsv':
      return csvRows(chunks, rows, { lineEnd, maxRowBytes, delimiter: '\t' });
    case 'xml':
      return xmlRows(chunks, rows, { head, maxRowBytes });
  }
}

/** Elements are known without Google's prefix, whether or not it is written. */
function withoutPrefix(map: FieldPairs): FieldPairs {
  return map.map(([ours, theirs]) => [ours, theirs.replace(/^g:/, '')] as const);
}
