import { isUtf8 } from 'node:buffer';
import { reasonOf } from '../core/errors.js';
import { isObject } from '../core/json.js';
import { isBlank } from '../core/json-slices.js';
import { physicalLines, type LineEnd } from '../core/physical-lines.js';
import { tooLarge, type CatalogueItem } from './catalogue-item.js';
import type { FieldMap } from './field-map.js';

/** Makes a row of the bytes of one JSON value. */
export type ToRow = (line: number, bytes: Buffer) => CatalogueItem;

/**
 * Text goes out as it came, and the server judges it; it is parsed here only where it must change:
 * to rename fields, or to bring several lines into one.
 */
export function jsonRow(map: FieldMap): ToRow {
  const { pairs } = map;
  return (line, bytes) => {
    if (!isUtf8(bytes)) return { line, code: 'invalid_json', message: 'not valid UTF-8' };
    const text = bytes.toString('utf8');
    if (pairs.length === 0 && !/[\r\n]/.test(text)) return { line, text };
    try {
      const json: unknown = JSON.parse(text);
      // In valid JSON a line break can only stand between tokens.
      if (pairs.length === 0 || !isObject(json))
        return { line, text: text.replace(/[\r\n]+/g, ' ') };
      return { line, text: JSON.stringify(map.product(json), refuseOverflow) };
    } catch (error) {
      return { line, code: 'invalid_json', message: `not valid JSON: ${reasonOf(error)}` };
    }
  };
}

/** 1e999 parses as Infinity, which would be written as null: a price would vanish. */
function refuseOverflow(key: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new RangeError(`${key} is not a finite number`);
  }
  return value;
}

/** A row a line; blank lines count and are skipped. */
export async function* ndjsonRows(
  chunks: AsyncIterable<Uint8Array>,
  toRow: ToRow,
  options: { lineEnd: LineEnd; maxRowBytes: number },
): AsyncGenerator<CatalogueItem> {
  const { maxRowBytes } = options;
  for await (const { line, bytes } of physicalLines(chunks, options)) {
    if (typeof bytes === 'number') yield tooLarge(line, 'a line', bytes, maxRowBytes);
    else if (!isBlank(bytes)) yield toRow(line, bytes);
  }
}
