import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digest } from '../../core/ids.js';
import { isObject } from '../../core/json.js';

/** Which files of a folder were taken as they are, in a hidden file beside them. */
export class TakenFiles {
  private states = new Map<string, string>();
  private readonly path: string;

  /** @param target each has a file of its own */
  constructor(dir: string, target: string) {
    this.path = join(dir, `.omnisearch-${digest(target).slice(0, 16)}.json`);
  }

  /** What an earlier run took; nothing where that cannot be told: files sent twice do no harm. */
  async read(): Promise<void> {
    const text = await readFile(this.path, 'utf8').catch(() => '{}');
    let found: unknown;
    try {
      found = JSON.parse(text);
    } catch {
      found = {};
    }
    const entries = isObject(found) ? Object.entries(found) : [];
    this.states = new Map(entries.filter((each): each is [string, string] => isText(each[1])));
  }

  has(name: string, state: string): boolean {
    return this.states.get(name) === state;
  }

  /** Keeps it, and of the others those that are `there`. Rejects where it cannot be written: this run knows it nevertheless. */
  async add(name: string, state: string, there: ReadonlyMap<string, string>): Promise<void> {
    for (const other of this.states.keys()) if (!there.has(other)) this.states.delete(other);
    this.states.set(name, state);
    const part = `${this.path}.part`;
    await writeFile(part, JSON.stringify(Object.fromEntries(this.states)));
    await rename(part, this.path);
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
