import type { Deadline } from '../core/deadline.js';
import { OmniError, RETRY_AFTER_MS, toOmniError } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { nodeOf, type ShardTarget } from './plan.js';
import type { MissingPart, MissingReason } from './search-types.js';

/**
 * What the store has by the deadline. Rejects `deadline_exceeded` where only the time ran out, what
 * the store says of too much, and else `unavailable`. @param read what is there already is given at once
 */
export async function readInTime<T>(
  read: T | Promise<T>,
  deadline: Deadline,
  what: string,
): Promise<T> {
  if (!(read instanceof Promise)) return read;
  try {
    return await deadline.race(read, `reading ${what}`);
  } catch (error) {
    const { code } = toOmniError(error);
    if (code === 'deadline_exceeded') throw error;
    const details = { retryAfterMs: RETRY_AFTER_MS, cause: error };
    throw new OmniError('unavailable', `${what} could not be read`, details);
  }
}

/**
 * Partitions were cut or joined while a search asked for them: what some have answered may be of the same
 * products as what others are yet to be asked for. The search begins again.
 */
export class PlacementReshaped extends OmniError {
  constructor() {
    super('unavailable', 'the placement kept changing', { retryAfterMs: RETRY_AFTER_MS });
  }
}

/** Why a shard's part is missing. */
export function reasonOf(error: unknown): MissingReason {
  const { code } = toOmniError(error);
  if (code === 'deadline_exceeded') return 'timeout';
  return code === 'overloaded' ? 'overloaded' : 'unavailable';
}

/** The categories that an answer lacks of a shard. */
export function missingOf(target: ShardTarget, reason: MissingReason): MissingPart[] {
  const shard = nodeOf(target);
  return target.partitions.flatMap((partition): MissingPart[] => {
    // The rest has no name for its categories: `namedParts` finds them.
    if (partition.categories === 'rest') return [{ part: 'shard', shard, reason }];
    return partition.categories.map((category) => ({ part: 'shard', category, shard, reason }));
  });
}

/** What it means that no shard answered: an error, not an empty result. */
export function noAnswer(missing: readonly MissingPart[]): OmniError {
  const all = (wanted: MissingPart['reason']): boolean =>
    missing.every(({ reason }) => reason === wanted);
  if (all('timeout')) return new OmniError('deadline_exceeded', 'no shard answered in time');
  const code = all('overloaded') ? 'overloaded' : 'unavailable';
  return new OmniError(code, 'no shard answered', { retryAfterMs: RETRY_AFTER_MS });
}

/** Lines of the log are at least so far apart: when the store is away, every search fails. */
const LOG_GAP_MS = 1_000;

/** Tells the log what is underneath of errors whose callers are only told that something is away. */
export class FailureLog {
  private loggedAtMs = -Infinity;

  constructor(private readonly logger: Logger) {}

  /** What a caller is told of `error`. */
  noted(error: unknown): OmniError {
    const told = toOmniError(error);
    const now = performance.now();
    if (told.code === 'unavailable' && told.cause !== undefined) {
      if (now - this.loggedAtMs < LOG_GAP_MS) return told;
      this.loggedAtMs = now;
      this.logger.warn({ err: told.cause }, `a search failed: ${told.message}`);
    }
    return told;
  }
}
