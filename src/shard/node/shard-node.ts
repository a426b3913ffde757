import type { Budget } from '../../core/budget.js';
import { BusyShare } from '../../core/busy-share.js';
import { Deadline } from '../../core/deadline.js';
import { OmniError } from '../../core/errors.js';
import type { Logger } from '../../core/logger.js';
import type {
  AwaitApplied,
  CountWords,
  FilesOffered,
  Moved,
  OfferFiles,
  SearchLeaf,
  SearchLeafReply,
  WordCounts,
} from '../../protocol/messages.js';
import { decodePartitions } from '../../protocol/partition-list.js';
import type { StatusReply } from '../../protocol/status.js';
import { DEFAULT_TEXT_SETTINGS } from '../../text/default-settings.js';
import type { StoreReader } from '../../store/store.js';
import { Builder } from '../build/builder.js';
import { CostModel } from '../leaf/cost-model.js';
import type { Demand } from './idle-turns.js';
import { Readiness } from '../follow/readiness.js';
import { TenantFolders, type TenantGeneration } from '../index/sealed-files.js';
import type { HostedTenant, OpenTenant } from './hosted-tenant.js';
import { openTenant } from './open-tenant.js';
import type { ShardNodeOptions } from './shard-node-options.js';
import { HostedTenants } from './hosted-tenants.js';
import { areKnown, type SearchableTenant } from './partition-choice.js';
import { countTenant } from './count-tenant.js';
import { PinnedSearchers } from './pinned-searchers.js';
import { searchTenant } from './search-tenant.js';
import type { SearchTools } from './search-tools.js';
import { ReconcileSchedule } from '../follow/reconcile-schedule.js';
import { RecallWatcher } from '../recall/recall-watcher.js';
import { SampledSearches } from '../recall/sampled-searches.js';
import { OfferedFiles } from '../peer/offered-files.js';
import { PeerCopies } from '../peer/peer-copies.js';
import { TenantIndex } from '../index/tenant-index.js';

/** Without a search for so long, a shard may do more for itself. */
const CALM_MS = 500;
const IDLE_WORK_MS = 1_000;
/** How often what is here of a tenant is looked up for a wait while it is let go of. */
const MAX_ATTEMPTS = 3;

