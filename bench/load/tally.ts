import { LatencyHistogram, type Percentiles } from './histogram.js';

/** The failure of a request that got no answer before its client gave up. */
export const TIMEOUT = 'timeout';

/** What the load engines need to know of an answer; `failure` names the kind of a failed one. */
export interface Reply {
  failure?: string;
}

/** Sends request number `index`; settles by itself within the client's own time-out. */
export type Send<R extends Reply> = (index: number) => Promise<R>;

/** What one run of load came to. Only requests due after the warm-up count. */
export interface LoadResult {
  /** Requests that were due (open loop) or sent (closed loop). */
  intended: number;
  succeeded: number;
  /** Failed requests by kind, `timeout` among them. */
  failures: Record<string, number>;
  /** Due, but never sent, because the bound on requests in flight held them back to the end. */
  unsent: number;
  /** (failures + unsent) / intended. */
  error_rate: number;
  /** Successful replies per second of the measured time. */
  achieved_per_s: number;
  /** Most requests in flight at once. */
  peak_in_flight: number;
  /**
   * From the intended start (open loop) or from sending (closed loop). Holds successes, and
   * time-outs and unsent ones at the age they reached. Other failures are counted but left out:
   * a quick "no" must not make a server look fast.
   */
  latency: Percentiles;
  /** How late the client itself sent its requests; part of `latency` in an open loop. */
  send_delay: Percentiles;
}

/** Collects outcomes during a run. */
export class Tally {
  private readonly latency = new LatencyHistogram();
  private readonly sendDelay = new LatencyHistogram();
  private readonly failures: Record<string, number> = {};
  private intended = 0;
  private succeeded = 0;
  private failed = 0;
  private unsent = 0;
  peakInFlight = 0;

  sent(delayMs: number): void {
    this.intended += 1;
    this.sendDelay.record(delayMs);
  }

  answered(reply: Reply, latencyMs: number): void {
    const { failure } = reply;
    if (failure === undefined) this.succeeded += 1;
    else {
      this.failed += 1;
      this.failures[failure] = (this.failures[failure] ?? 0) + 1;
    }
    if (failure === undefined || failure === TIMEOUT) this.latency.record(latencyMs);
  }

  neverSent(ageMs: number): void {
    this.intended += 1;
    this.unsent += 1;
    this.latency.record(Math.max(0, ageMs));
  }

  result(measuredMs: number): LoadResult {
    return {
      intended: this.intended,
      succeeded: this.succeeded,
      failures: this.failures,
      unsent: this.unsent,
      error_rate: this.intended === 0 ? 0 : (this.failed + this.unsent) / this.intended,
      achieved_per_s: measuredMs <= 0 ? 0 : (this.succeeded * 1000) / measuredMs,
      peak_in_flight: this.peakInFlight,
      latency: this.latency.summary(),
      send_delay: this.sendDelay.summary(),
    };
  }
}
