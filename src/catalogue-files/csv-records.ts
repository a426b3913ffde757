import { isUtf8 } from 'node:buffer';
import { parse } from 'csv-parse/sync';
import { tooLarge, type RejectedRow } from './catalogue-item.js';
import {
  LineSource,
  physicalLines,
  type LineEnd,
  type PhysicalLine,
} from '../core/physical-lines.js';

export interface CsvRecord {
  /** Where it starts. */
  line: number;
  cells: string[];
}

export interface CsvOptions {
  lineEnd: LineEnd;
  maxRowBytes: number;
  /** Absent: the one that the header has most of. */
  delimiter?: string;
}

/** Tells rows of a file from pieces of a text. */
export interface RowTeller {
  /** Told of each row, and of one that begins a text of several lines: its cells before that. */
  saw(cells: readonly string[]): void;
  isRowLike(cells: readonly string[]): boolean;
}

const NOBODY: RowTeller = { saw: () => undefined, isRowLike: () => false };

const NEWLINE = Buffer.from('\n');
const DELIMITERS = [',', ';', '\t'];
/** A description of more lines than this is not told from a quote that was never closed. */
const MAX_RECORD_LINES = 500;

/**
 * The records of a CSV text; blank lines are skipped. `csv-parse` reads each; which lines belong to
 * one is found here, because a stray quote must cost its own line and not swallow those behind it:
 *
 *   a line that is whole by itself ──> a record
 *   a quote left open ──closed some lines later, none of which is a row by itself──> a record of several lines
 *                     └─else──> that one line is rejected, the next is read by itself
 */
export class CsvRecords {
  private readonly source: LineSource;
  private delimiter = ',';
  private columns: number | undefined;
  /** Each cell of the header stands in quotes: so do those of the rows. */
  private isQuoted = false;

  constructor(
    chunks: AsyncIterable<Uint8Array>,
    private readonly options: CsvOptions,
  ) {
    this.source = new LineSource(physicalLines(chunks, options));
  }

  /** The first record, which decides delimiter and number of columns; undefined without one. */
  async header(): Promise<CsvRecord | RejectedRow | undefined> {
    for (let line = await this.source.next(); line !== undefined; line = await this.source.next()) {
      const { bytes } = line;
      if (typeof bytes !== 'number') {
        const text = bytes.toString('latin1');
        if (text.trim() === '') continue;
        this.delimiter = this.options.delimiter ?? delimiterOf(text);
      }
      const record = await this.recordAt(line);
      if ('cells' in record) this.columns = record.cells.length;
      if ('cells' in record && typeof bytes !== 'number') {
        this.isQuoted = quotesIn(bytes) >= 2 * record.cells.length;
      }
      return record;
    }
    return undefined;
  }

  /** The records behind the header. */
  async *rows(teller: RowTeller): AsyncGenerator<CsvRecord | RejectedRow> {
    for await (const line of this.source) {
      if (typeof line.bytes !== 'number' && line.bytes.toString('latin1').trim() === '') continue;
      yield await this.recordAt(line, teller);
    }
  }

  async close(): Promise<void> {
    await this.source.close();
  }

  private async recordAt(
    first: PhysicalLine,
    teller: RowTeller = NOBODY,
  ): Promise<CsvRecord | RejectedRow> {
    const { line, bytes } = first;
    if (typeof bytes === 'number') {
      return tooLarge(line, 'a line', bytes, this.options.maxRowBytes);
    }
    const alone = this.cellsOf(bytes.toString('utf8'));
    const record =
      alone === undefined ? await this.severalLines(bytes, teller) : { bytes, cells: alone };
    if (!isUtf8(record?.bytes ?? bytes)) {
      return { line, code: 'invalid_csv', message: 'not valid UTF-8' };
    }
    if (record !== undefined) return { line, cells: record.cells };
    const field = `the cell that begins ${excerptOf(bytes.toString('utf8'))}`;
    return {
      line,
      code: 'invalid_csv',
      message: `a quote is not closed, or out of place: ${field}`,
    };
  }

  /** The record that starts with `first`; lines that do not make a flawless one go back. */
  private async severalLines(
    first: Buffer,
    teller: RowTeller,
  ): Promise<{ bytes: Buffer; cells: string[] } | undefined> {
    const [before = ''] = first.toString('utf8').split('"', 1);
    teller.saw(before.split(this.delimiter).slice(0, -1));
    const parts = [first];
    const taken: PhysicalLine[] = [];
    let size = first.length;
    let quotes = quotesIn(first);
    let isStray = false;
    while (quotes % 2 === 1 && !isStray && taken.length < MAX_RECORD_LINES) {
      const next = await this.source.next();
      if (next === undefined) break;
      taken.push(next);
      if (typeof next.bytes === 'number') break;
      parts.push(NEWLINE, next.bytes);
      size += next.bytes.length + 1;
      quotes += quotesIn(next.bytes);
      isStray = size > this.options.maxRowBytes || this.isRow(next.bytes, teller);
    }
    if (taken.length > 0 && quotes % 2 === 0 && !isStray) {
      const bytes = Buffer.concat(parts);
      const cells = parsed(bytes.toString('utf8'), { delimiter: this.delimiter });
      if (cells !== undefined) return { bytes, cells };
    }
    this.source.unread(taken);
    return undefined;
  }

  /** Whether a line is a row by itself, so that a quote which is open there was never meant. */
  private isRow(bytes: Buffer, teller: RowTeller): boolean {
    const text = bytes.toString('utf8');
    if (this.columns === undefined || this.columns < 2) return false;
    // Within a quoted cell a line that begins with a quote begins with two, or with the one that closes it.
    const isStart = text.startsWith('"') && text[1] !== '"' && text[1] !== this.delimiter;
    if (this.isQuoted && !isStart) return false;
    const cells = this.isQuoted ? parsed(text, { delimiter: this.delimiter }) : this.cellsOf(text);
    return cells?.length === this.columns && teller.isRowLike(cells);
  }

  /** Undefined when the text is not one record, even with quotes inside unquoted cells allowed. */
  private cellsOf(text: string): string[] | undefined {
    const { delimiter, columns } = this;
    if (!text.includes('"')) return text.split(delimiter).map((cell) => cell.trim());
    const plain = parsed(text, { delimiter });
    if (plain !== undefined) return plain;
    const escaped = text.includes('\\"') ? parsed(text, { delimiter, escape: '\\' }) : undefined;
    if (escaped?.length === columns) return escaped;
    return parsed(text, { delimiter, relaxQuotes: true });
  }
}

interface Dialect {
  delimiter: string;
  /** What makes a quote inside a quoted cell a part of it; another quote, by itself. */
  escape?: string;
  relaxQuotes?: boolean;
}

function parsed(text: string, dialect: Dialect): string[] | undefined {
  const { delimiter, escape = '"', relaxQuotes = false } = dialect;
  try {
    const records = parse(text, {
      delimiter,
      escape,
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

/** The text from its last quote on, as far as a message needs it. */
function excerptOf(text: string): string {
  return JSON.stringify(text.slice(text.lastIndexOf('"')).slice(0, 30));
}

function quotesIn(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf('"'); at !== -1; at = bytes.indexOf('"', at + 1)) count += 1;
  return count;
}
