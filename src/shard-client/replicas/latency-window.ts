/** How many durations are looked back on. */
export const WINDOW_SAMPLES = 256;
/** New ones before the quantiles are taken anew; fewer in all say nothing yet. */
export const SAMPLES_A_LOOK = 32;

/** How long half, 95 and 99 of a hundred requests took at most, milliseconds. */
export interface Quantiles {
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
}

/** The last durations of one kind of request, over all its replicas. */
export class LatencyWindow {
  private readonly durationsMs = new Float64Array(WINDOW_SAMPLES);
  private count = 0;
  private known: Quantiles | undefined;

  /** Of a time at most `SAMPLES_A_LOOK` samples ago; undefined before the first so many. */
  get quantiles(): Quantiles | undefined {
    return this.known;
  }

  add(durationMs: number): void {
    this.durationsMs[this.count % WINDOW_SAMPLES] = durationMs;
    this.count += 1;
    if (this.count % SAMPLES_A_LOOK === 0) this.known = this.look();
  }

  private look(): Quantiles {
    const sorted = this.durationsMs.slice(0, this.count).sort();
    return {
      p50Ms: atRank(sorted, 0.5),
      p95Ms: atRank(sorted, 0.95),
      p99Ms: atRank(sorted, 0.99),
    };
  }
}

/** The smallest value that `share` of all do not exceed. */
function atRank(sorted: Float64Array, share: number): number {
  return sorted[Math.ceil(share * sorted.length) - 1] as number;
}
