import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { digest } from '../../core/ids.js';

/** How far one file was acknowledged, and which file that was. */
interface Saved {
  /** So many rows, from the first on, need not be sent again. */
  rows: number;
  bytes: number;
  modifiedMs: number;
}

/**
 * Remembers how far a catalogue file was acknowledged, so that a run that was cut off, by kill -9 as
 * well, can be resumed: one small file for each file, target and mapping in the user's state folder,
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

  /** After how many rows to go on; 0 when nothing is known, or the file is another one by now. */
  async load(): Promise<number> {
    try {
      const saved = JSON.parse(await readFile(this.path, 'utf8')) as Partial<Saved>;
      const { bytes, modifiedMs } = this.file;
      const same = saved.bytes === bytes && saved.modifiedMs === modifiedMs;
      return same && Number.isSafeInteger(saved.rows) ? (saved.rows ?? 0) : 0;
    } catch {
      return 0;
    }
  }

  async save(rows: number): Promise<void> {
    const saved: Saved = { rows, ...this.file };
    const temporary = `${this.path}.${process.pid}.tmp`;
    await mkdir(stateDir(), { recursive: true });
    await writeFile(temporary, JSON.stringify(saved));
    await rename(temporary, this.path);
  }

  /** The file is done. */
  async clear(): Promise<void> {
    await rm(this.path, { force: true });
  }
}

function stateDir(): string {
  const base = process.env['XDG_STATE_HOME'] ?? '';
  return join(base === '' ? join(homedir(), '.local', 'state') : base, 'omnisearch');
}

/**
 * How far a sequence is done without a gap, when its parts finish in any order:
 *
 *   begin(10) → a, begin(20) → b;  b() → 0;  a() → 20
 */
export class AcknowledgedPrefix {
  private readonly open: { end: number; done: boolean }[] = [];
  private reached = 0;

  /** A part that ends at `end`; call what is returned when it is done, for how far all is done. */
  begin(end: number): () => number {
    const part = { end, done: false };
    this.open.push(part);
    return () => {
      part.done = true;
      while (this.open[0]?.done === true) this.reached = this.open.shift()?.end ?? this.reached;
      return this.reached;
    };
  }
}

/** Saves one value at a time, and of those that came meanwhile only the last. */
export class LatestSaver {
  private running: Promise<void> = Promise.resolve();
  private latest = 0;
  private saved = 0;
  private complained = false;

  constructor(private readonly write: (rows: number) => Promise<void>) {}

  save(rows: number): Promise<void> {
    this.latest = Math.max(this.latest, rows);
    this.running = this.running.then(async () => {
      if (this.latest <= this.saved) return;
      this.saved = this.latest;
      await this.write(this.saved).catch((error: unknown) => this.complainOnce(error));
    });
    return this.running;
  }

  /** Without it the run goes on; only it could not be resumed. */
  private complainOnce(error: unknown): void {
    if (!this.complained) {
      process.stderr.write(`omnisearch: this run cannot be resumed: ${String(error)}\n`);
    }
    this.complained = true;
  }
}
