import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ErrorCode } from '../core/errors.js';
import type { LimitedBy } from '../tenancy/rate-limits.js';
import type { NodeStatus, ShardFigures } from './ports.js';

const LATENCY_BUCKETS_MS = [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];

/** The node's figures in Prometheus' terms, in a registry of their own. */
export class Metrics {
  private readonly registry = new Registry();
  /** Figures by process: set anew each time, so that a shard that left is left out. */
  private readonly ofShards = new Registry();
  private readonly latency = new Histogram({
    name: 'query_latency_ms',
    help: 'Time from a validated search request to its reply, milliseconds.',
    buckets: LATENCY_BUCKETS_MS,
    registers: [this.registry],
  });
  private readonly queries = this.counter('queries_total', 'Searches, failed ones included.');
  private readonly errors = new Counter({
    name: 'search_errors_total',
    help: 'Searches answered with an error, by its code.',
    labelNames: ['type'] as const,
    registers: [this.registry],
  });
  private readonly rateLimited = new Counter({
    name: 'rate_limited_total',
    help: 'Requests refused by a rate limit, by whose it is.',
    labelNames: ['by'] as const,
    registers: [this.registry],
  });
  private readonly authFailures = this.counter(
    'auth_failures_total',
    'Requests with a key that there is not, or a signature that is none.',
  );
  private readonly hits = this.counter('embedding_cache_hits_total', 'Query embeddings cached.');
  private readonly misses = this.counter(
    'embedding_cache_misses_total',
    'Query embeddings that were not in the cache of the node.',
  );
  private readonly answerHits = this.counter('answer_cache_hits_total', 'Answers given again.');
  private readonly answerMisses = this.counter(
    'answer_cache_misses_total',
    'Answers that could have been kept and were not there.',
  );
  private readonly embedded = this.counter(
    'embedded_products_total',
    'Texts of products embedded: none for what is indexed again unchanged.',
  );
  private readonly queued = this.gauge('embedding_queued', 'Texts that wait to be embedded.');
  private readonly products = this.gauge('store_products', 'Live products in the store.');
  private readonly partitions = this.gauge(
    'partitions',
    'Partitions of all tenants, on the shards that answer.',
  );
  private readonly documents = this.shardGauge('shard_documents', 'Documents a shard holds.');
  private readonly bytes = this.shardGauge('shard_bytes', 'Bytes a shard holds.');
  private readonly behind = this.shardGauge('shard_behind', 'Feed entries not yet applied.');

  private readonly storeReads = new Counter({
    name: 'store_reads_total',
    help: 'Reads of the store, by the process that made them: the query node, or a shard.',
    labelNames: ['process'] as const,
    registers: [this.ofShards],
  });

  /** Left out where the store is on this machine. */
  private readonly ofPool = new Registry();
  private readonly poolConnections = new Gauge({
    name: 'store_pool_connections',
    help: 'Connections of the node to the store by state; waiting: operations that wait for one.',
    labelNames: ['state'] as const,
    registers: [this.ofPool],
  });

  private readonly connectionsLimit = new Gauge({
    name: 'store_connections_limit',
    help: 'Connections to the store that the node may use: its share of STORE_CONNECTIONS, or STORE_MAX_POOL.',
    registers: [this.ofPool],
  });

  /** Left out while the primary alone is read. */
  private readonly ofReplicas = new Registry();
  private readonly replicaLag = new Gauge({
    name: 'store_replica_lag_seconds',
    help: 'How far a secondary of the store is behind, while joins may read from it.',
    labelNames: ['server'] as const,
    registers: [this.ofReplicas],
  });

  /** Left out where there is no Redis. */
  private readonly ofRedis = new Registry();
  private readonly redisUp = new Gauge({
    name: 'redis_up',
    help: 'Whether Redis answers: 0, and each node does without what nodes share.',
    registers: [this.ofRedis],
  });
  private readonly redisErrors = new Counter({
    name: 'redis_errors_total',
    help: 'Operations of Redis that failed, or were not tried since it does not answer.',
    registers: [this.ofRedis],
  });

  private readonly redisLookups = new Counter({
    name: 'redis_lookups_total',
    help: 'Values that were looked up in Redis, by their use; late: none came in time, or it was not asked.',
    labelNames: ['use', 'result'] as const,
    registers: [this.ofRedis],
  });

  private readonly reconciled = this.shardCounter(
    'reconciled_total',
    'Differences from the store that a shard found and healed.',
  );
  private readonly reconciliations = this.shardCounter(
    'reconciliation_checks_total',
    'Comparisons of what a shard holds of one tenant with the store.',
  );
  private readonly reconciledAt = this.shardGauge(
    'reconciliation_checked_seconds',
    'All tenants of a shard were compared since then, seconds since 1970.',
  );

