/** Whether what a node keeps of the store is fresh: not too old, and read after the last change that it was told of. */
export class Freshness {
  private expiredAtMs = -Infinity;

  constructor(
    private readonly maxAgeMs: number,
    private readonly now: () => number,
  ) {}

  /** @param asOfMs when it was read, by the same clock */
  isFresh(asOfMs: number): boolean {
    return asOfMs > this.expiredAtMs && this.now() - asOfMs < this.maxAgeMs;
  }

  /** What was read by now is not fresh any more. */
  expire(): void {
    this.expiredAtMs = this.now();
  }
}
