import { fork, type ChildProcess } from 'node:child_process';
import cluster from 'node:cluster';
import { once } from 'node:events';
import type { Logger } from '../core/logger.js';
import { Heartbeat, type HeartbeatTimes } from './heartbeat.js';
import { GO, LEAVE, PING, type ChildFigures, type ChildMessage } from './lifeline.js';

export interface ChildSpec {
  name: string;
  /** The script that `node` runs, and its arguments. */
  script: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  /** A child that says that it cannot start is believed the first time, not only the third. */
  mustStart: boolean;
  /** Others of its kind listen on the same port: each takes connections from it. */
  sharesPort?: boolean;
  /** It is started at once, and told to begin when this resolves; absent: at once. */
  after?: Promise<unknown>;
  heartbeat: HeartbeatTimes;
}

export interface ChildEvents {
  /** What those wait for that are to begin after it is there. */
  onOpened?(): void;
  onReady(port: number | undefined): void;
  /** It was asked to stop, and goes on until `allow` is called. Absent: it may stop at once. */
  onLeaves?(allow: () => void): void;
  /** It is gone, for now or for good. */
  onEnd?(): void;
  /** It is not started again: it has never been ready, or ended as damaged files make it. The line says why. */
  onGivenUp(line: string): void;
}

const RESTART_FIRST_MS = 100;
const RESTART_LAST_MS = 5_000;
/** A child that lived this long was well: the next restart is quick again. */
const HEALTHY_MS = 10_000;
const MAX_FAILED_STARTS = 3;
/** Signals of a process that read beyond what a file holds. */
const MEMORY_SIGNALS = ['SIGBUS', 'SIGSEGV'];
const DAMAGED =
  ': a data file is damaged or cut off, run "omnisearch store check" and put a good copy back';
const MAX_CRASHES = 3;
/** Crashes of a child that lived longer each time have nothing to do with each other. */
const CRASH_WITHIN_MS = 60_000;

