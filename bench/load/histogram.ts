import { build, type Histogram } from 'hdr-histogram-js';

/** Longest duration that is told apart; longer ones are counted as this. */
const MAX_MICROS = 3_600_000_000;

/** Percentiles of a set of durations, in milliseconds. All are 0 when nothing was recorded. */
export interface Percentiles {
  count: number;
  mean_ms: number;
  p50_ms: number;
  p95_ms: number;
  p99_ms: number;
  p999_ms: number;
  max_ms: number;
}

/** An HDR histogram of durations: 1 µs steps up to 262 ms, five significant digits above. */
export class LatencyHistogram {
  private readonly micros: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: MAX_MICROS,
    numberOfSignificantValueDigits: 5,
    bitBucketSize: 32,
  });

  record(durationMs: number): void {
    const micros = Math.round(durationMs * 1000);
    this.micros.recordValue(Math.min(Math.max(micros, 0), MAX_MICROS));
  }

  get count(): number {
    return this.micros.totalCount;
  }

  /** The duration that `percentile` (0 to 100) of all recorded ones do not exceed. */
  percentileMs(percentile: number): number {
    if (this.count === 0) return 0;
    return Math.min(this.micros.getValueAtPercentile(percentile), this.micros.maxValue) / 1000;
  }

  summary(): Percentiles {
    return {
      count: this.count,
      mean_ms: this.count === 0 ? 0 : this.micros.mean / 1000,
      p50_ms: this.percentileMs(50),
      p95_ms: this.percentileMs(95),
      p99_ms: this.percentileMs(99),
      p999_ms: this.percentileMs(99.9),
      max_ms: this.percentileMs(100),
    };
  }
}
