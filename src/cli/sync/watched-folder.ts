import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TakenFiles } from './taken-files.js';

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
  /** Its size and time. */
  state: string;
}

/**
 * The catalogue files of a folder, each once as it is, also when the command is started again: one is taken when two
 * looks, one after the other, find it the same, so that what is still being copied waits. It is looked at rather than
 * listened to: what shares of a network change nobody tells.
 */
export class WatchedFolder {
  /** State of each file at the last look. */
  private seen = new Map<string, string>();
  private readonly taken: TakenFiles;

  /** @param target where its files go: what was taken there was not taken elsewhere */
  constructor(
    private readonly dir: string,
    private readonly everyMs: number,
    target: string,
    private readonly complain: (problem: unknown) => void,
  ) {
    this.taken = new TakenFiles(dir, target);
  }

  /**
   * Files as they come to be complete, by name where several do, again and again until they are `done`. Rejects where
   * the folder cannot be read at first, later with the signal's reason alone.
   */
  async *files(signal: AbortSignal): AsyncGenerator<FoundFile> {
    await readdir(this.dir);
    await this.taken.read();
    for (;;) {
      for (const file of await this.look().catch((error: unknown) => this.told(error))) yield file;
      await sleep(this.everyMs, undefined, { signal });
    }
  }

  /** The file is not to come again as it was. */
  async done({ path, state }: FoundFile): Promise<void> {
    const name = basename(path);
    await this.taken.add(name, state, this.seen).catch((error: unknown) => this.told(error));
  }

  private told(problem: unknown): [] {
    this.complain(problem);
    return [];
  }

  /** What is complete now and was not taken as it is. Rejects where the folder cannot be read. */
  private async look(): Promise<FoundFile[]> {
    const names = (await readdir(this.dir)).sort();
    const before = this.seen;
    this.seen = new Map();
    const complete: FoundFile[] = [];
    for (const name of names) {
      const [, kind, packed] = NAME.exec(name) ?? [];
      if (kind === undefined) continue;
      const path = join(this.dir, name);
      // It may be gone by now.
      const found = await stat(path).catch(() => undefined);
      if (found?.isFile() !== true) continue;
      const state = `${found.size} ${found.mtimeMs}`;
      this.seen.set(name, state);
      if (before.get(name) !== state || this.taken.has(name, state)) continue;
      const type = TYPES[kind.toLowerCase()] ?? '';
      const encoding = packed === undefined ? {} : { 'content-encoding': 'gzip' };
      complete.push({ path, headers: { 'content-type': type, ...encoding }, state });
    }
    return complete;
  }
}
