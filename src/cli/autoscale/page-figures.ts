import type { MetricsPage } from '../metrics-text.js';

/** Of a node's page of figures, what it is scaled by; counters since its start. */
export interface PageFigures {
  /** When it was read, milliseconds of this process' clock. */
  atMs: number;
  searches: number;
  /** Of its container, else its machine. */
  cpuSeconds: number | undefined;
  cores: number | undefined;
  /** Share that is used, 0 to 1. */
  memory: number | undefined;
}

export function pageFigures(page: MetricsPage, atMs: number): PageFigures {
  const [used, limit] = [page.max('memory_used_bytes'), page.max('memory_limit_bytes')];
  return {
    atMs,
    searches: page.sum('queries_total'),
    cpuSeconds: page.max('cpu_used_seconds_total'),
    cores: page.max('cpu_limit_cores'),
    memory: used === undefined || limit === undefined ? undefined : used / limit,
  };
}

/** What a node did between two pages. Undefined where it was started again between them, which sets counters back. */
export function lapOf(
  then: PageFigures,
  now: PageFigures,
): { qps: number; cpu: number; memory: number } | undefined {
  const seconds = (now.atMs - then.atMs) / 1_000;
  const searches = now.searches - then.searches;
  if (seconds <= 0 || searches < 0) return undefined;
  const { cores = 0, cpuSeconds = 0 } = now;
  const used = cpuSeconds - (then.cpuSeconds ?? 0);
  const cpu = cores > 0 && used >= 0 ? Math.min(1, used / (seconds * cores)) : 0;
  return { qps: searches / seconds, cpu, memory: now.memory ?? 0 };
}

/** Jobs of the cluster that are due and wait: each process that works on jobs says all of them. Undefined: none does. */
export function waitingJobs(pages: readonly MetricsPage[]): number | undefined {
  const byKind = new Map<string, number>();
  for (const page of pages) {
    for (const { labels, value } of page.all('jobs', { state: 'waiting' })) {
      const kind = labels['kind'] ?? '';
      byKind.set(kind, Math.max(byKind.get(kind) ?? 0, value));
    }
  }
  if (byKind.size === 0) return undefined;
  return [...byKind.values()].reduce((sum, count) => sum + count, 0);
}
