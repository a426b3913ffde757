import type { Arrivals } from './arrivals.js';
import type { Clock } from './clock.js';
import { Tally, type LoadResult, type Reply, type Send } from './tally.js';

export interface OpenLoopOptions<R extends Reply> {
  clock: Clock;
  arrivals: Arrivals;
  /** Arrivals due before this are sent but not counted. */
  warmupMs: number;
  /** End of the schedule, warm-up included. */
  durationMs: number;
  /** Bound on requests in flight. Arrivals beyond it wait, and their waiting is counted. */
  maxInFlight: number;
  /** After `durationMs` plus this, what was still held back is given up as unsent. */
  drainMs: number;
  send: Send<R>;
  /** Called for each counted reply. */
  onReply?: (reply: R, latencyMs: number) => void;
}

/**
 * Sends requests when they are due, whether or not earlier ones have been answered, and counts
 * latency from the moment each was due. A stall of the server (or of this client) is so charged to
 * every request that it delayed. The opposite, where a slow answer keeps the next request from being
 * sent, hides it: Gil Tene's "coordinated omission".
 */
export async function runOpenLoop<R extends Reply>(
  options: OpenLoopOptions<R>,
): Promise<LoadResult> {
  const { clock, warmupMs, maxInFlight, send, onReply } = options;
  const startMs = clock.nowMs();
  const giveUpMs = startMs + options.durationMs + options.drainMs;
  const tally = new Tally();
  const inFlight = new Set<Promise<void>>();
  let slotFreed = (): void => undefined;
  let lastReplyMs = startMs;
  let index = 0;

  const launch = (dueMs: number, counted: boolean): void => {
    if (counted) tally.sent(clock.nowMs() - dueMs);
    const request = send(index).then((reply) => {
      lastReplyMs = clock.nowMs();
      inFlight.delete(request);
      slotFreed();
      if (!counted) return;
      tally.answered(reply, lastReplyMs - dueMs);
      onReply?.(reply, lastReplyMs - dueMs);
    });
    inFlight.add(request);
    tally.peakInFlight = Math.max(tally.peakInFlight, inFlight.size);
  };

  for (const offsetMs of options.arrivals) {
    const dueMs = startMs + offsetMs;
    await clock.sleepUntil(dueMs);
    while (inFlight.size >= maxInFlight && clock.nowMs() < giveUpMs) {
      await new Promise<void>((resolve) => (slotFreed = resolve));
    }
    const counted = offsetMs >= warmupMs;
    if (clock.nowMs() < giveUpMs) launch(dueMs, counted);
    else if (counted) tally.neverSent(clock.nowMs() - dueMs);
    index += 1;
  }
  await Promise.all(inFlight);
  // The rate is over the time it took to answer: a backlog worked off later is not a higher rate.
  const endMs = Math.max(startMs + options.durationMs, lastReplyMs);
  return tally.result(endMs - startMs - warmupMs);
}
