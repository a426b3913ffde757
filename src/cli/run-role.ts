import { ConfigError } from '../config/config-error.js';
import type { Logger } from '../core/logger.js';
import { FolderInUse } from '../supervisor/folder-lock.js';
import {
  endWithSupervisor,
  isSupervised,
  leaveSupervisor,
  tellSupervisor,
} from '../supervisor/lifeline.js';

/** A started role: what it is asked to do when it should end. */
export interface Role {
  close(): Promise<void>;
}

/** A stop takes longer than this only when something hangs. */
const CLOSE_LIMIT_MS = 8_000;

/**
 * Runs a long-lived role until SIGTERM or Ctrl-C, then closes it. Resolves with the exit code: 0
 * after a clean stop, 1 when it could not start, 2 when its settings were wrong.
 */
export async function runRole(start: () => Promise<Role>, logger: Logger): Promise<number> {
  endWithSupervisor();
  const stopped = stopSignal();
  let role: Role;
  try {
    role = await start();
  } catch (error) {
    const line = startProblem(error);
    if (line === undefined) logger.error(error, 'could not start');
    // The supervisor prints what its children tell it.
    else if (isSupervised()) tellSupervisor({ type: 'fatal', line });
    else process.stderr.write(`omnisearch: ${line}\n`);
    leaveSupervisor();
    return error instanceof ConfigError ? 2 : 1;
  }
  await stopped;
  const limit = setTimeout(() => process.exit(1), CLOSE_LIMIT_MS);
  await role.close();
  clearTimeout(limit);
  leaveSupervisor();
  return 0;
}

/** A start that failed for a reason the operator can mend, in one line. */
export class StartError extends Error {}

function startProblem(error: unknown): string | undefined {
  const known = [ConfigError, StartError, FolderInUse];
  return known.some((kind) => error instanceof kind) ? (error as Error).message : undefined;
}

/** Resolves at the first signal to stop. A second Ctrl-C ends the process at once. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve);
    // Ctrl-C reaches the whole process group; the supervisor decides for its children.
    if (isSupervised()) process.on('SIGINT', () => undefined);
    else {
      process.once('SIGINT', () => {
        process.once('SIGINT', () => process.exit(130));
        resolve();
      });
    }
  });
}
