import { isUtf8 } from 'node:buffer';
import { parse } from 'csv-parse/sync';
import { tooLarge, type FeedReject } from './feed-item.js';
import { LineSource } from './line-source.js';
import { physicalLines } from './physical-lines.js';

export interface CsvRecord {
  /** Where it starts. */
  line: number;
  cells: string[];
}

const NEWLINE = Buffer.from('\n');
const DELIMITERS = [',', ';', '\t'];

/**
 * The records of a CSV text, the header's among them; blank lines are skipped. `csv-parse` reads
 * each; which lines belong to one is found here, because a stray quote must cost its own line and
 * not swallow the rest of the file: several lines are one record only if it is flawless.
 */
export async function* csvRecords(
  chunks: AsyncIterable<Uint8Array>,
  maxRowBytes: number,
): AsyncGenerator<CsvRecord | FeedReject> {
  const source = new LineSource(physicalLines(chunks, maxRowBytes));
  let delimiter: string | undefined;
  for await (const { line, bytes } of source) {
    if (typeof bytes === 'number') {
      yield tooLarge(line, 'a line', bytes, maxRowBytes);
      continue;
    }
    if (bytes.toString('latin1').trim() === '') continue;
    delimiter ??= delimiterOf(bytes.toString('latin1'));
    const alone = cellsOf(bytes.toString('utf8'), delimiter);
    const record =
      alone === undefined
        ? await multiLineRecord(bytes, source, delimiter, maxRowBytes)
        : { bytes, cells: alone };
    if (!isUtf8(record?.bytes ?? bytes)) {
      yield { line, code: 'invalid_csv', message: 'not valid UTF-8' };
    } else if (record === undefined) {
      yield { line, code: 'invalid_csv', message: 'a quote is not closed, or out of place' };
    } else yield { line, cells: record.cells };
  }
}

/**
 * The record that starts with `first`, when it goes on over the next lines: it is gathered until
 * its quotes are even. Lines that then do not make one flawless record go back to the source.
 */
async function multiLineRecord(
  first: Buffer,
  source: LineSource,
  delimiter: string,
  maxBytes: number,
): Promise<{ bytes: Buffer; cells: string[] } | undefined> {
  const parts = [first];
  const taken = [];
  let size = first.length;
  let quotes = quotesIn(first);
  while (quotes % 2 === 1 && size <= maxBytes) {
    const next = await source.next();
    if (next === undefined) break;
    taken.push(next);
    if (typeof next.bytes === 'number') break;
    parts.push(NEWLINE, next.bytes);
    size += next.bytes.length + 1;
    quotes += quotesIn(next.bytes);
  }
  if (taken.length > 0 && quotes % 2 === 0 && size <= maxBytes) {
    const bytes = Buffer.concat(parts);
    const cells = parsed(bytes.toString('utf8'), delimiter, false);
    if (cells !== undefined) return { bytes, cells };
  }
  source.unread(taken);
  return undefined;
}

/** Undefined when the text is not one record, even with quotes inside unquoted cells allowed. */
function cellsOf(text: string, delimiter: string): string[] | undefined {
  if (!text.includes('"')) return text.split(delimiter).map((cell) => cell.trim());
  return parsed(text, delimiter, false) ?? parsed(text, delimiter, true);
}

function parsed(text: string, delimiter: string, relaxQuotes: boolean): string[] | undefined {
  try {
    const records = parse(text, {
      delimiter,
      trim: !relaxQuotes, // together they refuse white space after a stray quote
      record_delimiter: '\n',
      relax_column_count: true,
      relax_quotes: relaxQuotes,
      max_record_size: 0, // bounded by the caller
    });
    return records.length === 1 ? records[0]?.map((cell) => cell.trim()) : undefined;
  } catch {
    return undefined;
  }
}

/** The one that the header has most of; a comma when it has none. */
function delimiterOf(header: string): string {
  const outsideQuotes = header.replaceAll(/"[^"]*"/g, '');
  const counts = DELIMITERS.map((one) => outsideQuotes.split(one).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ',';
}

function quotesIn(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf('"'); at !== -1; at = bytes.indexOf('"', at + 1)) count += 1;
  return count;
}
