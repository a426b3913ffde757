import type { ShardState } from '../core/shard-status.js';
import type { Labels, MetricsPage, Sample } from './metrics-page.js';
import { addShardViews } from './shard-views.js';

interface CacheFigures {
  hits: number;
  misses: number;
  entries: number;
}

/** What a query node knows of itself and of its shards. */
export interface NodeFigures {
  products: number;
  partitions: number;
  /** Of the store, by this process. */
  storeReads: number;
  /** Of this node to a store beyond its machine; undefined: the store is on this machine. */
  storeConnections?: { idle: number; inUse: number; waiting: number } | undefined;
  /** Undefined: a write would succeed now. */
  storeProblem?: string | undefined;
  embeddingCache: CacheFigures;
  answerCache: CacheFigures;
  embeddingQueued: number;
  embeddedProducts: number;
  redis?:
    | {
        isUp: boolean;
        errors: number;
        uses: readonly { use: string; hits: number; misses: number; late: number }[];
      }
    | undefined;
  states: readonly ShardState[];
}

/** Declares what a query node keeps up to date anyway. */
export function addNodeMetrics(page: MetricsPage, read: () => NodeFigures): void {
  let now = read();
  page.onScrape(() => {
    now = read();
  });
  const current = (): NodeFigures => now;
  addCaches(page, current);
  page.count(
    'embedded_products_total',
    'Texts of products embedded: none for what is indexed again unchanged.',
    () => now.embeddedProducts,
  );
  page.level(
    'embedding_queued',
    'Texts that wait to be embedded, of queries and of products.',
    () => now.embeddingQueued,
  );
  page.level(
    'store_products',
    'Live products in the store: the same on each query node.',
    () => now.products,
  );
  page.level(
    'partitions',
    'Partitions of all tenants, on the shards that answer: the same on each query node.',
    () => now.partitions,
  );
  addStore(page, current);
  if (now.redis !== undefined) addRedis(page, current);
  addShardViews(page, () => now.states);
}

function addCaches(page: MetricsPage, now: () => NodeFigures): void {
  const caches: [string, string, () => CacheFigures][] = [
    ['embedding_cache', 'embeddings of queries', () => now().embeddingCache],
    ['answer_cache', 'answers', () => now().answerCache],
  ];
  for (const [name, what, cache] of caches) {
    page.count(`${name}_hits_total`, `Found again: ${what}.`, () => cache().hits);
    page.count(
      `${name}_misses_total`,
      `Could have been there and were not: ${what}.`,
      () => cache().misses,
    );
    page.level(`${name}_entries`, `Kept in memory: ${what}.`, () => cache().entries);
  }
}

function addStore(page: MetricsPage, now: () => NodeFigures): void {
  page.level('store_up', 'Whether a write to the store would succeed now.', () =>
    Number(now().storeProblem === undefined),
  );
  page.counter('store_reads_total', 'Reads of the store by this process.', () => [
    [{ process: 'query-node' }, now().storeReads],
  ]);
  if (now().storeConnections === undefined) return;
  page.gauge(
    'store_pool_connections',
    'Connections of the node to the store by state; waiting: operations that wait for one.',
    () => {
      const pool = now().storeConnections;
      if (pool === undefined) return [];
      return [
        [{ state: 'idle' }, pool.idle],
        [{ state: 'in_use' }, pool.inUse],
        [{ state: 'waiting' }, pool.waiting],
      ];
    },
  );
}

function addRedis(page: MetricsPage, now: () => NodeFigures): void {
  page.level(
    'redis_up',
    'Whether Redis answers: 0, and each node does without what nodes share.',
    () => {
      const { redis } = now();
      return redis && Number(redis.isUp);
    },
  );
  page.count(
    'redis_errors_total',
    'Operations of Redis that failed, or were not tried since it does not answer.',
    () => now().redis?.errors,
  );
  page.counter(
    'redis_lookups_total',
    'Values that were looked up in Redis, by their use; late: none came in time, or it was not asked.',
    () =>
      (now().redis?.uses ?? []).flatMap(({ use, hits, misses, late }): Sample[] => {
        const of = (result: string): Labels => ({ use, result });
        return [
          [of('hit'), hits],
          [of('miss'), misses],
          [of('late'), late],
        ];
      }),
  );
}
