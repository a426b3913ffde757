import { OmniError } from '../core/errors.js';

const RETRY_AFTER_MS = 1_000;

/** Bounds what is in flight at once; past the bound the caller is told at once to come back. */
export class InFlightGate {
  private inFlight = 0;

  constructor(
    private readonly limit: number,
    private readonly what: string,
  ) {}

  /**
   * Takes `weight` units (no more than the limit counts) or throws `overloaded`. Call the returned
   * function exactly once when done.
   */
  enter(weight = 1): () => void {
    const taken = Math.min(weight, this.limit);
    if (this.inFlight + taken > this.limit) {
      const message = `too many ${this.what} are in flight`;
      throw new OmniError('overloaded', message, { retryAfterMs: RETRY_AFTER_MS });
    }
    this.inFlight += taken;
    return () => {
      this.inFlight -= taken;
    };
  }
}
