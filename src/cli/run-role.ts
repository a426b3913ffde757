import { once } from 'node:events';
import { ConfigError } from '../config/config-error.js';
import type { Config } from '../config/settings.js';
import type { Logger } from '../core/logger.js';
import { FolderInUse } from '../supervisor/folder-lock.js';
import {
  endAtOnce,
  endWithSupervisor,
  isSupervised,
  leaveSupervisor,
  tellSupervisor,
} from '../supervisor/lifeline.js';

/** A started role: what it is asked to do when it should end. */
export interface Role {
  close(): Promise<void>;
}

/** How long a stop may take for the sake of others. */
type DrainTimes = Pick<Config, 'drainDelayMs' | 'drainTimeoutMs'>;

/** A start that is given up, and a role that closes, get this long beyond the time to drain. */
const CLOSE_LIMIT_MS = 4_000;

/**
 * Runs a long-lived role until SIGTERM or Ctrl-C, then closes it. Resolves with the exit code: 0
 * after a clean stop, 1 when it could not start, 2 when its settings were wrong.
 *
 * @param start is told by its signal when a stop is asked for before it has ended
 */
export async function runRole(
  start: (stopping: AbortSignal) => Promise<Role>,
  logger: Logger,
  { drainDelayMs, drainTimeoutMs }: DrainTimes,
): Promise<number> {
  endWithSupervisor();
  const stopping = stopSignal();
  const stopped = once(stopping, 'abort');
  const starting = start(stopping);
  let limit: NodeJS.Timeout | undefined;
  void stopped.then(() => {
    // Everything in order takes the drain time twice: the query node's, then the shards'.
    limit = setTimeout(endAtOnce, drainDelayMs + 2 * drainTimeoutMs + CLOSE_LIMIT_MS);
  });
  try {
    const role = await starting;
    await stopped;
    await role.close();
  } catch (error) {
    if (!stopping.aborted) return tellProblem(error, logger);
  } finally {
    clearTimeout(limit);
    leaveSupervisor();
  }
  return 0;
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

function startProblem(error: unknown): string | undefined {
  const known = [ConfigError, StartError, FolderInUse];
  return known.some((kind) => error instanceof kind) ? (error as Error).message : undefined;
}

/** Aborted by the first signal to stop. A second Ctrl-C ends the process at once. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  // Not once: a second one must not end this process before its children.
  process.on('SIGTERM', () => stop.abort());
  // Ctrl-C reaches the whole process group; the supervisor decides for its children.
  if (isSupervised()) process.on('SIGINT', () => undefined);
  else {
    process.once('SIGINT', () => {
      process.once('SIGINT', endAtOnce);
      stop.abort();
    });
  }
  return stop.signal;
}
