import type { CancelSignal } from '../../core/cancellation.js';
import { toOmniError } from '../../core/errors.js';
import { Histogram } from '../../core/histogram.js';

interface Counted {
  outcomes: Map<string, number>;
  readonly seconds: Histogram;
}

/** How requests for hits, and for counts of words, went; by kind. */
export class RequestCounts {
  readonly kinds = new Map<string, Counted>();

  /** Counts `work` when it is over, from now on. */
  async count<T>(kind: string, signal: CancelSignal, work: () => Promise<T>): Promise<T> {
    const startedMs = performance.now();
    let outcome = 'ok';
    try {
      return await work();
    } catch (error) {
      outcome = signal.aborted ? 'cancelled' : toOmniError(error).code;
      throw error;
    } finally {
      const { outcomes, seconds } = this.of(kind);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      seconds.observe((performance.now() - startedMs) / 1_000);
    }
  }

  private of(kind: string): Counted {
    let counted = this.kinds.get(kind);
    if (counted === undefined) {
      counted = { outcomes: new Map(), seconds: new Histogram() };
      this.kinds.set(kind, counted);
    }
    return counted;
  }
}
