import { ReplicaCensus } from '../../src/cluster/replica-census.js';
import type { ShardState } from '../../src/core/shard-status.js';
import { StageTimes } from '../../src/core/stage-times.js';
import { addClusterMetrics } from '../../src/metrics/cluster-metrics.js';
import { addFleetMetrics } from '../../src/metrics/fleet-metrics.js';
import { MetricsPage } from '../../src/metrics/metrics-page.js';
import { SearchMetrics, type SearchMode } from '../../src/metrics/search-metrics.js';
import { addShardViews } from '../../src/metrics/shard-views.js';
import { CALL_OUTCOMES, NodeCalls } from '../../src/shard-client/replicas/node-calls.js';
import type { Partition, Store } from '../../src/store/store.js';

const MODES: readonly SearchMode[] = [
  'text',
  'keyword',
  'meaning',
  'vector',
  'similar',
  'browse',
  'unread',
];
const NOTHING: ReadonlySet<string> = new Set();

export interface LargeCluster {
  tenants: number;
  /** Of each tenant, a category each. */
  partitions: number;
  shards: number;
}

/** Gives each tenant of `store` its partitions, two copies each over all shards. */
export async function placeTenants(
  store: Store,
  { tenants, partitions, shards }: LargeCluster,
): Promise<void> {
  for (let tenant = 0; tenant < tenants; tenant++) {
    const placed = Array.from({ length: partitions }, (_, i): Partition => {
      const nodes = [i, i + 1].map((at) => `s${(at + tenant) % shards}`);
      const replicas = nodes.map((node) => ({ node, state: 'serving' as const }));
      const range = { from: 0, to: 2 ** 32, epoch: 1 };
      return { id: `p${i}`, categories: [`category ${i}`], ...range, replicas };
    });
    await store.replacePlacement(`shop-${tenant}`, placed, 0);
  }
}

/** The page of a query node that has searched for each tenant in every way, with every ending. */
export function largePage(
  store: Store,
  { tenants, shards }: LargeCluster,
): { page: MetricsPage; census: ReplicaCensus } {
  const page = new MetricsPage({ role: 'query-node', version: '1', region: 'north' });
  const metrics = new SearchMetrics(page, new StageTimes(), 20);
  for (let tenant = 0; tenant < tenants; tenant++) {
    for (const mode of MODES) {
      metrics.answered(`shop-${tenant}`, mode, tenant % 300, NOTHING);
      metrics.answered(`shop-${tenant}`, mode, tenant % 300, new Set(['timeout', 'unavailable']));
      for (const outcome of ['refused', 'failed', 'abandoned'] as const) {
        metrics.unanswered(mode, outcome, 'overloaded', true, 1);
      }
    }
  }
  const names = Array.from({ length: shards }, (_, i) => `s${i}`);
  const states: ShardState[] = names.map((name) => ({ name, reply: undefined }));
  const ended = new Map(names.map((name) => [name, callsOfAll()]));
  addShardViews(page, () => states);
  addFleetMetrics(page, () => ({
    counts: { hedgesWon: 1, hedgesLost: 1, retries: 1, moves: 1 },
    ended,
    nodes: names.map((node) => ({ node, outstanding: 1, isEjected: false, ejections: 1 })),
    roundTripsMs: new Map(names.map((name) => [name, 1])),
  }));
  const census = new ReplicaCensus({ store, replicas: 2 });
  const answering = new Set(names.slice(1));
  addClusterMetrics(page, {
    shards: () => states,
    queryNodes: () => [{ isAlive: true }],
    census: () => census.figures(answering, shards),
  });
  return { page, census };
}

function callsOfAll(): NodeCalls {
  const calls = new NodeCalls();
  for (const outcome of CALL_OUTCOMES) calls.ended(outcome, 10);
  return calls;
}
