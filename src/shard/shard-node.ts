import { join } from 'node:path';
import type { Deadline } from '../core/deadline.js';
import { OmniError } from '../core/errors.js';
import { digest } from '../core/ids.js';
import type { Logger } from '../core/logger.js';
import type { Filter } from '../filter/filter.js';
import type {
  AwaitApplied,
  Judged,
  LeafExplanation,
  Refusal,
  SearchLeaf,
  SearchLeafReply,
  StatusReply,
} from '../protocol/messages.js';
import { decodePartitions, type PartitionRef } from '../protocol/partition-list.js';
import { bytesVector } from '../protocol/vector-bytes.js';
import type { Partition, Position, StoreReader } from '../store/store.js';
import { Builder } from './builder.js';
import { CostModel } from './cost-model.js';
import { Follower } from './follower.js';
import type { Demand } from './idle-turns.js';
import { leafSearch, type LeafResult } from './leaf-search.js';
import type { LeafHit } from './leaf-hit.js';
import type { MergeOptions } from './merge-policy.js';
import { Reconciler, type ReconcileOptions } from './reconciler.js';
import { RecallWatcher, type RecallOptions } from './recall-watcher.js';
import type { RecallWatch } from './recall-watch.js';
import { SearchTrace } from './search-trace.js';
import { SegmentKeeper } from './segment-keeper.js';
import { bandOf } from './selectivity-band.js';
import { TenantIndex } from './tenant-index.js';
import type { SegmentOptions } from './write-segment.js';

export interface ShardNodeOptions {
  /** This shard's name in the placement. */
  shard: string;
  /** Folder of this shard's segments; may be deleted at any time it is stopped. */
  dataDir: string;
  model: string;
  dimensions: number;
  segment: Omit<SegmentOptions, 'dimensions'>;
  merge: MergeOptions;
  /** Width of a graph search, where recall is not watched. */
  ef: number;
  /** Repeats some searches exactly and adapts their width; absent: neither. */
  recall?: RecallOptions;
  /** Compares what is held with the store from time to time; absent: never. */
  reconcile?: ReconcileOptions;
  /** The compiled build worker; for tests that run from source. */
  buildWorkerFile?: URL;
}

/** How often tenants are looked for that no nudge named. */
const TENANT_POLL_MS = 1_000;
const BEHIND_LIMIT = 10_000;
/** Without a search for so long, a shard may do more for itself. */
const CALM_MS = 500;

/** A shard: for each tenant an index and its follower, and the answers to the protocol's requests. */
export class ShardNode {
  private readonly followers = new Map<string, Follower>();
  private readonly builder: Builder;
  private readonly watcher: RecallWatcher | undefined;
  private readonly watches = new Map<string, RecallWatch>();
  private readonly reconciler: Reconciler | undefined;
  private searching = 0;
  private searchedMs = -Infinity;
  private readonly costs = new CostModel();
  private timer: NodeJS.Timeout | undefined;
  private tenantCounter = -1;
  /** The first look for tenants is done. */
  private listed = false;
  private closed = false;

  constructor(
    private readonly store: StoreReader,
    private readonly options: ShardNodeOptions,
    private readonly logger: Logger,
  ) {
    this.builder = new Builder(options.buildWorkerFile);
    const { recall, reconcile } = options;
    const demand: Demand = {
      isBusy: () => this.searching > 0,
      isCalm: () => performance.now() - this.searchedMs > CALM_MS,
    };
    this.watcher = recall && new RecallWatcher(recall, demand, this.costs, logger);
    this.reconciler = reconcile && new Reconciler(reconcile, store, demand);
  }

