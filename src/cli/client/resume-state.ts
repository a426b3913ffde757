import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { digest } from '../../core/ids.js';

/** How far one feed was acknowledged, and which feed that was. */
interface Saved {
  /** Rows up to this line need not be sent again. */
  line: number;
  bytes: number;
  modifiedMs: number;
}

/**
 * Remembers how far a feed file was acknowledged, so that a run that was cut off, by kill -9 as
 * well, can be resumed: one small file a feed, target and mapping in the user's state folder,
 * replaced whole after each acknowledgement. Losing it costs time only: rows sent twice are unchanged.
 */
export class ResumeState {
  private constructor(
    private readonly path: string,
    private readonly file: { bytes: number; modifiedMs: number },
  ) {}

  /** `target` is all that decides what is sent where. Undefined for what has no file (`-`). */
  static async of(file: string, target: readonly string[]): Promise<ResumeState | undefined> {
    if (file === '-') return undefined;
    const { size, mtimeMs } = await stat(file);
    const name = `index-${digest(resolve(file), ...target)}.json`;
    return new ResumeState(join(stateDir(), name), { bytes: size, modifiedMs: mtimeMs });
  }

  /** The line after which to go on; 0 when nothing is known, or the feed is another one by now. */
  async load(): Promise<number> {
    try {
      const saved = JSON.parse(await readFile(this.path, 'utf8')) as Partial<Saved>;
      const { bytes, modifiedMs } = this.file;
      const same = saved.bytes === bytes && saved.modifiedMs === modifiedMs;
      return same && Number.isSafeInteger(saved.line) ? (saved.line ?? 0) : 0;
    } catch {
      return 0;
    }
  }

  async save(line: number): Promise<void> {
    const saved: Saved = { line, ...this.file };
    const temporary = `${this.path}.${process.pid}.tmp`;
    await mkdir(stateDir(), { recursive: true });
    await writeFile(temporary, JSON.stringify(saved));
    await rename(temporary, this.path);
  }

  /** The feed is done. */
  async clear(): Promise<void> {
    await rm(this.path, { force: true });
  }
}

function stateDir(): string {
  const base = process.env['XDG_STATE_HOME'] ?? '';
  return join(base === '' ? join(homedir(), '.local', 'state') : base, 'omnisearch');
}
