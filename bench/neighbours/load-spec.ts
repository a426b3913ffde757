import type { Percentiles } from '../load/histogram.js';

interface LoadBase {
  url: string;
  tenant: string;
  seconds: number;
  queries: string[];
  seed: number;
}

/** A load that runs in a process of its own, so that it takes no time from another's clock. */
export type LoadSpec =
  /** Plain searches at a fixed rate, counted from when each was due. */
  | (LoadBase & { kind: 'steady'; perSecond: number; timeoutMs?: number })
  /** One product written again at a fixed rate, each time at another price. */
  | (LoadBase & { kind: 'writes'; perSecond: number; catalogue: string })
  /** So many callers at once, each sending the dearest requests that the contract allows. */
  | (LoadBase & { kind: 'hostile'; callers: number })
  /** So many callers at once, each asking for a text that was never asked for. */
  | (LoadBase & { kind: 'cold'; callers: number })
  /** The catalogue as products, again and again, each time new ones (by `number` and by lap). */
  | (LoadBase & { kind: 'bulk'; catalogue: string; number: number });

/** What a load came to; times are by the caller's clock, in milliseconds. */
export interface LoadOutcome {
  answered: number;
  /** Answered with 429 or 503: told at once to come back. */
  refused: number;
  failed: number;
  /** What was told of those that were refused or failed. */
  failures: Record<string, number>;
  partial: number;
  /** Answers that came later than their own `timeout_ms` + 50, and by how much the worst of them did. */
  late: number;
  worst_late_ms: number;
  latency: Percentiles;
}
