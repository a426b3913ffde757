import { Deadline } from '../core/deadline.js';
import type { NodeStatus, PartHealth, ShardFigures, StatusPort } from '../http/ports.js';
import type { ModelIdentity } from '../core/product.js';
import type { Encoder } from '../embedding/encoder.js';
import type { ResultCache } from '../search/result-cache.js';
import type { ShardFleet, ShardState } from '../shard-client/shard-fleet.js';
import type { RecallBand } from '../protocol/messages.js';
import type { StoreReader } from '../store/store.js';

/** `/healthz` is asked every few seconds: a store that takes longer counts as down. */
const STORE_PATIENCE_MS = 2_000;

/** How a query node is, for the status pages. */
export class QueryNodeStatus implements StatusPort {
  /** All shards have been ready once; later ones that are down make answers partial, not absent. */
  private started = false;

  constructor(
    private readonly model: ModelIdentity,
    private readonly encoder: Encoder | undefined,
    private readonly store: StoreReader,
    private readonly fleet: ShardFleet,
    private readonly minShards: number,
    private readonly results: ResultCache | undefined,
  ) {}

  async notReady(): Promise<string | undefined> {
    const states = await this.fleet.states();
    if (states.length < this.minShards) {
      return `${states.length} of ${this.minShards} shards are known`;
    }
    const unready = states.filter(({ reply }) => reply?.ready !== true);
    if (unready.length === 0) this.started = true;
    if (this.started && unready.length < states.length) return undefined;
    return `shards not ready: ${unready.map(({ name }) => name).join(', ')}`;
  }

  async parts(): Promise<PartHealth[]> {
    const shards = (await this.fleet.states()).map(shardHealth);
    return [await this.storeHealth(), { name: 'embedding', state: 'ok' }, ...shards];
  }

  async status(): Promise<NodeStatus> {
    const [products, states, partitions] = await Promise.all([
      this.store.productCount(),
      this.fleet.states(),
      this.countPartitions(),
    ]);
    const encoder = this.encoder?.status();
    const { entries, hits, misses } = encoder?.cache ?? { entries: 0, hits: 0, misses: 0 };
    return {
      model: this.model,
      products,
      partitions,
      shards: states.map(shardFigures),
      embeddingCache: { entries, hits, misses },
      embeddingQueued: encoder?.pool.queued ?? 0,
      embeddedProducts: encoder?.embeddedProducts ?? 0,
      resultCache: this.results?.status(),
    };
  }

  private async countPartitions(): Promise<number> {
    const tenants = await this.store.tenants();
    const placements = await Promise.all(tenants.map((tenant) => this.store.placement(tenant)));
    return placements.reduce((sum, { partitions }) => sum + partitions.length, 0);
  }

  private async storeHealth(): Promise<PartHealth> {
    try {
      await Deadline.after(STORE_PATIENCE_MS).race(this.store.productCount(), 'the store');
      const detail = this.store.detail?.();
      return { name: 'store', state: 'ok', ...(detail === undefined ? {} : { detail }) };
    } catch (error) {
      return { name: 'store', state: 'down', detail: String(error) };
    }
  }
}

function shardHealth({ name, reply, problem = 'no answer' }: ShardState): PartHealth {
  const part = `shard ${name}`;
  if (reply === undefined) return { name: part, state: 'down', detail: problem };
  if (!reply.ready) return { name: part, state: 'starting', detail: `${reply.behind} behind` };
  const failing = reply.recall?.bands.filter((band) => band.failing) ?? [];
  if (failing.length === 0) return { name: part, state: 'ok' };
  return { name: part, state: 'degraded', detail: failing.map(recallDetail).join('; ') };
}

function recallDetail({ recall, selectivity, ef }: RecallBand): string {
  const searches = `searches that match up to ${selectivity * 100} % of the rows`;
  return `recall ${(recall ?? 0).toFixed(3)} of ${searches} at ef ${ef}`;
}

function shardFigures({ name, reply }: ShardState): ShardFigures {
  const { documents = 0, bytes = 0, behind = 0, recall, reconciliation } = reply ?? {};
  return {
    ...{ name, documents, bytes, behind },
    ...(recall === undefined ? {} : { recall }),
    ...(reconciliation === undefined ? {} : { reconciliation }),
  };
}
