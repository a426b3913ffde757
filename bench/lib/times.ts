import { LatencyHistogram } from '../load/histogram.js';

/** How long something took, again and again. */
export class Times {
  private histogram = new LatencyHistogram();

  clear(): void {
    this.histogram = new LatencyHistogram();
  }

  async of(work: () => Promise<unknown>): Promise<void> {
    const startMs = performance.now();
    await work();
    this.histogram.record(performance.now() - startMs);
  }

  get medianMs(): number {
    return this.histogram.percentileMs(50);
  }
}
