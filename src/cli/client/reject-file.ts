import { open, type FileHandle } from 'node:fs/promises';
import type { FeedReject } from '../feed-reader/feed-item.js';

/** Rejected rows as NDJSON: file, line, id, field, code, message. */
export class RejectFile {
  private constructor(private readonly handle: FileHandle) {}

  /** A run that is resumed adds to what is there. */
  static async open(path: string, append: boolean): Promise<RejectFile> {
    return new RejectFile(await open(path, append ? 'a' : 'w'));
  }

  async add(file: string, rows: readonly FeedReject[]): Promise<void> {
    const lines = rows.map((row) => `${JSON.stringify({ file, ...row })}\n`);
    if (lines.length > 0) await this.handle.appendFile(lines.join(''));
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}
