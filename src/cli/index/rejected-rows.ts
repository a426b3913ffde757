import { open, type FileHandle } from 'node:fs/promises';
import type { RejectedRow } from '../../catalogue-files/catalogue-item.js';

/** Past either, rejected rows are only counted: a broken file may reject more than it has bytes. */
const MAX_LISTED_ROWS = 100_000;
const MAX_LISTED_BYTES = 64 * 1024 * 1024;
/** Shown at the end, so that nobody has to ask for a file to learn what is wrong. */
const SHOWN_ROWS = 5;

/** Rejected rows: the first few in words, and with `--rejects` all of them (within bounds) as NDJSON. */
export class RejectedRows {
  private readonly shown: string[] = [];
  private count = 0;
  private listed = 0;
  private listedBytes = 0;

  private constructor(private readonly handle: FileHandle | undefined) {}

  /** A run that is resumed adds to what is there. */
  static async open(path: string | undefined, append: boolean): Promise<RejectedRows> {
    return new RejectedRows(path === undefined ? undefined : await open(path, append ? 'a' : 'w'));
  }

  async add(file: string, rows: readonly RejectedRow[]): Promise<void> {
    this.count += rows.length;
    for (const row of rows.slice(0, SHOWN_ROWS - this.shown.length)) {
      const id = row.id === undefined ? '' : `, id ${JSON.stringify(row.id.slice(0, 60))}`;
      this.shown.push(`${file}, line ${row.line}${id}: ${row.message.slice(0, 200)}`);
    }
    if (this.handle === undefined || this.isFull()) return;
    const lines = rows
      .slice(0, MAX_LISTED_ROWS - this.listed)
      .map((row) => `${JSON.stringify({ file, ...row })}\n`);
    this.listed += lines.length;
    const text = lines.join('');
    this.listedBytes += text.length;
    await this.handle.appendFile(text);
  }

  /** What to tell at the end: reasons, and where to find the others. No lines when all is well. */
  summary(): string[] {
    if (this.count === 0) return [];
    const left = this.count - this.shown.length;
    const more = left > 0 ? `and ${left} more. ` : '';
    const hint =
      this.handle === undefined
        ? '--rejects FILE lists them all'
        : `the file of --rejects lists ${this.isFull() ? `the first ${this.listed}` : 'them all'}`;
    return [...this.shown, `${more}${hint}; --map OURS=THEIRS renames fields`];
  }

  async close(): Promise<void> {
    await this.handle?.close();
  }

  private isFull(): boolean {
    return this.listed >= MAX_LISTED_ROWS || this.listedBytes >= MAX_LISTED_BYTES;
  }
}
