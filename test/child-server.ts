import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';

/** A server that tests start, freeze, kill and start again, with a folder of its own. */
export abstract class ChildServer {
  protected constructor(
    protected process: ChildProcess,
    protected readonly dir: string,
  ) {}

  /** After `kill`: on the same port and files again. */
  abstract restart(): Promise<void>;

  /** To stop it for a while, and let it go on. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.process.kill(name);
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.process.kill('SIGKILL');
    await once(this.process, 'exit');
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.dir, { recursive: true, force: true });
  }
}