  private readonly recall = this.shardGauge(
    'shard_recall',
    'Recall of searches repeated lately.',
    'selectivity',
  );
  private readonly recallLow = this.shardGauge(
    'shard_recall_low',
    'Lower 95 % bound of it.',
    'selectivity',
  );
  private readonly repeats = this.shardGauge(
    'shard_recall_repeats',
    'Searches repeated exactly since the start of the shard.',
    'selectivity',
  );
  private readonly recallTarget = this.shardGauge(
    'shard_recall_target',
    'Recall that graphs are searched for.',
  );

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** A search was answered. */
  searched(elapsedMs: number): void {
    this.queries.inc();
    this.latency.observe(elapsedMs);
  }

  /** A search was answered with an error. */
  failed(code: ErrorCode): void {
    this.queries.inc();
    this.errors.inc({ type: code });
  }

  /** Searches were refused by a limit of this kind. */
  limited(by: LimitedBy): void {
    this.rateLimited.inc({ by });
  }

  /** Somebody came with a key that there is not. */
  authFailed(): void {
    this.authFailures.inc();
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** The exposition text, with `status` as it is now. */
  async render(status: NodeStatus): Promise<string> {
    const { embeddingCache, answerCache } = status;
    setTo(this.hits, embeddingCache.hits);
    setTo(this.misses, embeddingCache.misses);
    setTo(this.answerHits, answerCache.hits);
    setTo(this.answerMisses, answerCache.misses);
    setTo(this.embedded, status.embeddedProducts);
    this.queued.set(status.embeddingQueued);
    this.products.set(status.products);
    this.partitions.set(status.partitions);
    this.ofShards.resetMetrics();
    this.ofRedis.resetMetrics();
    this.setRedis(status.redis);
    for (const { process, reads } of status.storeReads) this.storeReads.inc({ process }, reads);
    for (const shard of status.shards) {
      this.setRecall(shard);
      this.setReconciliation(shard);
      this.documents.set({ shard: shard.name }, shard.documents);
      this.bytes.set({ shard: shard.name }, shard.bytes);
      this.behind.set({ shard: shard.name }, shard.behind);
    }
    const others = [await this.ofShards.metrics()];
    if (status.storeConnections !== undefined) {
      this.setPool(status.storeConnections);
      others.push(await this.ofPool.metrics());
    }
    if (status.storeReplicas.length > 0) {
      this.replicaLag.reset();
      for (const { server, lagMs } of status.storeReplicas) {
        this.replicaLag.set({ server }, lagMs / 1000);
      }
      others.push(await this.ofReplicas.metrics());
    }
    if (status.redis !== undefined) others.push(await this.ofRedis.metrics());
    return [await this.registry.metrics(), ...others].join('\n');
  }

  private setPool({
    idle,
    inUse,
    waiting,
    limit,
  }: NonNullable<NodeStatus['storeConnections']>): void {
    this.poolConnections.set({ state: 'idle' }, idle);
    this.poolConnections.set({ state: 'in_use' }, inUse);
    this.poolConnections.set({ state: 'waiting' }, waiting);
    this.connectionsLimit.set(limit);
  }

  /** Absent where there is no Redis. */
  private setRedis(redis: NodeStatus['redis']): void {
    if (redis === undefined) return;
    this.redisUp.set(Number(redis.isUp));
    this.redisErrors.inc(redis.errors);
    for (const { use, hits, misses, late } of redis.uses) {
      this.redisLookups.inc({ use, result: 'hit' }, hits);
      this.redisLookups.inc({ use, result: 'miss' }, misses);
      this.redisLookups.inc({ use, result: 'late' }, late);
    }
  }

  private setRecall({ name: shard, recall: watched }: ShardFigures): void {
    if (watched === undefined) return;
    this.recallTarget.set({ shard }, watched.target);
    for (const { selectivity, repeats, recall, low } of watched.bands) {
      const labels = { shard, selectivity: String(selectivity) };
      this.repeats.set(labels, repeats);
      if (recall !== null) this.recall.set(labels, recall);
      if (low !== null) this.recallLow.set(labels, low);
    }
  }

  private setReconciliation({ name: shard, reconciliation }: ShardFigures): void {
    if (reconciliation === undefined) return;
    const { checks, reconciled, checkedAtMs } = reconciliation;
    this.reconciled.inc({ shard }, reconciled);
    this.reconciliations.inc({ shard }, checks);
    if (checkedAtMs !== null) this.reconciledAt.set({ shard }, checkedAtMs / 1_000);
  }

  private counter(name: string, help: string): Counter {
    return new Counter({ name, help, registers: [this.registry] });
  }

  private shardCounter(name: string, help: string): Counter<'shard'> {
    return new Counter({ name, help, labelNames: ['shard'], registers: [this.ofShards] });
  }

  private gauge(name: string, help: string): Gauge {
    return new Gauge({ name, help, registers: [this.registry] });
  }

  private shardGauge<L extends string = never>(
    name: string,
    help: string,
    ...labels: L[]
  ): Gauge<'shard' | L> {
    return new Gauge({
      name,
      help,
      labelNames: ['shard', ...labels],
      registers: [this.ofShards],
    });
  }
}

/** A count that is kept elsewhere, as it is now. */
function setTo(counter: Counter, total: number): void {
  counter.reset();
  counter.inc(total);
}
