/** Upper ends of the bands by which recall is told apart: shares of the live rows that match. */
export const BAND_ENDS = [0.001, 0.01, 0.1, 0.5, 1] as const;

/** Which band a search is in, of whose `live` rows `matches` match; an index of `BAND_ENDS`. */
export function bandOf(matches: number, live: number): number {
  const share = live === 0 ? 1 : matches / live;
  // All but the last end are exclusive: `<0.1 %`, `<1 %`, …, and the rest.
  const band = BAND_ENDS.findIndex((end) => share < end);
  return band === -1 ? BAND_ENDS.length - 1 : band;
}

/** One search that was repeated exactly: how many of the best matches it had found. */
export interface RecallSample {
  found: number;
  /** At least 1. */
  expected: number;
}

/** 1.645 standard errors: each bound errs in 5 of 100 cases. */
const Z = 1.645;
/** Past it older samples fade. */
const MEMORY_SEARCHES = 256;

/**
 * Sums over repeated searches, from which recall and its bounds follow. Hits of one query succeed or
 * fail together, so that the variance is taken between queries (the ratio estimator of survey
 * sampling, Cochran 1977, section 6.4), but never below that of independent hits.
 */
export class RecallEvidence {
  searches = 0;
  private found = 0;
  private expected = 0;
  private found2 = 0;
  private both = 0;
  private expected2 = 0;

  add({ found, expected }: RecallSample): void {
    this.searches += 1;
    this.found += found;
    this.expected += expected;
    this.found2 += found * found;
    this.both += found * expected;
    this.expected2 += expected * expected;
    if (this.searches >= MEMORY_SEARCHES) this.halve();
  }

  /** So that newer samples count more. */
  private halve(): void {
    this.searches /= 2;
    this.found /= 2;
    this.expected /= 2;
    this.found2 /= 2;
    this.both /= 2;
    this.expected2 /= 2;
  }

  /** Undefined before the first sample. */
  get recall(): number | undefined {
    return this.searches === 0 ? undefined : this.found / this.expected;
  }

  /** 0 before the first sample. */
  get low(): number {
    return this.searches === 0 ? 0 : Math.max(0, this.found / this.expected - Z * this.error);
  }

  /** 1 before the first sample. */
  get high(): number {
    return this.searches === 0 ? 1 : Math.min(1, this.found / this.expected + Z * this.error);
  }

  /** Standard error of `recall`. */
  private get error(): number {
    const { searches, found, expected } = this;
    const ratio = found / expected;
    const squares = this.found2 - 2 * ratio * this.both + ratio * ratio * this.expected2;
    const between = Math.max(0, squares) / (expected * expected);
    const perSearch = searches > 1 ? (between * searches) / (searches - 1) : between;
    const smoothed = (found + 1) / (expected + 2);
    return Math.sqrt(Math.max(perSearch, (smoothed * (1 - smoothed)) / expected));
  }
}
