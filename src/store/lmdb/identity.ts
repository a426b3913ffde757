import { statSync } from 'node:fs';
import { chmod, open, readFile, rename, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { OmniError } from '../../core/errors.js';
import { isAbsent, syncFolder } from './folder.js';
import { LOCK_FILES } from './open-lock.js';

/**
 * The store's id stands in the folder as well as in the data file, so that an emptied, foreign or
 * absent data file is not taken for a new store.
 */
const IDENTITY = 'store.json';
const DATA = 'data.mdb';
const LEAST_FREE_BYTES = 1024 * 1024;

/** The id that the folder's store has; undefined where none was ever made. */
export async function readIdentity(dir: string): Promise<string | undefined> {
  let text: string;
  try {
    text = await readFile(join(dir, IDENTITY), 'utf8');
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
  const [storeId] = /[0-9a-f]{32}/.exec(text) ?? [];
  if (storeId === undefined) throw new OmniError('unavailable', `${IDENTITY} in ${dir} is damaged`);
  return storeId;
}

/** Whole or not at all, and flushed. */
export async function writeIdentity(dir: string, storeId: string): Promise<void> {
  const file = join(dir, IDENTITY);
  const handle = await open(`${file}.new`, 'w', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify({ storeId })}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.new`, file);
  await syncFolder(dir);
}

/** A store's data belongs to who runs it. What another made may stay as it is. */
export async function makePrivate(dir: string): Promise<void> {
  const modes: [string, number][] = [
    [dir, 0o700],
    [join(dir, DATA), 0o600],
    ...['lock.mdb', ...LOCK_FILES].map((name): [string, number] => [join(dir, name), 0o600]),
  ];
  await Promise.all(modes.map(([path, mode]) => chmod(path, mode).catch(() => undefined)));
}

/** The store's data file, to notice when it is not that any more: LMDB goes on with what is gone. */
export class DataFile {
  readonly path: string;
  private readonly name: string;
  private checkedAtMs = -Infinity;
  /** What is wrong with its pages. */
  damage: string | undefined;

  constructor(private readonly dir: string) {
    this.path = join(dir, DATA);
    this.name = nameOf(this.path) ?? '';
  }

  get damageReason(): string | undefined {
    if (this.damage === undefined) return undefined;
    return `${DATA} in ${this.dir} is damaged, put a good copy back: ${this.damage}`;
  }

  /** Throws `unavailable` once the file is known to be damaged: what is written would spread it. */
  checkSound(): void {
    if (this.damageReason !== undefined) throw new OmniError('unavailable', this.damageReason);
  }

  /** Throws `unavailable` when the file was emptied, replaced or removed. */
  check(): void {
    const name = nameOf(this.path);
    if (name === this.name) return;
    const what = name === undefined ? 'gone or empty' : 'another than before';
    throw new OmniError('unavailable', `${DATA} in ${this.dir} is ${what}: put it back`);
  }

  /** The same, but looks only if it has not for `intervalMs`. */
  checkEvery(intervalMs: number): void {
    const nowMs = performance.now();
    if (nowMs - this.checkedAtMs < intervalMs) return;
    this.check();
    this.checkedAtMs = nowMs;
  }

  /** Why its disk takes no more, in a line: small writes find room in the file for a while. */
  async diskReason(): Promise<string | undefined> {
    const { bavail, bsize } = await statfs(this.dir);
    if (bavail * bsize >= LEAST_FREE_BYTES) return undefined;
    return `the disk of the store is full: ${bavail * bsize} bytes are left in ${this.dir}`;
  }
}

/** Device and inode of a file that has something in it. */
function nameOf(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined || stats.size === 0n ? undefined : `${stats.dev} ${stats.ino}`;
}
