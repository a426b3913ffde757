/** As `KeptCounts` and `KeptChoices` have it. */
const KEPT_MS = 2_000;

/** What a query node has learnt of texts or words lately, and need not ask for again. */
export class Kept {
  private readonly sinceMs = new Map<string, number>();

  constructor(private readonly now: () => number) {}

  /** Whether it is known; from now on it is, for as long as answers are kept. */
  knows(key: string): boolean {
    const sinceMs = this.sinceMs.get(key);
    const isKnown = sinceMs !== undefined && this.now() - sinceMs <= KEPT_MS;
    if (!isKnown) this.sinceMs.set(key, this.now());
    return isKnown;
  }
}
