import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const TYPES: Readonly<Record<string, string>> = {
  ndjson: 'application/x-ndjson',
  jsonl: 'application/x-ndjson',
  json: 'application/json',
  csv: 'text/csv',
};
const NAME = /^[^.].*\.(ndjson|jsonl|json|csv)(\.gz)?$/i;

/** A file that has come to be complete. */
export interface FoundFile {
  path: string;
  headers: Record<string, string>;
}

/**
 * The catalogue files of a folder, each once as it is: one is taken when two looks, one after the other, find it the same, so
 * that what is still being copied waits. It is looked at rather than listened to: what shares of a network change nobody tells.
 */
export class WatchedFolder {
  /** Size and time of each file at the last look. */
  private seen = new Map<string, string>();
  private readonly taken = new Map<string, string>();

  constructor(
    private readonly dir: string,
    private readonly everyMs: number,
  ) {}

  /** Files as they come to be complete, by name where several do; ends with the signal's reason. */
  async *files(signal: AbortSignal): AsyncGenerator<FoundFile> {
    for (;;) {
      for (const file of await this.look()) yield file;
      await sleep(this.everyMs, undefined, { signal });
    }
  }

  /** Has a file come again that could not be sent. */
  again(path: string): void {
    this.taken.delete(basename(path));
  }

  /** What is complete now and was not taken as it is. Rejects where the folder cannot be read. */
  private async look(): Promise<FoundFile[]> {
    const before = this.seen;
    this.seen = new Map();
    const complete: FoundFile[] = [];
    for (const name of (await readdir(this.dir)).sort()) {
      const [, kind, packed] = NAME.exec(name) ?? [];
      if (kind === undefined) continue;
      const path = join(this.dir, name);
      // It may be gone by now.
      const found = await stat(path).catch(() => undefined);
      if (found?.isFile() !== true) continue;
      const state = `${found.size} ${found.mtimeMs}`;
      this.seen.set(name, state);
      if (before.get(name) !== state || this.taken.get(name) === state) continue;
      this.taken.set(name, state);
      const type = TYPES[kind.toLowerCase()] ?? '';
      const encoding = packed === undefined ? {} : { 'content-encoding': 'gzip' };
      complete.push({ path, headers: { 'content-type': type, ...encoding } });
    }
    for (const name of this.taken.keys()) if (!this.seen.has(name)) this.taken.delete(name);
    return complete;
  }
}
