import type { MetricsPage } from './metrics-page.js';

/** A queue as it is now. */
export interface QueueFigures {
  length: number;
  /** For how long the first has waited, milliseconds; 0: none waits. */
  oldestMs: number;
  /** Past it what comes is refused; undefined: that is not one number. */
  limit?: number;
}

/** Declares a queue of the process. */
export function addQueue(page: MetricsPage, queue: string, read: () => QueueFigures): void {
  page.gauge(
    'queue_length',
    'What waits in a queue of the process: searches, embedding (texts of queries), products (texts of products that are to be embedded).',
    () => [[{ queue }, read().length]],
  );
  page.gauge(
    'queue_limit',
    'What may wait in a queue of the process; past it more is refused.',
    () => [[{ queue }, read().limit]],
  );
  page.gauge('queue_oldest_seconds', 'For how long the first in a queue has waited.', () => [
    [{ queue }, read().oldestMs / 1_000],
  ]);
}
