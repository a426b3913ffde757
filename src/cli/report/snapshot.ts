import type { MetricsPage } from '../metrics-text.js';

/** What a node counted from its start to a time. Counters of different processes are not of one count. */
export interface Snapshot {
  at: string;
  url: string;
  /** When the process began, seconds since 1970: who of several nodes at one address has answered. */
  process: number;
  /** Searches that took at most so many milliseconds, by the bound. */
  buckets: Record<string, number>;
  searches: number;
  errors: number;
  cpuSeconds: number;
  memoryBytes: number;
}

/** What is kept of `/metrics`. */
export function snapshotOf(page: MetricsPage, url: string, at: Date): Snapshot {
  const buckets = page
    .all('query_latency_ms_bucket')
    .map(({ labels, value }) => [labels['le'] ?? '', value] as const);
  return {
    at: at.toISOString(),
    url,
    process: page.sum('process_start_time_seconds'),
    buckets: Object.fromEntries(buckets),
    searches: page.sum('queries_total'),
    errors: page.sum('search_errors_total'),
    cpuSeconds: page.sum('process_cpu_seconds_total'),
    memoryBytes: page.sum('process_resident_memory_bytes'),
  };
}
