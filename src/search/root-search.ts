import { boundedCache } from '../core/bounded-cache.js';
import type { OmniError } from '../core/errors.js';
import { searchTurns } from '../core/fair-turns.js';
import type { Logger } from '../core/logger.js';
import type { ModelIdentity } from '../core/product.js';
import type { StageTimes } from '../core/stage-times.js';
import type { Encoder } from '../embedding/encoder.js';
import type { RuleBooks } from '../merchandising/rule-book.js';
import type { PlacementCache } from '../placement/placement-cache.js';
import type { UntilSearchable } from '../placement/until-searchable.js';
import type { ShardFleet } from '../shard-client/shard-fleet.js';
import type { Store } from '../store/store.js';
import { tracedStore } from '../store/traced-store.js';
import type { PriceLists } from '../tenancy/price-lists.js';
import type { TenantDirectory } from '../tenancy/tenant-directory.js';
import { AskedShards } from './ask-shards.js';
import { askedByVector, type Asked } from './asked.js';
import { WordCounter } from './count-words.js';
import { checkQuery, embed, embedAll, type QueryVector } from './embed.js';
import { FailureLog, PlacementReshaped, readInTime } from './failures.js';
import { findTogether } from './find-together.js';
import { checkLimits } from './narrowed-request.js';
import { readText } from './read-text.js';
import { RowsChanged } from './row-states.js';
import { shopOf, startRun, type SearchRun } from './search-run.js';
import type { SearchCaller, SearchReply, SearchRequest } from './search-types.js';
import { SetChooser } from './set-chooser.js';
import { listOf } from './listed-views.js';
import { shapingOf } from './shape.js';
import { byItsVector } from './similar.js';
import { groupsOf, type Group } from './together.js';
import { Walks } from './walk.js';

export interface RootSearchDeps {
  model: ModelIdentity;
  /** Undefined with `--model none`: texts are searched by their words alone. */
  encoder: Encoder | undefined;
  placements: PlacementCache;
  fleet: Pick<ShardFleet, 'search' | 'countWords' | 'tellReach'>;
  searchable: Pick<UntilSearchable, 'awaitApplied'>;
  store: Store;
  tenants: Pick<TenantDirectory, 'settings'>;
  /** Absent: there are none. */
  priceLists?: Pick<PriceLists, 'find'>;
  /** Absent: nothing is merchandised. */
  rules?: RuleBooks;
  /** Is told what the stages of each search took; absent: nobody. */
  stages?: StageTimes;
  logger: Logger;
}

const tenantOf = ({ tenant }: SearchRequest): string => tenant;
const tenantOfGroup = ([{ request }]: Group): string => request.tenant;

/** For so long after a search had to begin anew none goes by what is known of the tenant's rows of before. */
const CHANGING_MS = 5_000;
/** Of so many tenants. */
const MAX_CHANGING = 10_000;
/** How often a search is begun while partitions are cut and joined. */
const MAX_ATTEMPTS = 4;

/** Searches of one query, and what their text came to. */
interface ReadGroup {
  group: Group;
  asked: Asked;
}

/**
 * The story of a query: begin → read its words → embed → find → reply. What is found is found by shards and
 * store: choose the result set → look at it → arrange the page → join, see `findTogether`.
 */
export class RootSearch {
  private readonly failures: FailureLog;
  private readonly counter: WordCounter;
  private readonly chooser = new SetChooser();
  /** By tenant, when a search saw that rows had changed: what was known of them is not gone by for a while. */
  private readonly changedAtMs = boundedCache<number>({ max: MAX_CHANGING });
  private readonly walks: Walks;

  constructor(private readonly deps: RootSearchDeps) {
    this.failures = new FailureLog(deps.logger);
    this.counter = new WordCounter(deps);
    this.walks = new Walks(deps);
  }

  /**
   * Rejects `invalid_field` for a query that cannot be searched for, `deadline_exceeded` when the time
   * is over before anything was found, `unavailable` or `overloaded` when nothing answered.
   */
  async search(request: SearchRequest, caller: SearchCaller): Promise<SearchReply> {
    const { tenant } = request;
    try {
      const due = searchTurns.due(tenant);
      if (due !== undefined) await due;
      const run = await this.begin(request, caller);
      const asked = await this.read([run]);
      const vector = await embed(asked.meaning, this.deps.encoder, run);
      const again = searchTurns.due(tenant);
      if (again !== undefined) await again;
      const [reply] = await this.find({ group: [run], asked }, vector, caller);
      if (reply instanceof Error) throw reply;
      return reply as SearchReply;
    } catch (error) {
      throw this.failures.noted(error);
    }
  }

  /** One result a request, in order; those of one query are searched for together, all texts embedded in one pass. */
  async searchBatch(
    requests: readonly SearchRequest[],
    caller: SearchCaller,
  ): Promise<(SearchReply | OmniError)[]> {
    const begun = await this.each(requests, tenantOf, (request) => this.begin(request, caller));
    const replies = new Map<SearchRun, SearchReply | OmniError>();
    const tell = (group: Group, told: OmniError | readonly (SearchReply | OmniError)[]): void => {
      group.forEach((run, i) => {
        replies.set(run, told instanceof Error ? told : (told[i] as SearchReply | OmniError));
      });
    };

    const groups = groupsOf(begun.flatMap((run) => (run instanceof Error ? [] : [run])));
    const read = await this.each(groups, tenantOfGroup, (group) => this.read(group));
    const open: ReadGroup[] = [];
    groups.forEach((group, i) => {
      const asked = read[i] as Asked | OmniError;
      if (asked instanceof Error) tell(group, asked);
      else open.push({ group, asked });
    });
    const vectors = await this.embed(open, caller);
    const found = await this.each(
      open,
      ({ group }) => tenantOfGroup(group),
      (one, i) => this.find(one, vectors[i], caller),
    );
    open.forEach(({ group }, i) =>
      tell(group, found[i] as OmniError | (SearchReply | OmniError)[]),
    );
    return begun.map((run) =>
      run instanceof Error ? run : (replies.get(run) as SearchReply | OmniError),
    );
  }

