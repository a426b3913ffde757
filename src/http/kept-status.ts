import { Deadline } from '../core/deadline.js';
import type { ModelIdentity } from '../core/product.js';
import type { DamagedValue, ShardState } from '../core/shard-status.js';
import type { NodeStatus, PartHealth, StatusPort } from './ports.js';
import {
  memberHealth,
  notReadyReason,
  roleHealth,
  shardFigures,
  shardHealth,
  switchFigures,
  embeddingHealth,
  storeHealth,
  type EncoderHealth,
  type KnownStore,
} from './readiness.js';

/** What the status pages need of the store. */
interface StatusStore {
  readonly reads: number;
  productCount(): Promise<number>;
  /** Why a write would fail now. */
  healthy(): Promise<string | undefined>;
  damaged(): readonly DamagedValue[];
  detail?(): string | undefined;
  connections?(): NodeStatus['storeConnections'];
}

type CacheFigures = Pick<
  NodeStatus,
  'embeddingQueued' | 'embeddedProducts' | 'embeddingCache' | 'answerCache'
>;

/** Where the figures come from. */
export interface StatusSources {
  model: ModelIdentity;
  /** Version of the analyzer. */
  analyzer: number;
  minShards: number;
  store: StatusStore;
  /** The shards' states that are known already. */
  shards(): readonly ShardState[];
  /** Those that hold a lease, this one among them; none where the store keeps no leases. */
  queryNodes(): readonly { isAlive: boolean }[];
  caches(): CacheFigures;
  cutoffs(): NodeStatus['cutoffs'];
  /** Undefined: texts are searched by their words alone. */
  encoder(): EncoderHealth | undefined;
  redis(): NodeStatus['redis'];
  /** Absent: this is no region of another deployment. */
  region?: { notReady(): string | undefined; health(): PartHealth } | undefined;
}

const COUNT_EVERY_MS = 500;
const PROBE_EVERY_MS = 3_000;
/** A store that takes longer counts as down. */
const STORE_PATIENCE_MS = 2_000;

/**
 * How a node is, for the status pages: from figures that are brought up to date in the background, so
 * that a probe or a scrape asks nobody and costs nothing, however many tenants there are.
 */
export class KeptStatus implements StatusPort {
  private wasReady = false;
  private products = 0;
  private problem: string | undefined;
  /** By their period. */
  private readonly timers = new Map<number, NodeJS.Timeout>();
  private closed = false;

  private constructor(private readonly sources: StatusSources) {}

  /** Resolves once the store has been asked for the first time, or does not answer. */
  static async start(sources: StatusSources): Promise<KeptStatus> {
    const kept = new KeptStatus(sources);
    await Promise.all([
      kept.every(COUNT_EVERY_MS, () => kept.countProducts()),
      kept.every(PROBE_EVERY_MS, () => kept.probe()),
    ]);
    return kept;
  }

  notReady(): string | undefined {
    const { sources } = this;
    const reason = notReadyReason(sources.shards(), sources.minShards, this.wasReady);
    if (reason !== undefined) return reason;
    this.wasReady = true;
    return sources.region?.notReady();
  }

  parts(): PartHealth[] {
    const { store } = this.sources;
    const known: KnownStore = {
      problem: this.problem,
      detail: store.detail?.(),
      damaged: store.damaged(),
    };
    const shards = this.sources.shards().map(shardHealth);
    const queryNodes = this.sources.queryNodes().map(memberHealth);
    return [
      storeHealth(known),
      embeddingHealth(this.sources.encoder()),
      ...redisHealth(this.sources.redis()),
      ...(this.sources.region === undefined ? [] : [this.sources.region.health()]),
      ...(queryNodes.length === 0 ? [] : [roleHealth('query nodes', queryNodes)]),
      roleHealth('shards', shards),
      ...shards,
    ];
  }

  status(): NodeStatus {
    const { sources } = this;
    const shards = sources.shards();
    return {
      model: sources.model,
      analyzer: sources.analyzer,
      switching: switchFigures(shards),
      cutoffs: sources.cutoffs(),
      products: this.products,
      partitions: Math.round(shards.reduce((sum, { reply }) => sum + (reply?.partitions ?? 0), 0)),
      storeReads: sources.store.reads,
      storeProblem: this.problem,
      states: shards,
      storeConnections: sources.store.connections?.(),
      shards: shards.map(shardFigures),
      ...sources.caches(),
      redis: sources.redis(),
    };
  }

  close(): void {
    this.closed = true;
    for (const timer of this.timers.values()) clearTimeout(timer);
  }

  /** Does `work` now and again and again, one after the other; resolves after the first time. */
  private async every(ms: number, work: () => Promise<void>): Promise<void> {
    await work().catch(() => undefined);
    if (this.closed) return;
    this.timers.set(ms, setTimeout(() => void this.every(ms, work), ms).unref());
  }

  private async countProducts(): Promise<void> {
    const counting = this.sources.store.productCount();
    this.products = await Deadline.after(STORE_PATIENCE_MS).race(counting, 'the store');
  }

  private async probe(): Promise<void> {
    try {
      const probing = this.sources.store.healthy();
      this.problem = await Deadline.after(STORE_PATIENCE_MS).race(probing, 'the store');
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
    }
  }
}

/** Nothing depends on it: without it each node counts and keeps by itself. */
function redisHealth(redis: NodeStatus['redis']): PartHealth[] {
  if (redis === undefined) return [];
  if (redis.isUp) return [{ name: 'redis', state: 'ok' }];
  return [
    { name: 'redis', state: 'degraded', detail: 'it does not answer: each node does without it' },
  ];
}
