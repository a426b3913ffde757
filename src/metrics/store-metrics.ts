import type { Histogram } from '../core/histogram.js';
import type { MetricsPage, Sample } from './metrics-page.js';

/** Operations of a store by name. */
export type Operations = ReadonlyMap<string, { seconds: Histogram; ok: number; failed: number }>;

/** What is known of a store beyond this machine. */
export interface StoreServers {
  /** Connections that a pool may open. */
  limit: number;
  /** Of the secondary that is furthest behind; undefined: there is none, or it does not say. */
  lagSeconds: number | undefined;
}

/** Declares how the operations of the store go, as this process waits for them. */
export function addStoreMetrics(page: MetricsPage, operations: Operations): void {
  page.histogram(
    'store_operation_seconds',
    'What operations of the store took as this process waited for them, failed ones included.',
    () => [...operations].map(([operation, { seconds }]) => [{ operation }, seconds]),
  );
  page.counter('store_operations_total', 'Operations of the store by outcome: ok, failed.', () =>
    [...operations].flatMap(([operation, { ok, failed }]): Sample[] => [
      [{ operation, outcome: 'ok' }, ok],
      [{ operation, outcome: 'failed' }, failed],
    ]),
  );
}

/** Declares what is known of the servers of a store beyond this machine. */
export function addStoreServers(page: MetricsPage, read: () => StoreServers | undefined): void {
  page.level(
    'store_connections_limit',
    'Connections to each server of the store that this process may open; none: the store is on this machine.',
    () => read()?.limit,
  );
  page.level(
    'store_replica_lag_seconds',
    'How far the secondary of the store that is furthest behind is behind the primary, as its servers last said.',
    () => read()?.lagSeconds,
  );
}