/**
 * One child process, started again whenever it ends by itself.
 *
 *   starting ──ready──> running ──exit, or hung and killed──> waiting ──pause──> starting
 *      └── thrice ended before it ever was ready, or thrice by a damaged file: given up, with a line
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
  private failedStarts = 0;
  /** One after the other, by a signal of `MEMORY_SIGNALS`. */
  private crashes = 0;
  /** Lets a child go that was asked to stop. */
  private allow: (() => void) | undefined;
  /** What the child said of why it cannot start. */
  private problem: string | undefined;
  private exited: Promise<unknown> = Promise.resolve();
  private told: ChildFigures | undefined;

  constructor(
    private readonly spec: ChildSpec,
    private readonly logger: Logger,
    private readonly events: ChildEvents,
  ) {}

  /** As it last said; undefined: it runs not, or has said nothing yet. */
  get figures(): { pid: number; figures: ChildFigures } | undefined {
    const pid = this.child?.pid;
    return pid === undefined || this.told === undefined ? undefined : { pid, figures: this.told };
  }

  start(): void {
    const startedMs = performance.now();
    this.problem = undefined;
    let child: ChildProcess;
    try {
      child = begin(this.spec);
    } catch (error) {
      // Some of the ways in which there is no process are thrown, others are events.
      this.onEnd({ signal: null, error: (error as Error).message }, startedMs);
      return;
    }
    this.child = child;
    const heartbeat = this.watch(child);
    child.on('message', (message) => this.onMessage(message as ChildMessage, child, heartbeat));
    this.exited = endOf(child).then((how) => {
      heartbeat.stop();
      this.child = undefined;
      this.told = undefined;
      this.events.onEnd?.();
      if (!this.stopping) this.onEnd(how, startedMs);
    });
  }

  private watch(child: ChildProcess): Heartbeat {
    const ping = (): void => {
      if (child.connected) child.send(PING, () => undefined);
    };
    return new Heartbeat(this.spec.heartbeat, ping, (silentMs) => {
      this.logger.error({ silentMs }, `${this.spec.name} does not answer, ending it`);
      child.kill('SIGKILL');
    });
  }

  private onMessage(message: ChildMessage, child: ChildProcess, heartbeat: Heartbeat): void {
    heartbeat.heard();
    const tell = (what: string): void => {
      if (child.connected) child.send(what, () => undefined);
    };
    if (message.type === 'hears') void Promise.resolve(this.spec.after).then(() => tell(GO));
    if (message.type === 'leaves') {
      this.allow = () => tell(LEAVE);
      if (this.stopping || this.events.onLeaves === undefined) this.allow();
      else this.events.onLeaves(this.allow);
    }
    if (message.type === 'pong') this.told = message.figures;
    if (message.type === 'opened') this.events.onOpened?.();
    if (message.type === 'ready') {
      this.worked = true;
      heartbeat.started();
      this.events.onReady(message.port);
    }
    if (message.type !== 'fatal') return;
    this.problem = message.line;
    // What has worked before is hindered by something that passes: a port, a lock.
    if (this.worked) this.logger.error(`${this.spec.name}: ${message.line}`);
  }

  private onEnd(how: ChildEnd, startedMs: number): void {
    const livedMs = performance.now() - startedMs;
    const crashed = MEMORY_SIGNALS.includes(how.signal ?? '') && livedMs < CRASH_WITHIN_MS;
    this.crashes = crashed ? this.crashes + 1 : 0;
    if (!this.worked) this.failedStarts += 1;
    const believed = !this.worked && this.spec.mustStart && this.problem !== undefined;
    const failed = this.failedStarts >= MAX_FAILED_STARTS || this.crashes >= MAX_CRASHES;
    if (believed || failed) {
      this.letGo();
      this.events.onGivenUp(this.problem ?? this.describe(how));
      return;
    }
    if (livedMs > HEALTHY_MS) this.pauseMs = RESTART_FIRST_MS;
    const inMs = this.pauseMs;
    this.logger.warn(
      { ...how, problem: this.problem, inMs },
      `${this.spec.name} ended, starting it again`,
    );
    this.timer = setTimeout(() => this.start(), inMs);
    this.pauseMs = Math.min(RESTART_LAST_MS, inMs * 2);
  }

  private describe({ code, signal, error }: ChildEnd): string {
    const { name } = this.spec;
    if (error !== undefined) return `the ${name} cannot be started: ${error}`;
    const by = signal === null ? `with exit code ${String(code)}` : `by ${signal}`;
    const hint = MEMORY_SIGNALS.includes(signal ?? '') ? DAMAGED : '';
    const times = Math.max(this.failedStarts, this.crashes);
    const when = this.worked ? '' : ' before it was ready';
    return `the ${name} ended ${times} times ${by}${when}${hint}`;
  }

  /** From now on it is not started again. */
  letGo(): void {
    this.stopping = true;
    this.allow?.();
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

const STDIO: ('ignore' | 'inherit' | 'ipc')[] = ['ignore', 'inherit', 'inherit', 'ipc'];

function begin({ script, args, env, sharesPort = false }: ChildSpec): ChildProcess {
  if (!sharesPort) return fork(script, args, { env, stdio: STDIO });
  // Each accepts by itself: a connection that the parent hands over hangs where the child is killed just then.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  cluster.setupPrimary({ exec: script, args: [...args], stdio: STDIO });
  // It is given this process' variables as well: what it is not to have is taken out.
  const others = Object.keys(process.env).filter((name) => !(name in env));
  const without = Object.fromEntries(others.map((name) => [name, undefined]));
  const worker = cluster.fork({ ...without, ...env });
  // Those of its process are heard by `endOf`.
  worker.on('error', () => undefined);
  return worker.process;
}

interface ChildEnd {
  code?: number | null;
  signal: NodeJS.Signals | null;
  /** Why there was no process at all. */
  error?: string;
}

/** Resolves when the process is gone and all that it said has been heard. */
async function endOf(child: ChildProcess): Promise<ChildEnd> {
  const disconnected = child.connected ? once(child, 'disconnect') : undefined;
  const end = await new Promise<ChildEnd>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.on('error', (error) => {
      // A process that could not be started has no exit.
      if (child.pid === undefined) resolve({ signal: null, error: error.message });
    });
  });
  if (child.connected) await disconnected;
  return end;
}
