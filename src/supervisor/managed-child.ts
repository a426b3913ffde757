import { fork, type ChildProcess } from 'node:child_process';
import type { Logger } from '../core/logger.js';

export interface ChildSpec {
  name: string;
  /** The script that `node` runs, and its arguments. */
  script: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  /** A child that cannot start the first time ends the whole start, instead of trying again. */
  mustStart: boolean;
}

/** What a role tells its supervisor. */
export type ChildMessage = { type: 'ready'; port?: number } | { type: 'fatal'; line: string };

const RESTART_FIRST_MS = 100;
const RESTART_LAST_MS = 5_000;
/** A child that lived this long was well: the next restart is quick again. */
const HEALTHY_MS = 10_000;

/**
 * One child process, started again whenever it ends by itself.
 *
 *   starting ──ready──> running ──exit──> waiting ──pause──> starting
 *      └── fatal before it ever was ready: it cannot work as configured, and is not started again
 *
 * The IPC channel doubles as its lifeline: a child whose channel breaks has lost its parent and ends.
 */
export class ManagedChild {
  private child: ChildProcess | undefined;
  private timer: NodeJS.Timeout | undefined;
  private pauseMs = RESTART_FIRST_MS;
  private stopping = false;
  /** It was ready once. */
  private worked = false;
  private exited: Promise<void> = Promise.resolve();

  constructor(
    private readonly spec: ChildSpec,
    private readonly logger: Logger,
    private readonly onMessage: (message: ChildMessage) => void,
  ) {}

  start(): void {
    const { name, script, args, env, mustStart } = this.spec;
    const startedMs = performance.now();
    const child = fork(script, args, { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.child = child;
    child.on('message', (message) => {
      const told = message as ChildMessage;
      if (told.type === 'ready') this.worked = true;
      // What has worked before is hindered by something that passes: a port, a lock.
      else if (this.worked || !mustStart) this.logger.error(`${name}: ${told.line}`);
      // The message may come after the exit that it explains, when a restart is due already.
      else this.letGo();
      this.onMessage(told);
    });
    this.exited = new Promise((resolve) => {
      let ended = false;
      const onEnd = (reason: object): void => {
        if (ended) return;
        ended = true;
        this.child = undefined;
        resolve();
        if (!this.stopping) this.restart(startedMs, reason);
      };
      child.once('exit', (code, signal) => onEnd({ code, signal }));
      child.on('error', (error) => {
        this.logger.error({ error: String(error) }, `${name} failed`);
        // A process that could not be started has no exit.
        if (child.pid === undefined) onEnd({});
      });
    });
  }

  private restart(startedMs: number, reason: object): void {
    if (performance.now() - startedMs > HEALTHY_MS) this.pauseMs = RESTART_FIRST_MS;
    const inMs = this.pauseMs;
    this.logger.warn({ ...reason, inMs }, `${this.spec.name} ended, starting it again`);
    this.timer = setTimeout(() => this.start(), inMs);
    this.pauseMs = Math.min(RESTART_LAST_MS, inMs * 2);
  }

  /** From now on it is not started again. */
  letGo(): void {
    this.stopping = true;
    clearTimeout(this.timer);
  }

  /** Asks the child to stop, and ends it when it has not by `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.letGo();
    const { child } = this;
    if (child === undefined) return;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await this.exited;
    clearTimeout(timer);
  }
}
