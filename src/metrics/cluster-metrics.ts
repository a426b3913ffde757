import type { ShardState } from '../core/shard-status.js';
import type { MetricsPage, Sample } from './metrics-page.js';

/** A cluster as one query node knows it. */
export interface ClusterSources {
  shards(): readonly ShardState[];
  /** Those that hold a lease; none where the store keeps no leases. */
  queryNodes(): readonly { isAlive: boolean }[];
  /** Undefined: it is not known yet. */
  census(): { replicasMissing: number; categoriesUnavailable: number } | undefined;
}

const SAME = 'each query node says so: max';

/** Declares what is of the whole cluster, and told by each of its query nodes. */
export function addClusterMetrics(page: MetricsPage, sources: ClusterSources): void {
  page.gauge('nodes', `Processes by role and state (up, starting, down); ${SAME}.`, () => [
    ...counted('shard-node', sources.shards().map(stateOf)),
    // One that answers is up, lease or not.
    ...counted('query-node', aliveOf(sources.queryNodes())),
  ]);
  page.level(
    'replicas_missing',
    `Replicas of partitions that there should be and that no node that answers serves; ${SAME}.`,
    () => sources.census()?.replicasMissing,
  );
  page.level(
    'categories_unavailable',
    `Categories of all tenants that no node that answers has; ${SAME}.`,
    () => sources.census()?.categoriesUnavailable,
  );
}

type NodeState = 'up' | 'starting' | 'down';

function stateOf({ reply }: ShardState): NodeState {
  if (reply === undefined) return 'down';
  return reply.ready ? 'up' : 'starting';
}

function aliveOf(nodes: readonly { isAlive: boolean }[]): NodeState[] {
  return nodes.length === 0 ? ['up'] : nodes.map(({ isAlive }) => (isAlive ? 'up' : 'down'));
}

function counted(role: string, states: readonly NodeState[]): Sample[] {
  return (['up', 'starting', 'down'] as const).map((state) => [
    { role, state },
    states.filter((each) => each === state).length,
  ]);
}
