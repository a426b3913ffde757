/**
 * How many requests may be made beyond those that were asked for: a share of these, and a burst after a
 * quiet time. Without it replicas that are slow because they are overloaded would be asked for twice the
 * work. Hedges have one, retries another. O(1) in time and memory.
 */
export class HedgeBudget {
  private tokens: number;

  /**
   * @param share further requests for each that was asked for, 0 to 1
   * @param burst the most that are saved up; there at the start
   */
  constructor(
    private readonly share: number,
    private readonly burst: number,
  ) {
    this.tokens = burst;
  }

  get isSpent(): boolean {
    return this.tokens < 1;
  }

  /** A request was asked for. */
  earn(): void {
    this.tokens = Math.min(this.burst, this.tokens + this.share);
  }

  /** Whether a further request may be made; it counts as made. */
  take(): boolean {
    if (this.isSpent) return false;
    this.tokens -= 1;
    return true;
  }
}
