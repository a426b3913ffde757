import { LatencyWindow } from './latency-window.js';

/** Kinds come from code; whoever makes them of data loses the oldest, not the process its memory. */
export const MAX_KINDS = 64;
/** While too little of a kind is known. */
const DEFAULT_HEDGE_MS = 50;
const DEFAULT_HANG_MS = 200;
/** However fast a kind is: a pause of a peer's garbage collector is no reason to leave it alone. */
const LEAST_HANG_MS = 30;

/** How long each kind of request takes, and what follows for those who wait. */
export class KindTimes {
  private readonly windows = new Map<string, LatencyWindow>();

  /** An answer that lacks nothing came after `durationMs`. */
  add(kind: string, durationMs: number): void {
    let window = this.windows.get(kind);
    if (window === undefined) {
      const [oldest] = this.windows.keys();
      if (oldest !== undefined && this.windows.size >= MAX_KINDS) this.windows.delete(oldest);
      window = new LatencyWindow();
      this.windows.set(kind, window);
    }
    window.add(durationMs);
  }

  /**
   * When a second replica is asked too, milliseconds: later than 95 of a hundred would have answered (Dean
   * and Barroso, The Tail at Scale, 2013), and not for the noise of a kind whose times hardly differ.
   */
  hedgeAfterMs(kind: string): number {
    const known = this.windows.get(kind)?.quantiles;
    return known === undefined ? DEFAULT_HEDGE_MS : Math.max(known.p95Ms, 2 * known.p50Ms);
  }

  /** For how long a node of which nothing is heard counts as busy, milliseconds. */
  hangAfterMs(kind: string): number {
    const known = this.windows.get(kind)?.quantiles;
    return known === undefined ? DEFAULT_HANG_MS : Math.max(LEAST_HANG_MS, 2 * known.p99Ms);
  }

  /** How many times the usual `durationMs` is; undefined while the usual is not known. */
  slowness(kind: string, durationMs: number): number | undefined {
    const usualMs = this.windows.get(kind)?.quantiles?.p50Ms;
    return usualMs === undefined || usualMs <= 0 ? undefined : durationMs / usualMs;
  }
}
