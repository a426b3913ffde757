import type { MetricsPage } from './metrics-page.js';

/** Read no more often: a backup takes longer. */
const MAX_AGE_MS = 10_000;

/** Declares when backups were last taken. @param latest epoch ms by kind */
export function addBackupMetrics(
  page: MetricsPage,
  latest: () => Promise<ReadonlyMap<string, number>>,
): void {
  let known: ReadonlyMap<string, number> = new Map();
  let readAtMs = -Infinity;
  page.onScrape(() => {
    if (performance.now() - readAtMs < MAX_AGE_MS) return;
    readAtMs = performance.now();
    // The next page has it: a store that hangs holds up none.
    void latest().then(
      (found) => (known = found),
      () => undefined,
    );
  });
  page.gauge(
    'backup_last_success_timestamp_seconds',
    'When the latest backup of all tenants was taken by omnisearch backup, by kind (full, changes), seconds since 1970; each query node says so: max.',
    () => [...known].map(([kind, atMs]) => [{ kind }, atMs / 1_000]),
  );
}
