import type { Clock } from './clock.js';
import { Tally, type LoadResult, type Reply, type Send } from './tally.js';

export interface ClosedLoopOptions<R extends Reply> {
  clock: Clock;
  /** Each user waits for its answer, thinks, and asks again. */
  users: number;
  /** Users who join per second; all at once without it. */
  rampPerSecond?: number;
  /** Milliseconds between an answer and the same user's next request; 0 without it. */
  thinkMs?: () => number;
  /** Requests sent before this are not counted. */
  warmupMs: number;
  /** No request is sent after this, warm-up included. */
  durationMs: number;
  /** Nor after this many; no such bound without it. */
  requests?: number;
  send: Send<R>;
  onReply?: (reply: R, latencyMs: number) => void;
}

/**
 * Users who ask, wait, think and ask again. It shows what a given number of people would feel; it
 * slows down with the server, so it cannot show what a given rate of requests would (see
 * {@link runOpenLoop}).
 */
export async function runClosedLoop<R extends Reply>(
  options: ClosedLoopOptions<R>,
): Promise<LoadResult> {
  const { clock, users, rampPerSecond, thinkMs, warmupMs, send, onReply } = options;
  const maxRequests = options.requests ?? Infinity;
  const startMs = clock.nowMs();
  const endMs = startMs + options.durationMs;
  const tally = new Tally();
  let inFlight = 0;
  let index = 0;

  const user = async (joinMs: number): Promise<void> => {
    let nextMs = joinMs;
    while (nextMs < endMs) {
      await clock.sleepUntil(nextMs);
      const sentMs = clock.nowMs();
      if (sentMs >= endMs || index >= maxRequests) return;
      const counted = sentMs >= startMs + warmupMs;
      if (counted) tally.sent(sentMs - nextMs);
      inFlight += 1;
      tally.peakInFlight = Math.max(tally.peakInFlight, inFlight);
      const reply = await send(index++);
      inFlight -= 1;
      const answeredMs = clock.nowMs();
      if (counted) {
        tally.answered(reply, answeredMs - sentMs);
        onReply?.(reply, answeredMs - sentMs);
      }
      nextMs = answeredMs + (thinkMs?.() ?? 0);
    }
  };

  const joinGapMs = rampPerSecond === undefined ? 0 : 1000 / rampPerSecond;
  await Promise.all(Array.from({ length: users }, (_, i) => user(startMs + i * joinGapMs)));
  const ranMs = clock.nowMs() - startMs;
  const measuredMs = index < maxRequests ? Math.max(ranMs, options.durationMs) : ranMs;
  return tally.result(measuredMs - warmupMs);
}
