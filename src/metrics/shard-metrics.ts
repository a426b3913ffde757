import type { Histogram } from '../core/histogram.js';
import type { ShardStatus } from '../core/shard-status.js';
import type { MetricsPage, Sample } from './metrics-page.js';
import { addRecall, secondsOf } from './shard-views.js';

/** How requests for hits, and for counts of words, went in a shard. */
export interface ShardRequests {
  readonly kinds: ReadonlyMap<
    string,
    { outcomes: ReadonlyMap<string, number>; seconds: Histogram }
  >;
}

/** Declares what a shard process says of itself, on its own page. */
export function addShardMetrics(
  page: MetricsPage,
  shard: string,
  status: () => ShardStatus,
  requests: ShardRequests,
): void {
  let now = status();
  page.onScrape(() => {
    now = status();
  });
  const gauge = (name: string, help: string, read: (of: ShardStatus) => number | undefined): void =>
    page.gauge(name, help, () => [[{ shard }, read(now)]]);
  const counter = (
    name: string,
    help: string,
    read: (of: ShardStatus) => number | undefined,
  ): void => page.counter(name, help, () => [[{ shard }, read(now)]]);

  gauge('shard_ready', 'Whether all that is assigned to the shard can be searched.', ({ ready }) =>
    Number(ready),
  );
  gauge('shard_rows', 'Documents the shard holds.', ({ documents }) => documents);
  gauge(
    'shard_bytes',
    'Bytes the shard holds: vectors, graphs, columns, words, prices and what is not sealed yet.',
    ({ bytes }) => bytes,
  );
  gauge('shard_dead_bytes', 'Of these, what is of rows that are gone.', (of) => of.deadBytes);
  gauge('shard_warm_rows', 'Of the documents, those that are warm.', ({ warm }) => warm?.documents);
  gauge(
    'shard_warm_bytes',
    'Of the bytes, those of warm documents: mapped.',
    (of) => of.warm?.bytes,
  );
  gauge('shard_behind', 'Feed entries the shard has not applied yet.', ({ behind }) => behind);
  counter('shard_applied_total', 'Feed entries the shard has applied.', (of) => of.applied);
  gauge('shard_tenants', 'Tenants of which the shard holds anything.', ({ tenants }) => tenants);
  gauge('shard_partitions', 'Partitions the shard holds.', ({ partitions }) => partitions);
  gauge('shard_load_ratio', 'Share of its time the shard is busy, over a minute.', (of) => of.load);
  gauge('shard_capacity_bytes', 'What the shard can hold.', (of) => of.capacityBytes);
  gauge('shard_memory_bytes', 'Memory of the process, what is mapped included.', () =>
    process.memoryUsage.rss(),
  );
  gauge('shard_damaged', 'Stored values that were met damaged.', ({ damaged }) => damaged.length);
  page.counter('store_reads_total', 'Reads of the store by this process.', () => [
    [{ process: shard }, now.storeReads],
  ]);
  counter(
    'reconciled_total',
    'Differences from the store that the shard found and healed.',
    ({ reconciliation }) => reconciliation?.reconciled,
  );
  counter(
    'reconciliation_checks_total',
    'Comparisons of what the shard holds of one tenant with the store.',
    ({ reconciliation }) => reconciliation?.checks,
  );
  gauge(
    'reconciliation_checked_seconds',
    'All tenants of the shard were compared since then, seconds since 1970.',
    ({ reconciliation }) => secondsOf(reconciliation?.checkedAtMs),
  );
  addRecall(page, 'as the shard says it', () => [[{ shard }, now.recall]]);
  addRequests(page, shard, requests);
}

function addRequests(page: MetricsPage, shard: string, { kinds }: ShardRequests): void {
  page.counter(
    'shard_searches_total',
    'Requests to the shard by kind (search, words) and outcome (ok, cancelled, or the code of its error).',
    () =>
      [...kinds].flatMap(([kind, { outcomes }]) =>
        [...outcomes].map(([outcome, count]): Sample => [{ shard, kind, outcome }, count]),
      ),
  );
  page.histogram(
    'shard_search_seconds',
    'What requests took in the shard, with their wait for a turn, by kind.',
    () => [...kinds].map(([kind, { seconds }]) => [{ shard, kind }, seconds]),
  );
}
