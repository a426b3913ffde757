import type { Deadline } from '../core/deadline.js';
import { toOmniError } from '../core/errors.js';
import type { AwaitApplied, Request } from '../protocol/messages.js';
import type { PartitionRef } from '../protocol/partition-list.js';
import { expectReply } from './leaf-calls.js';
import type { ShardConnection } from './shard-connection.js';

/** Pause of a wait for a shard that is away. */
const AWAIT_PAUSE_MS = 50;

/** As `AwaitApplied` has it. */
export interface AppliedAsked extends Omit<AwaitApplied, 'type' | 'partitions' | 'budgetMs'> {
  partitions?: readonly PartitionRef[];
}

/** Asks again when the shard went away meanwhile: it comes back, here or elsewhere, and catches up. */
export async function untilApplied(
  find: () => ShardConnection | undefined,
  awaited: Omit<AwaitApplied, 'type' | 'budgetMs'>,
  deadline: Deadline,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  while (!deadline.expired && signal?.aborted !== true) {
    const request: Request = { type: 'await', ...awaited, budgetMs: deadline.remainingMs() };
    const connection = find();
    // It was taken out of the cluster meanwhile.
    if (connection === undefined) return true;
    try {
      return expectReply(await connection.request(request, deadline, signal), 'applied').applied;
    } catch (error) {
      if (toOmniError(error).code !== 'unavailable') return false;
      const pauseMs = Math.min(AWAIT_PAUSE_MS, deadline.remainingMs());
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
  return false;
}