  async start(): Promise<void> {
    await this.findTenants();
    this.listed = true;
    this.timer = setInterval(() => {
      this.watcher?.tick();
      this.reconciler?.tick();
      this.findTenants().catch((error: unknown) => {
        this.logger.warn({ error: String(error) }, 'tenants could not be listed');
      });
    }, TENANT_POLL_MS);
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.timer);
    const stopping = [...this.followers.values()].map((follower) => follower.stop());
    await Promise.all([this.watcher?.close(), this.reconciler?.close()]);
    await this.builder.close();
    await Promise.all(stopping);
  }

  nudge(tenant: string): void {
    this.follower(tenant).nudge();
  }

  /** A caller of `search` tells what became of its answer. */
  judged({ sample, floor }: Judged): void {
    this.watcher?.judged(sample, floor);
  }

  async awaitApplied({ tenant, mark, budgetMs }: AwaitApplied): Promise<boolean> {
    return this.follower(tenant).awaitApplied(mark, budgetMs);
  }

  /**
   * Reads the placement again for a search that names partitions not known here; undefined when all
   * are. Never rejects: what is still unknown then is refused by `search`.
   */
  lookUp(request: SearchLeaf, deadline: Deadline): Promise<void> | undefined {
    const follower = this.follower(request.tenant);
    if (isKnown(follower, decodePartitions(request.partitions))) return undefined;
    return deadline.race(follower.refreshAssignment(), 'the placement').catch(() => undefined);
  }

  /** Searches the partitions that are here and ready, and names the others. Waits for no store. */
  async search(request: SearchLeaf, deadline: Deadline): Promise<SearchLeafReply> {
    this.searching += 1;
    try {
      return await this.searchNow(request, deadline);
    } finally {
      this.searching -= 1;
      this.searchedMs = performance.now();
    }
  }

  private async searchNow(request: SearchLeaf, deadline: Deadline): Promise<SearchLeafReply> {
    const startedMs = performance.now();
    if (request.model !== this.options.model) {
      throw new OmniError('unavailable', 'this shard serves vectors of another model');
    }
    const follower = this.follower(request.tenant);
    const refs = decodePartitions(request.partitions);
    deadline.check('waiting in the shard');
    const vector = bytesVector(request.vector);
    if (vector.length !== this.options.dimensions) {
      throw new OmniError('internal', `a vector of ${vector.length} dimensions was asked for`);
    }
    const watch = this.watches.get(request.tenant);
    const query = {
      vector,
      filter: request.filter === null ? undefined : (request.filter as Filter),
      k: request.k,
      efOf: watch?.efOf ?? (() => this.options.ef),
      exact: request.exact,
      thorough: request.thorough === true,
      trace: request.explain === true ? new SearchTrace() : undefined,
      costs: this.costs,
    };
    let resolved: Resolved = { partitions: [], refused: [] };
    let position: Position | undefined;
    const found = await leafSearch(follower.index, query, () => {
      // In the turn of the search, so that position and hits are of one state.
      ({ position } = follower.index);
      resolved = resolve(follower, refs);
      return resolved.partitions;
    });
    const { partitions, refused } = resolved;
    let sample: number | undefined;
    const isUsual = !request.exact && request.thorough !== true;
    const [best] = found.hits;
    if (watch !== undefined && isUsual && best !== undefined) {
      const { filter, k } = query;
      const answered = { vector, filter, partitions, k };
      const band = bandOf(found.matches, found.live);
      sample = this.watcher?.searched(watch, { query: answered, band, best: best.score });
    }
    const { counter } = follower.assignment;
    const tookMs = performance.now() - startedMs;
    const { hits, more } = found;
    const reply = { type: 'hits', hits: columns(hits), more, refused, counter, tookMs } as const;
    return {
      ...reply,
      ...(position === undefined ? {} : { position }),
      ...(found.astray ? { astray: true } : {}),
      ...(found.scanned ? { scanned: true } : {}),
      ...(sample === undefined ? {} : { sample }),
      ...(query.trace === undefined ? {} : { explanation: explanationOf(found, query.trace) }),
    };
  }

  async status(): Promise<StatusReply> {
    const status: StatusReply = {
      type: 'status',
      shard: this.options.shard,
      documents: 0,
      bytes: 0,
      behind: 0,
      ready: this.listed,
      ...(this.watcher === undefined ? {} : { recall: this.watcher.report() }),
      ...(this.reconciler === undefined ? {} : { reconciliation: this.reconciler.report() }),
    };
    for (const { index, allReady } of this.followers.values()) {
      status.documents += index.liveRows;
      status.bytes += index.bytes;
      status.behind += await this.store.behind(index.tenant, index.position, BEHIND_LIMIT);
      status.ready &&= allReady;
    }
    return status;
  }

  private async findTenants(): Promise<void> {
    const counter = await this.store.placementCounter();
    if (counter === this.tenantCounter) return;
    const tenants = await this.store.tenants();
    if (this.closed) return;
    for (const tenant of tenants) this.follower(tenant);
    this.tenantCounter = counter;
  }

  private follower(tenant: string): Follower {
    let follower = this.followers.get(tenant);
    if (follower === undefined) {
      follower = this.follow(tenant);
      this.followers.set(tenant, follower);
    }
    return follower;
  }

  private follow(tenant: string): Follower {
    const { shard, dataDir, model, dimensions, segment, merge } = this.options;
    const index = new TenantIndex(tenant, model, dimensions);
    const folder = join(dataDir, digest(tenant));
    const logger = this.logger.child({ tenant });
    const keeperOptions = { folder, storeId: this.store.storeId, segment, merge };
    const keeper = new SegmentKeeper(index, this.builder, keeperOptions, logger);
    const follower = new Follower(shard, this.store, index, keeper, logger);
    follower.start();
    const ready = (): Partition[] =>
      follower.assignment.partitions.filter((partition) => follower.isReady(partition));
    const watch = this.watcher?.watch(index, ready, logger);
    if (watch !== undefined) this.watches.set(tenant, watch);
    this.reconciler?.watch(follower, logger);
    return follower;
  }
}

function isKnown({ assignment }: Follower, refs: readonly PartitionRef[]): boolean {
  return refs.every(({ id, epoch }) => assignment.get(id)?.epoch === epoch);
}

interface Resolved {
  partitions: Partition[];
  refused: Refusal[];
}

/** Which of the named partitions can be searched now. */
function resolve(follower: Follower, refs: readonly PartitionRef[]): Resolved {
  const partitions: Partition[] = [];
  const refused: Refusal[] = [];
  for (const { id, epoch } of refs) {
    const held = follower.assignment.get(id);
    if (held?.epoch === epoch && follower.isReady(held)) {
      partitions.push(held);
      continue;
    }
    const foreign = follower.loaded && held?.epoch !== epoch;
    refused.push({ partition: id, reason: foreign ? 'wrong_shard' : 'not_ready' });
  }
  return { partitions, refused };
}

function explanationOf({ live, matches }: LeafResult, { steps }: SearchTrace): LeafExplanation {
  return { live, matches, steps };
}

function columns(hits: readonly LeafHit[]): SearchLeafReply['hits'] {
  return {
    ids: hits.map((hit) => hit.id),
    versions: hits.map((hit) => hit.version),
    scores: { vector: hits.map((hit) => hit.score) },
  };
}
