import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { listProcesses, processTree, type ProcessInfo } from './processes.js';

const START_TIMEOUT_MS = 600_000;
const STOP_TIMEOUT_MS = 15_000;

/** A child process in a process group of its own, of which nothing is left after `stop`. */
export class ChildServer {
  private constructor(
    private readonly name: string,
    private readonly child: ChildProcess,
    /** Holds what it prints: a pipe would cost this process time while it measures. */
    private readonly logFolder: string,
  ) {}

  /** `uid` and `gid` run it as another user (PostgreSQL refuses root). */
  static start(
    command: string,
    args: readonly string[],
    options: { name: string; env?: NodeJS.ProcessEnv; cwd?: string; uid?: number; gid?: number },
  ): ChildServer {
    const { name, env, ...rest } = options;
    const logFolder = mkdtempSync(join(tmpdir(), 'omnisearch-bench-log-'));
    const log = openSync(join(logFolder, 'log'), 'w');
    const child = spawn(command, args, {
      ...rest,
      env: { ...process.env, ...env },
      detached: true,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    child.on('error', () => undefined); // seen as a process that ended
    return new ChildServer(name, child, logFolder);
  }

  private get ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null || !this.child.pid;
  }

  /** Its processes, wherever they were moved to in the tree. */
  processes(): ProcessInfo[] {
    const { pid } = this.child;
    if (pid === undefined) return [];
    const found = new Map(processTree(pid).map((process) => [process.pid, process]));
    for (const process of listProcesses()) {
      if (process.group === pid) found.set(process.pid, process);
    }
    return [...found.values()];
  }

  /** Polls `ready` until it is true. Throws with the last output when the process ends or is too slow. */
  async waitUntil(ready: () => Promise<boolean>, timeoutMs = START_TIMEOUT_MS): Promise<void> {
    const giveUpMs = performance.now() + timeoutMs;
    while (!(await ready().catch(() => false))) {
      if (this.ended || performance.now() > giveUpMs) {
        const why = this.ended ? 'ended while starting' : 'was not ready in time';
        const log = readFileSync(join(this.logFolder, 'log'), 'utf8');
        throw new Error(`${this.name} ${why}:\n${log.slice(-2000)}`);
      }
      await sleep(10);
    }
  }

  /** Ends it at once, as a crash would. */
  async kill(): Promise<void> {
    const processes = this.processes();
    for (const { pid } of processes) signal(pid, 'SIGKILL');
    await this.waitUntilGone(processes, STOP_TIMEOUT_MS);
    rmSync(this.logFolder, { recursive: true, force: true });
  }

  /** Asks it to stop. Throws when anything of it had to be killed after 15 s. */
  async stop(stopSignal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const processes = this.processes();
    if (this.child.pid !== undefined && !this.ended) signal(this.child.pid, stopSignal);
    const left = await this.waitUntilGone(processes, STOP_TIMEOUT_MS);
    rmSync(this.logFolder, { recursive: true, force: true });
    if (left.length === 0) return;
    for (const { pid } of left) signal(pid, 'SIGKILL');
    await this.waitUntilGone(left, STOP_TIMEOUT_MS);
    const names = left.map(({ pid, name }) => `${String(pid)} ${name}`).join(', ');
    throw new Error(`${this.name} left processes running after SIGTERM (killed now): ${names}`);
  }

  private async waitUntilGone(
    processes: readonly ProcessInfo[],
    timeoutMs: number,
  ): Promise<ProcessInfo[]> {
    const giveUpMs = performance.now() + timeoutMs;
    for (;;) {
      const alive = new Map(listProcesses().map((process) => [process.pid, process]));
      const left = processes.filter(({ pid, name }) => alive.get(pid)?.name === name);
      if ((left.length === 0 && this.ended) || performance.now() > giveUpMs) return left;
      await sleep(10);
    }
  }
}

/** A port that nothing listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

/** Sends a signal to a process that may be gone. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // gone meanwhile
  }
}
