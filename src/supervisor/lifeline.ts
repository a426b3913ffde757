import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a role tells its supervisor. */
export type ChildMessage =
  /** From now on it hears what it is told: what came before is lost. */
  | { type: 'hears' }
  | { type: 'ready'; port?: number }
  /** What others wait for is there: see `GO`. */
  | { type: 'opened' }
  /** It was asked to stop, and goes on until it is told that it may: see `LEAVE`. */
  | { type: 'leaves' }
  /** It cannot start, and why. */
  | { type: 'fatal'; line: string }
  /** The answer to a ping: its event loop turns, and how much. */
  | { type: 'pong'; figures?: ChildFigures };

/** How a process does, since its start. */
export interface ChildFigures {
  /** For how long its event loop was at work, and at rest, milliseconds. */
  activeMs: number;
  idleMs: number;
  /** That it was asked for. */
  searches?: number;
  /** Jobs of the cluster that are due and wait. */
  waiting?: number;
}

/** What the supervisor asks of a child from time to time. */
export const PING = 'ping';
/** What the supervisor tells a child that is to begin only when another one has got so far. */
export const GO = 'go';

/** What the supervisor tells a child that is to stop, once others can do its work. */
export const LEAVE = 'leave';

let own: () => Omit<ChildFigures, 'activeMs' | 'idleMs'> = () => ({});

let go: () => void = () => undefined;
const going = new Promise<void>((resolve) => (go = resolve));
let leave: () => void = () => undefined;
const leaving = new Promise<void>((resolve) => (leave = resolve));

/** Resolves when the supervisor, if there is one, says that this process may begin. */
export async function mayBegin(): Promise<void> {
  if (isSupervised()) await going;
}

/** Resolves when the supervisor, if there is one, says that this process is not needed, or after `limitMs`. */
export async function mayLeave(limitMs: number): Promise<void> {
  if (!isSupervised()) return;
  tellSupervisor({ type: 'leaves' });
  const limit = new AbortController();
  const waiting = sleep(limitMs, undefined, { signal: limit.signal }).catch(() => undefined);
  await Promise.race([leaving, waiting]);
  limit.abort();
}

/** Whether a supervisor started this process. */
export function isSupervised(): boolean {
  return process.send !== undefined;
}

/** Tells the supervisor, if there is one. */
export function tellSupervisor(message: ChildMessage): void {
  // A channel that breaks just now ends this process anyway.
  process.send?.(message, undefined, undefined, () => undefined);
}

/** From now on the supervisor is told this of the process, with how busy it is. @param read costs nothing */
export function tellFigures(read: typeof own): void {
  own = read;
}

function figures(): ChildFigures {
  const { active: activeMs, idle: idleMs } = performance.eventLoopUtilization();
  return { activeMs, idleMs, ...own() };
}

/**
 * Answers the supervisor from the event loop of this process, and ends it at once when its
 * supervisor is gone, also by kill -9: nobody would restart or stop it, and the next start would meet
 * it on its ports and files.
 */
export function obeySupervisor(): void {
  if (!isSupervised()) return;
  // Before that of a cluster's worker, which ends by `process.exit`.
  process.prependOnceListener('disconnect', endAtOnce);
  process.on('message', (message) => {
    if (message === PING) tellSupervisor({ type: 'pong', figures: figures() });
    if (message === GO) go();
    if (message === LEAVE) leave();
  });
  tellSupervisor({ type: 'hears' });
}

/**
 * Ends this process whatever it is doing. Not by `process.exit`, which waits for the threads of
 * libuv's pool: one that commits an LMDB transaction waits for this thread in turn, so that both
 * would wait for ever, the store's write lock in hand.
 */
export function endAtOnce(): void {
  process.kill(process.pid, 'SIGKILL');
}

/** After a clean stop: lets go of the channel, which would keep this process alive. */
export function leaveSupervisor(): void {
  if (!isSupervised()) return;
  process.removeAllListeners('disconnect');
  if (process.connected) process.disconnect();
}