/** A shard: the tenants that have something here, and the answers to the protocol's requests. */
export class ShardNode {
  private readonly tenants: HostedTenants;
  private readonly builder: Builder;
  private readonly watcher: RecallWatcher | undefined;
  private readonly samples: SampledSearches;
  private readonly schedule: ReconcileSchedule | undefined;
  private searching = 0;
  private searchedMs = -Infinity;
  private readonly tools: SearchTools;
  private readonly pins = new PinnedSearchers();
  private readonly busy = new BusyShare();
  private readonly applied = { entries: 0 };
  /** What others copy. */
  readonly files: OfferedFiles;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly store: StoreReader,
    private readonly options: ShardNodeOptions,
    private readonly logger: Logger,
  ) {
    this.builder = new Builder(options.buildWorkerFile);
    const { shard, dataDir, model, dimensions, recall, reconcile, peers } = options;
    this.files = new OfferedFiles(peers?.bytesPerS ?? 0);
    const copies = peers && new PeerCopies(shard, store, peers, logger);
    const demand: Demand = {
      isBusy: () => this.searching > 0,
      isCalm: () => performance.now() - this.searchedMs > CALM_MS,
    };
    const costs = new CostModel();
    this.watcher = recall && new RecallWatcher(recall, demand, costs, logger);
    this.samples = new SampledSearches(this.watcher);
    this.tools = { model, dimensions, costs, samples: this.samples, pins: this.pins };
    this.schedule = reconcile && new ReconcileSchedule(reconcile, store, demand);
    const folders = new TenantFolders(dataDir, store.storeId, model);
    const parts = { store, options, builder: this.builder, copies, schedule: this.schedule };
    const { pins, applied } = this;
    const open = (index: TenantGeneration): OpenTenant =>
      openTenant({ ...parts, pins, applied, logger }, index, folders.folder(index));
    const left = (tenant: string): void => this.schedule?.forget(tenant);
    const deps = { shard, store, folders, open, left };
    this.tenants = new HostedTenants(deps, options.hosting, logger);
  }

  /** Resolves once it is known what is here; what is large may have to be read yet. */
  async start(): Promise<void> {
    await this.tenants.start();
    this.timer = setInterval(() => this.schedule?.tick(), IDLE_WORK_MS);
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    this.pins.close();
    this.files.close();
    const stopping = this.tenants.close();
    await Promise.all([this.watcher?.close(), this.schedule?.close()]);
    await this.builder.close();
    await stopping;
  }

  /** Tenants whose index is in memory. */
  get openTenants(): number {
    return this.tenants.opened().length;
  }

  nudge(tenant: string): void {
    this.tenants.nudge(tenant);
  }

  /** How far the best hits of all shards reach for a search that was sampled here. */
  told(sample: number, reach: number): void {
    this.samples.told(sample, reach);
  }

  /** True once `mark` is applied to all that is here of the tenant, which may be nothing. */
  async awaitApplied(request: AwaitApplied): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      const applied = await this.awaitOnce(request);
      if (applied !== undefined) return applied;
      if (attempt === MAX_ATTEMPTS) throw new OmniError('unavailable', 'the tenant is leaving');
    }
  }

  /** Undefined where what was here was let go of meanwhile: another may have taken its place. */
  private async awaitOnce(request: AwaitApplied): Promise<boolean | undefined> {
    const { tenant, mark, generation, partitions = '', budgetMs } = request;
    this.tenants.doubtWhatIsOld();
    const named = decodePartitions(partitions);
    const found = this.tenants.find(tenant, generation);
    const hosted = await Deadline.after(budgetMs).race(found, 'the tenant');
    if (hosted === undefined) return !this.tenants.has(tenant) && named.length === 0;
    // A switch may come at any moment: what is searched then has to have it as well.
    const wanted = generation === undefined ? this.tenants.searchable(tenant) : [hosted];
    const applied = wanted.map(async (index) => {
      const { follower } = await this.openFor(index);
      return follower.use(() => follower.awaitApplied(mark, budgetMs, named));
    });
    try {
      return (await Promise.all(applied)).every(Boolean);
    } catch (error) {
      if (wanted.some(({ hasEnded }) => hasEnded)) return undefined;
      throw error;
    }
  }

  /**
   * Makes ready for a search: opens the tenant's index, or reads the placement again where the
   * search names partitions that are not known here. Undefined when nothing is to be done. Never
   * rejects: what is still missing then is refused by `search`.
   */
  lookUp(request: SearchLeaf | CountWords, deadline: Deadline): Promise<void> | undefined {
    const { tenant } = request;
    const generation = generationOf(request);
    this.tenants.doubtWhatIsOld();
    const follower = this.tenants.get(tenant, generation)?.opened?.follower;
    const isKnown = areKnown(follower?.assignment, request);
    if (follower?.readiness.isSettled === true && isKnown) return undefined;
    const preparing = this.prepare(tenant, generation, deadline);
    return deadline.race(preparing, 'the tenant').catch(() => undefined);
  }

  private async prepare(
    tenant: string,
    generation: number | undefined,
    deadline: Deadline,
  ): Promise<void> {
    const hosted = await this.tenants.find(tenant, generation);
    if (hosted === undefined) return;
    const { follower } = await this.openFor(hosted);
    if (follower.readiness.caughtUp) await follower.refreshAssignment();
    // Not all of the time there is: the caller is to hear what is missing.
    if (!follower.readiness.isSettled) await follower.awaitCaughtUp(deadline.remainingMs() / 2);
  }

  /** Searches the partitions that are here and ready, and names the others. Waits for no store. */
  async search(request: SearchLeaf, budget: Budget): Promise<SearchLeafReply | Moved> {
    return this.ask(request, (tenant) => searchTenant(request, budget, { tenant, ...this.tools }));
  }

  /** Counts words among all rows that are here; says where not all are. Waits for no store. */
  async countWords(request: CountWords, budget: Budget): Promise<WordCounts | Moved> {
    return this.ask(request, (tenant) => countTenant(request, budget, tenant, this.tools));
  }

  /** Asks what is here of the request's tenant; what the shard does for itself makes way meanwhile. */
  private async ask<T>(
    request: SearchLeaf | CountWords,
    work: (tenant: SearchableTenant) => Promise<T>,
  ): Promise<T> {
    this.searching += 1;
    try {
      const hosted = this.tenants.get(request.tenant, generationOf(request));
      const follower = hosted?.opened?.follower;
      if (hosted === undefined || follower === undefined) {
        return await work(this.nothingOf(request));
      }
      hosted.usedMs = performance.now();
      return await follower.use(() => work(follower));
    } finally {
      this.searching -= 1;
      this.searchedMs = performance.now();
    }
  }

  /** What is sealed of a tenant that is open here; of one that sleeps there is little. Throws `unavailable`. */
  offer({ tenant, generation }: OfferFiles): FilesOffered {
    this.files.check();
    const { opened } = this.tenants.get(tenant, generation) ?? {};
    const pinned = opened?.pin();
    if (opened === undefined || pinned === undefined) {
      throw new OmniError('unavailable', 'nothing is sealed here');
    }
    const { offered, ended } = this.files.offer(pinned);
    void opened.follower.use(() => ended);
    return offered;
  }

  /** From numbers that are kept up to date: asks the store nothing. */
  status(): StatusReply {
    const { notReady, ...figures } = this.tenants.summary();
    const { shard, zone, capacityBytes } = this.options;
    const load = this.busy.share();
    return {
      ...{ type: 'status', shard },
      ...(zone === undefined ? {} : { zone }),
      ...(capacityBytes === undefined ? {} : { capacityBytes }),
      ...figures,
      ...(load === undefined ? {} : { load }),
      applied: this.applied.entries,
      storeReads: this.store.reads,
      ready: notReady === undefined,
      ...(notReady === undefined ? {} : { notReady }),
      damaged: this.store.damaged(),
      ...(this.watcher === undefined ? {} : { recall: this.watcher.report() }),
      ...(this.schedule === undefined ? {} : { reconciliation: this.schedule.report() }),
    };
  }

  private async openFor(hosted: HostedTenant): Promise<OpenTenant> {
    const opened = await hosted.openFor();
    this.tenants.makeRoom();
    return opened;
  }

  /** As a tenant is searched that has nothing here, or could not be opened in time. */
  private nothingOf(request: SearchLeaf | CountWords): SearchableTenant {
    const { model, dimensions } = this.options;
    const { tenant } = request;
    const readiness = new Readiness();
    readiness.loaded = !this.tenants.has(tenant);
    const generation = generationOf(request) ?? DEFAULT_TEXT_SETTINGS.generation;
    const settings = { ...DEFAULT_TEXT_SETTINGS, generation };
    return { index: new TenantIndex(tenant, model, dimensions, settings), readiness };
  }
}

/** Of the text settings whose words a request names; undefined: it names none. */
function generationOf(request: SearchLeaf | CountWords): number | undefined {
  return request.type === 'words' ? request.generation : request.query.text?.generation;
}
