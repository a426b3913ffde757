import type { RecallBand, ShardState, ShardStatus } from '../core/shard-status.js';
import type { Labels, MetricsPage, Sample } from './metrics-page.js';

/** Each query node tells the same of a shard. */
const EACH = 'each query node says so: max by (shard)';

/** Declares what shards say of themselves, as a query node last heard it; of one that does not answer, that alone. */
export function addShardViews(page: MetricsPage, states: () => readonly ShardState[]): void {
  const gauge = (
    name: string,
    help: string,
    read: (reply: ShardStatus) => number | null | undefined,
  ): void => page.gauge(name, `${help}; ${EACH}.`, () => each(states(), read));
  const counter = (
    name: string,
    help: string,
    read: (reply: ShardStatus) => number | undefined,
  ): void => page.counter(name, `${help}; ${EACH}.`, () => each(states(), read));

  page.gauge('shard_up', `Whether a shard answers; min by (shard) tells whether to all.`, () =>
    states().map(({ name, reply }) => [{ shard: name }, Number(reply !== undefined)]),
  );
  gauge('shard_documents', 'Documents a shard holds', ({ documents }) => documents);
  gauge(
    'shard_bytes',
    'Bytes a shard holds: vectors, graphs, columns, words, prices and what is not sealed yet',
    ({ bytes }) => bytes,
  );
  gauge('shard_capacity_bytes', 'What a shard can hold', ({ capacityBytes }) => capacityBytes);
  gauge('shard_behind', 'Feed entries a shard has not applied yet', ({ behind }) => behind);
  counter('shard_applied_total', 'Feed entries a shard has applied', ({ applied }) => applied);
  gauge('shard_load_ratio', 'Share of its time a shard is busy, over a minute', ({ load }) => load);
  gauge('shard_tenants', 'Tenants of which a shard holds anything', ({ tenants }) => tenants);
  page.level(
    'shard_imbalance_ratio',
    'How much more the fullest shard holds than the mean of all, as a share of that; each query node says so: max.',
    () => imbalanceOf(states()),
  );
  counter(
    'shard_store_reads_total',
    'Reads of the store by a shard',
    ({ storeReads }) => storeReads,
  );
  counter(
    'reconciled_total',
    'Differences from the store that a shard found and healed',
    ({ reconciliation }) => reconciliation?.reconciled,
  );
  counter(
    'reconciliation_checks_total',
    'Comparisons of what a shard holds of one tenant with the store',
    ({ reconciliation }) => reconciliation?.checks,
  );
  gauge(
    'reconciliation_checked_seconds',
    'All tenants of a shard were compared since then, seconds since 1970',
    ({ reconciliation }) => secondsOf(reconciliation?.checkedAtMs),
  );
  addRecall(page, EACH, () =>
    states().map(({ name, reply }) => [{ shard: name }, reply?.recall] as const),
  );
}

/** Declares the recall of one or more shards. */
export function addRecall(
  page: MetricsPage,
  note: string,
  read: () => readonly (readonly [labels: Labels, recall: ShardStatus['recall']])[],
): void {
  const ofBands = (figure: (band: RecallBand) => number | null) => (): Sample[] =>
    read().flatMap(([labels, recall]) =>
      (recall?.bands ?? []).map((band): Sample => {
        const of = { ...labels, band: String(band.selectivity) };
        return [of, figure(band) ?? undefined];
      }),
    );
  const band = 'whose filter matches up to that share of the rows';
  const add = (name: string, help: string, figure: (of: RecallBand) => number | null): void =>
    page.gauge(name, `${help}; ${note}.`, ofBands(figure));
  add('shard_recall', `Recall of searches repeated lately, ${band}`, ({ recall }) => recall);
  add('shard_recall_low', 'Lower 95 % bound of shard_recall', ({ low }) => low);
  add('shard_recall_high', 'Upper 95 % bound of shard_recall', ({ high }) => high);
  add(
    'shard_recall_repeats',
    'Searches repeated exactly since the start of the shard',
    ({ repeats }) => repeats,
  );
  page.gauge('shard_recall_target', `Recall that graphs are searched for; ${note}.`, () =>
    read().map(([labels, recall]) => [labels, recall?.target]),
  );
}

function each(
  states: readonly ShardState[],
  read: (reply: ShardStatus) => number | null | undefined,
): Sample[] {
  return states.map(({ name, reply }) => [
    { shard: name },
    (reply === undefined ? undefined : read(reply)) ?? undefined,
  ]);
}

/** 0: all hold the same. Of those that answer. */
function imbalanceOf(states: readonly ShardState[]): number | undefined {
  const bytes = states.flatMap(({ reply }) => (reply === undefined ? [] : [reply.bytes]));
  if (bytes.length === 0) return undefined;
  const mean = bytes.reduce((sum, each) => sum + each, 0) / bytes.length;
  return mean === 0 ? 0 : Math.max(...bytes) / mean - 1;
}

export function secondsOf(ms: number | null | undefined): number | undefined {
  return ms === null || ms === undefined ? undefined : ms / 1_000;
}
