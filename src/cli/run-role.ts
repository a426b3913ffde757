import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { ConfigError } from '../config/setting.js';
import type { Config } from '../config/settings.js';
import { OmniError, reasonOf } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { FolderInUse } from '../supervisor/folder-lock.js';
import {
  endAtOnce,
  isSupervised,
  leaveSupervisor,
  mayLeave,
  obeySupervisor,
  tellSupervisor,
} from '../supervisor/lifeline.js';

/** What a role has opened, closed in the opposite order: also where its start fails midway. */
export class Opened {
  private readonly closers: (() => Promise<void> | void)[] = [];

  add(close: () => Promise<void> | void): void {
    this.closers.push(close);
  }

  /** Whatever cannot be closed does not keep the rest open. */
  async close(logger: Logger): Promise<void> {
    for (let close = this.closers.pop(); close !== undefined; close = this.closers.pop()) {
      try {
        await close();
      } catch (error) {
        logger.warn({ err: error }, 'could not be closed in order');
      }
    }
  }
}

/** How long a stop may take for the sake of others. */
type DrainTimes = Pick<Config, 'drainDelayMs' | 'drainTimeoutMs'>;

/** How long one that is to stop goes on for want of another that does its work. */
const LEAVE_LIMIT_MS = 20_000;
/** A start that is given up, and a role that closes, get this long beyond the time to drain. */
const CLOSE_LIMIT_MS = 4_000;

/**
 * Runs a long-lived role until SIGTERM, SIGHUP or Ctrl-C, then closes it. Resolves with the exit code: 0
 * after a clean stop, 1 when it could not start or go on, 2 when its settings were wrong.
 *
 * @param start is told by its signal when a stop is asked for before it has ended, and adds what it
 *   opens: a process with anything open would not end
 */
export async function runRole(
  start: (opened: Opened, stopping: AbortSignal) => Promise<void>,
  logger: Logger,
  { drainDelayMs, drainTimeoutMs }: DrainTimes,
): Promise<number> {
  // What lives as long as a request is collected by one thread: several, in each of many processes, cost a
  // twentieth of all CPU more, and wait for each other where cores are few.
  setFlagsFromString('--no-parallel-scavenge');
  obeySupervisor();
  const stopping = stopSignal();
  const stopped = once(stopping, 'abort');
  const opened = new Opened();
  let limit: NodeJS.Timeout | undefined;
  const limitClosing = (): void => {
    // Everything in order takes the drain time twice: the query node's, then the shards'.
    limit ??= setTimeout(endAtOnce, drainDelayMs + 2 * drainTimeoutMs + CLOSE_LIMIT_MS);
  };
  const mayClose = stopped.then(() => mayLeave(LEAVE_LIMIT_MS));
  void mayClose.then(limitClosing);
  let code = 0;
  try {
    await start(opened, stopping);
    await mayClose;
  } catch (error) {
    limitClosing();
    if (!stopping.aborted) code = tellProblem(error, logger);
  }
  await opened.close(logger);
  clearTimeout(limit);
  leaveSupervisor();
  return code;
}

function tellProblem(error: unknown, logger: Logger): number {
  const line = startProblem(error);
  if (line === undefined) logger.error(error, 'could not start');
  // The supervisor prints what its children tell it.
  else if (isSupervised()) tellSupervisor({ type: 'fatal', line });
  else process.stderr.write(`omnisearch: ${line}\n`);
  return error instanceof ConfigError ? 2 : 1;
}

/** A start that failed for a reason the operator can mend, in one line. */
export class StartError extends Error {}

/** The line of what the operator can mend: settings, the store, files; undefined for a mistake of ours. */
function startProblem(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const known = [ConfigError, StartError, FolderInUse, OmniError];
  const isKnown = known.some((kind) => error instanceof kind) || 'syscall' in error;
  if (!isKnown) return undefined;
  return reasonOf(error).replaceAll(/\s*\n\s*/g, ' ');
}

/** Aborted by the first signal to stop. A second Ctrl-C ends the process at once. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  // Not once: a second one must not end this process before its children.
  process.on('SIGTERM', () => stop.abort());
  // Ctrl-C and the end of a terminal reach the whole process group; the supervisor decides for its
  // children.
  if (isSupervised())
    for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => undefined);
  else {
    process.on('SIGHUP', () => stop.abort());
    process.once('SIGINT', () => {
      process.once('SIGINT', endAtOnce);
      stop.abort();
    });
  }
  return stop.signal;
}
