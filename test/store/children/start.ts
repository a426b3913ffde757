import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Deadline for anything that a test waits for; where other tests run beside, a start alone takes long. */
const PATIENCE_MS = 90_000;

/** A running child, its lines of standard output so far, and a wait for one of them. */
export class Child {
  readonly lines: string[] = [];
  private readonly ended: Promise<unknown>;
  private onLine: () => void = () => undefined;

  constructor(private readonly process: ChildProcess) {
    this.ended = once(process, 'close');
    if (process.stdout === null) throw new Error('the child has no output');
    createInterface({ input: process.stdout }).on('line', (line) => {
      this.lines.push(line);
      this.onLine();
    });
    process.on('close', () => this.onLine());
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  /** The first line from now or before that begins with `start`. */
  async line(start: string): Promise<string> {
    const giveUpAt = performance.now() + PATIENCE_MS;
    for (;;) {
      const found = this.lines.find((line) => line.startsWith(start));
      if (found !== undefined) return found;
      const leftMs = giveUpAt - performance.now();
      if (leftMs <= 0 || this.process.exitCode !== null || this.process.signalCode !== null) {
        throw new Error(`the child never said ${start}; last: ${this.lines.at(-1) ?? 'nothing'}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.onLine = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** The numbers of the batches that were acknowledged. */
  acknowledged(): number[] {
    return this.lines.flatMap((line) => (line.startsWith('ack ') ? [Number(line.slice(4))] : []));
  }

  /** Ends it at once, as a crash would, and waits until all of its output is read. */
  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.ended;
  }

  /** Waits until it ended by itself. */
  async end(): Promise<void> {
    await this.ended;
  }
}

export const WRITER = fileURLToPath(new URL('./writer-process.ts', import.meta.url));
export const MONGO_WRITER = fileURLToPath(new URL('./mongo-writer.ts', import.meta.url));
export const MONGO_FOLLOWER = fileURLToPath(new URL('./mongo-follower.ts', import.meta.url));
export const READER = fileURLToPath(new URL('./reader-process.ts', import.meta.url));

/** The command that runs `script`. */
export function nodeCommand(script: string, args: readonly string[]): string[] {
  return [process.execPath, '--import', 'tsx', script, ...args];
}

export function start(command: readonly string[]): Child {
  const [program = '', ...args] = command;
  // LMDB reports a full disk on standard error as well; the tests read what the store says.
  return new Child(spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] }));
}
