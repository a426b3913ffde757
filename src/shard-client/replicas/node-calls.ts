import { Histogram } from '../../core/histogram.js';

/**
 * How a request to a node ended. `incomplete`: its answer lacks something that another may have. `called_off`: another
 * answered first, or the caller went away.
 */
export const CALL_OUTCOMES = ['ok', 'incomplete', 'timeout', 'failed', 'called_off'] as const;

export type CallOutcome = (typeof CALL_OUTCOMES)[number];

/** The requests of this process to one node, since it became known. */
export class NodeCalls {
  readonly outcomes: Record<CallOutcome, number> = {
    ...{ ok: 0, incomplete: 0, timeout: 0, failed: 0, called_off: 0 },
  };
  /** Of those that were not called off. */
  readonly seconds = new Histogram();

  ended(outcome: CallOutcome, ms: number): void {
    this.outcomes[outcome] += 1;
    if (outcome !== 'called_off') this.seconds.observe(ms / 1_000);
  }
}
