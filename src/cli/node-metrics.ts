import type { TakenBackups } from '../backup/taken-backups.js';
import { ReplicaCensus, type CensusFigures } from '../cluster/replica-census.js';
import type { Config } from '../config/settings.js';
import type { Encoder } from '../embedding/encoder.js';
import type { JobRunner } from '../jobs/job-runner.js';
import { addBackupMetrics } from '../metrics/backup-metrics.js';
import { addClusterMetrics } from '../metrics/cluster-metrics.js';
import { addFleetMetrics } from '../metrics/fleet-metrics.js';
import { addJobMetrics } from '../metrics/job-metrics.js';
import type { MetricsPage } from '../metrics/metrics-page.js';
import { addQueue } from '../metrics/queue-metrics.js';
import { addStoreMetrics, addStoreServers } from '../metrics/store-metrics.js';
import type { ShardFleet } from '../shard-client/shard-fleet.js';
import type { StoreTimes } from '../store/store-times.js';
import type { Store } from '../store/store.js';

interface WriterParts {
  store: Store;
  storeTimes: StoreTimes;
  encoder: Encoder | undefined;
  fleet: ShardFleet;
  jobs: JobRunner;
}

/** Declares what query nodes and workers have in common. */
export function addWriterMetrics(
  page: MetricsPage,
  { store, storeTimes, encoder, fleet, jobs }: WriterParts,
): void {
  addStoreMetrics(page, storeTimes.operations);
  addStoreServers(page, () => store.servers?.());
  addFleetMetrics(page, () => fleet.figures());
  addJobMetrics(page, () => jobs.figures());
  if (encoder === undefined) return;
  addQueue(page, 'embedding', () => {
    const { queriesQueued: length, queueLimit: limit, oldestMs } = encoder.status();
    return { length, oldestMs, limit };
  });
  addQueue(page, 'products', () => {
    const { productsQueued: length, oldestProductMs: oldestMs } = encoder.status();
    return { length, oldestMs };
  });
}

interface ClusterParts {
  store: Store;
  fleet: ShardFleet;
  queryNodes: () => readonly { isAlive: boolean }[];
  config: Pick<Config, 'replicas'>;
  backups: Pick<TakenBackups, 'latest'>;
}

/** Declares what a query node tells of its cluster. Returns what nobody serves, as far as it is known: asking has it looked for. */
export function addClusterFigures(
  page: MetricsPage,
  { store, fleet, queryNodes, config, backups }: ClusterParts,
): () => CensusFigures | undefined {
  const census = new ReplicaCensus({ store, replicas: config.replicas });
  const known = (): CensusFigures | undefined => {
    const states = fleet.kept();
    const answering = states.filter(({ reply }) => reply !== undefined);
    return census.figures(new Set(answering.map(({ name }) => name)), states.length);
  };
  // Nobody waits for it: the next page has it.
  page.onScrape(() => void census.refresh());
  addBackupMetrics(page, () => backups.latest());
  addClusterMetrics(page, {
    shards: () => fleet.kept(),
    queryNodes,
    census: known,
  });
  return () => {
    void census.refresh();
    return known();
  };
}
