import { isUtf8 } from 'node:buffer';
import type { Pairs } from '../../config/setting.js';
import type { FeedItem } from './feed-item.js';
import { fieldMap } from './field-map.js';

/** Makes a row of the bytes of one JSON value. */
export type ToRow = (line: number, bytes: Buffer) => FeedItem;

/**
 * Text goes out as it came, and the server judges it; it is parsed here only where it must change:
 * to rename fields, or to bring several lines into one.
 */
export function jsonRow(pairs: Pairs): ToRow {
  const rename = fieldMap(pairs);
  return (line, bytes) => {
    if (!isUtf8(bytes)) return { line, code: 'invalid_json', message: 'not valid UTF-8' };
    const text = bytes.toString('utf8');
    if (pairs.length === 0 && !/[\r\n]/.test(text)) return { line, text };
    try {
      const json: unknown = JSON.parse(text);
      // In valid JSON a line break can only stand between tokens.
      if (pairs.length === 0 || !isObject(json))
        return { line, text: text.replace(/[\r\n]+/g, ' ') };
      return { line, text: JSON.stringify(rename(json), refuseOverflow) };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { line, code: 'invalid_json', message: `not valid JSON: ${reason}` };
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

function isObject(json: unknown): json is object {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