  /** What was asked, what shapes it, and where it stands in a walk over all pages. */
  private async begin(asked: SearchRequest, caller: SearchCaller): Promise<SearchRun> {
    const { encoder, model, rules, priceLists } = this.deps;
    const store = this.storeOf(caller);
    checkQuery(asked, encoder);
    checkLimits(asked, 0);
    const start = startRun(asked, caller);
    const { deadline } = start;
    const list = await listOf(asked, priceLists, deadline);
    const request = await byItsVector(asked, store, model.fingerprint, list, deadline);
    const shop = shopOf(request);
    const shaping = await shapingOf(request, shop, rules, deadline);
    const walk = await this.walks.open(request, shaping, deadline, caller.signal);
    return { ...start, request, shop, list, shaping, walk };
  }

  /** What the requests of a group ask for: a text is understood, and its words are counted and mended. */
  private read(group: Group): Promise<Asked> {
    const changedAtMs = this.changedAtMs.get(group[0].request.tenant) ?? -Infinity;
    const mayRely = performance.now() - changedAtMs > CHANGING_MS;
    return this.unlessReshaped(group, () => this.readOnce(group, mayRely));
  }

  private async readOnce([lead, ...others]: Group, mayRely = false): Promise<Asked> {
    const { query } = lead.request;
    if (typeof query !== 'string') return askedByVector(query);
    const { deps, counter } = this;
    return readText(query, [lead, ...others], { ...deps, counter, mayRely });
  }

  private async embed(
    open: readonly ReadGroup[],
    caller: SearchCaller,
  ): Promise<(QueryVector | OmniError)[]> {
    const { encoder } = this.deps;
    const [first, ...others] = open;
    if (first === undefined) return [];
    if (others.length > 0) {
      const meanings = open.map(({ asked }) => asked.meaning);
      return embedAll(
        meanings,
        encoder,
        open.map(({ group }) => group[0]),
        caller,
      );
    }
    try {
      return [await embed(first.asked.meaning, encoder, first.group[0])];
    } catch (error) {
      return [this.failures.noted(error)];
    }
  }

  /** Begins anew where what it went by is of rows that have changed since. */
  private async find(
    read: ReadGroup,
    vector: QueryVector | OmniError | undefined,
    caller: SearchCaller,
  ): Promise<(SearchReply | OmniError)[]> {
    try {
      return await this.findBy(read, vector);
    } catch (error) {
      if (!(error instanceof RowsChanged)) throw error;
      const { group } = read;
      const { tenant } = group[0].request;
      if (error.isSeen) this.changedAtMs.set(tenant, performance.now());
      const asked = await this.unlessReshaped(group, () => this.readOnce(group));
      const again = { group, asked };
      const [anew] = await this.embed([again], caller);
      return this.findBy(again, anew);
    }
  }

  private async findBy(
    { group, asked }: ReadGroup,
    vector: QueryVector | OmniError | undefined,
  ): Promise<(SearchReply | OmniError)[]> {
    if (vector === undefined || vector instanceof Error) throw vector ?? new Error('no vector');
    const [lead] = group;
    lead.deadline.check('embedding');
    const { deps, chooser, walks, failures } = this;
    // Here and below what is spent is counted once, however often the rest is done.
    for (const { clock } of group) clock.add('embed', vector.embedMs);
    const found = await this.unlessReshaped(group, async (isAgain) => {
      const reading = deps.placements.get(lead.request.tenant);
      const placement = await readInTime(reading, lead.deadline, 'the placement');
      // Words were counted by the placement before.
      const now = isAgain ? await this.readOnce(group) : asked;
      const shards = new AskedShards(deps, lead, now, placement, vector.vector);
      const store = this.storeOf(lead.caller);
      const tools = { ...deps, store, asked: now, shards, chooser, walks, failures };
      return findTogether(group, vector, tools);
    });
    group.forEach(({ clock }, i) => {
      if (!(found[i] instanceof Error)) deps.stages?.ended(clock);
    });
    return found;
  }

  private storeOf({ span }: SearchCaller): Store {
    return span === undefined ? this.deps.store : tracedStore(this.deps.store, span);
  }

  /** Does it again where partitions were cut or joined in between, by the placement as it is then. */
  private async unlessReshaped<T>(
    [lead]: Group,
    work: (isAgain: boolean) => Promise<T>,
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work(attempt > 1);
      } catch (error) {
        if (!(error instanceof PlacementReshaped) || attempt === MAX_ATTEMPTS) throw error;
        const refreshing = this.deps.placements.refresh(lead.request.tenant);
        await readInTime(refreshing, lead.deadline, 'the placement');
      }
    }
  }

  /** `work` for all at once, an error in place of what fails; other requests have turns in between. */
  private async each<T, R>(
    items: readonly T[],
    tenant: (item: T) => string,
    work: (item: T, i: number) => Promise<R>,
  ): Promise<(R | OmniError)[]> {
    const under: Promise<R | OmniError>[] = [];
    for (const [i, item] of items.entries()) {
      const due = searchTurns.due(tenant(item));
      if (due !== undefined) await due;
      under.push(work(item, i).catch((error: unknown) => this.failures.noted(error)));
    }
    return Promise.all(under);
  }
}
