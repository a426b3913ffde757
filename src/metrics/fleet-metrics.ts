import type { Histogram } from '../core/histogram.js';
import type { MetricsPage, Sample } from './metrics-page.js';

/** How the shards do, as requests of this process see them. */
export interface FleetView {
  counts: { hedgesWon: number; hedgesLost: number; retries: number; moves: number };
  ended: ReadonlyMap<string, { outcomes: Readonly<Record<string, number>>; seconds: Histogram }>;
  nodes: readonly { node: string; outstanding: number; isEjected: boolean; ejections: number }[];
  roundTripsMs: ReadonlyMap<string, number>;
}

/** Declares the requests of this process to shards. */
export function addFleetMetrics(page: MetricsPage, read: () => FleetView): void {
  page.counter(
    'shard_requests_total',
    'Requests of this node to a shard by outcome: ok, incomplete (its answer lacks something), timeout, failed, called_off (another answered first, or the caller went away).',
    () =>
      [...read().ended].flatMap(([shard, { outcomes }]) =>
        Object.entries(outcomes).map(([outcome, count]): Sample => [{ shard, outcome }, count]),
      ),
  );
  page.histogram(
    'shard_request_seconds',
    'What requests of this node to a shard took, without those that were called off.',
    () => [...read().ended].map(([shard, { seconds }]) => [{ shard }, seconds]),
  );
  page.counter(
    'hedges_total',
    'Second requests of this node: won and lost (asked since the first took long), retried (it failed, or lacked something), moved (it hung).',
    () => {
      const { hedgesWon, hedgesLost, retries, moves } = read().counts;
      return [
        [{ outcome: 'won' }, hedgesWon],
        [{ outcome: 'lost' }, hedgesLost],
        [{ outcome: 'retried' }, retries],
        [{ outcome: 'moved' }, moves],
      ];
    },
  );
  page.counter(
    'replica_ejections_total',
    'How often this node left a shard alone for a while.',
    () => read().nodes.map(({ node: shard, ejections }) => [{ shard }, ejections]),
  );
  page.gauge('shard_ejected', 'Whether this node leaves a shard alone now.', () =>
    read().nodes.map(({ node: shard, isEjected }) => [{ shard }, Number(isEjected)]),
  );
  page.gauge('shard_requests_outstanding', 'Requests of this node that a shard has.', () =>
    read().nodes.map(({ node: shard, outstanding }) => [{ shard }, outstanding]),
  );
  page.gauge(
    'network_round_trip_seconds',
    'What the latest question of the state of a shard took, by its name.',
    () => [...read().roundTripsMs].map(([shard, ms]) => [{ peer: shard }, ms / 1_000]),
  );
}
