import type { CancelSignal } from '../core/cancellation.js';
import { FairQueue } from '../core/fair-queue.js';
import { takePrecedence } from '../core/precedence.js';
import type { HttpLimits } from './limits.js';

const TENANT_SHARE = 0.75;
const TENANT_SHARE_OF_QUEUE = 0.5;

/** Who a search is for, and how long it may wait. */
export interface GateCaller {
  tenant: string;
  signal: CancelSignal;
  timeoutMs: number;
}

/**
 * Places for searches, fair between tenants. A place is held while the search is worked on, not while
 * its reply is read.
 */
export class SearchGate {
  private readonly queue: FairQueue;

  constructor(
    { searchConcurrency, searchQueue }: HttpLimits,
    /** A tenant's share beside others'. */
    private readonly weightOf: (tenant: string) => number = () => 1,
  ) {
    this.queue = new FairQueue({
      what: 'searches',
      concurrency: searchConcurrency,
      concurrencyOfTenant: Math.ceil(searchConcurrency * TENANT_SHARE),
      maxWaiting: searchQueue,
      maxWaitingOfTenant: Math.ceil(searchQueue * TENANT_SHARE_OF_QUEUE),
    });
  }

  /** Places taken, and searches that wait for one. */
  get counts(): { taken: number; waiting: number } {
    return { taken: this.queue.runningCount, waiting: this.queue.waitingCount };
  }

  /** How many wait, and for how long the first of them does. */
  get waiting(): { length: number; oldestMs: number } {
    return { length: this.queue.waitingCount, oldestMs: this.queue.oldestMs };
  }

  /**
   * Runs `work`, which takes `places` (searches of a batch), when it is due; it is told what is left of
   * its time. Rejects `overloaded` at once where too many wait, `deadline_exceeded`, or with the
   * signal's reason.
   */
  run<T>(
    { tenant, signal, timeoutMs }: GateCaller,
    places: number,
    work: (timeoutMs: number) => Promise<T>,
  ): Promise<T> {
    const cameMs = performance.now();
    const run = async ({ charge }: { charge: (ms: number) => void }): Promise<T> => {
      const startedMs = performance.now();
      try {
        const leftMs = Math.max(1, timeoutMs - Math.floor(startedMs - cameMs));
        return await takePrecedence(() => work(leftMs));
      } finally {
        // The queue counts the time once, whatever the places.
        if (places > 1) charge((places - 1) * (performance.now() - startedMs));
      }
    };
    const weight = this.weightOf(tenant);
    return this.queue.run(tenant, run, { places, weight, signal, maxWaitMs: timeoutMs });
  }
}
