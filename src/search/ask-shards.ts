import { Deadline } from '../core/deadline.js';
import type { ModelIdentity } from '../core/product.js';
import { vectorBytes, type LeafQuery } from '../query/leaf-query.js';
import type { LeafView } from '../query/result-set.js';
import type { TextQuery } from '../query/text-query.js';
import type { PlacementCache } from '../placement/placement-cache.js';
import type { ShardFleet } from '../shard-client/shard-fleet.js';
import type { TenantPlacement } from '../store/store.js';
import { idHashes } from '../core/ids.js';
import { categoriesOf } from '../filter/analyse.js';
import { isMatchAll } from '../filter/filter.js';
import type { Asked } from './asked.js';
import { fanOut, type FanOutResult } from './fan-out.js';
import { reachOf } from './narrowed-request.js';
import { listedBoosts, listedFilter, listedView } from './listed-views.js';
import { planSearch, stickyKeyOf } from './plan.js';
import type { RowStates } from './row-states.js';
import type { SearchRun } from './search-run.js';
import { categoriesOfAll } from './views.js';

export interface ShardDeps {
  fleet: Pick<ShardFleet, 'search' | 'tellReach'>;
  placements: PlacementCache;
  model: ModelIdentity;
}

/** One round over the shards. */
export interface Round extends Pick<LeafQuery, 'set' | 'choose'> {
  views: readonly LeafView[];
  /** Absent: the words of the query. */
  text?: TextQuery | undefined;
  /** Scores every row; absent: where the request says so. */
  exact?: boolean;
  /** Whatever the views' filters say, all shards are asked. */
  ofAll?: boolean;
  /** The searchers that were pinned when words were counted are kept on, for a round that follows. */
  holds?: boolean;
  /** Of the time that is left, the part that it may take; absent: all. */
  share?: number;
  /** Others wait for it too: it goes on when its caller goes away. */
  isShared?: boolean;
  /** States of rows that the search goes by. */
  relied?: RowStates;
}

/** Part of what is left of a search's time that the shards may use; the rest is the join's. */
const FAN_OUT_SHARE = 0.9;

/** The shards of a tenant, as searches of one query ask them. */
export class AskedShards {
  readonly deadline: Deadline;
  private readonly common: Omit<LeafQuery, 'exact' | 'text' | 'views'>;
  /** Of what the caller may see; undefined: it may be any. */
  private readonly categories: readonly string[] | undefined;

  /** @param lead one of the searches: what the shards are told of it holds for all */
  constructor(
    private readonly deps: ShardDeps,
    private readonly lead: SearchRun,
    private readonly asked: Asked,
    readonly placement: TenantPlacement,
    readonly vector: Float32Array | undefined,
  ) {
    const { request, shaping, walk, deadline, list } = lead;
    const { hidden, boosts } = shaping;
    this.deadline = Deadline.after(deadline.remainingMs() * FAN_OUT_SHARE);
    // Views say it as well: a shard of a former version knows it from these alone.
    const within = reachOf(request);
    this.categories = categoriesOf(within);
    this.common = {
      ...(vector === undefined ? {} : { vector: vectorBytes(vector) }),
      ...(hidden.length === 0 ? {} : { hidden: idHashes(hidden) }),
      ...(boosts.length === 0 ? {} : { boosts: listedBoosts(boosts, list) }),
      ...(isMatchAll(within) ? {} : { within: listedFilter(within, list) }),
      ...(walk === undefined ? {} : { until: walk.until }),
    };
  }

  /** Of nodes that have anything of the tenant that the caller may see. */
  get groups(): string[] {
    return planSearch(this.placement, this.categories).targets.map(({ group }) => group);
  }

  /** One shard has all that there is of the tenant, as far as the caller may see it. */
  get isOnly(): boolean {
    return this.groups.length === 1;
  }

  /** Tells shards that sampled what they found, if there are any, the scores of the best of all. */
  tellReach({ sampled }: FanOutResult, best: () => number[]): void {
    if (sampled.length > 0) this.deps.fleet.tellReach(sampled, best());
  }

  /** What does not answer is `missing`; rejects as `fanOut` does. */
  async ask(round: Round): Promise<FanOutResult> {
    const { deps, lead, asked } = this;
    const { request, caller, clock, explainer, list } = lead;
    const { views, set, choose, ofAll, holds, isShared, exact = request.exact, share = 1 } = round;
    const { relied } = round;
    const text = 'text' in round ? round.text : asked.words;
    const plannedMs = performance.now();
    const wanted = ofAll === true ? undefined : categoriesOfAll(views);
    const plan = planSearch(this.placement, wanted ?? this.categories);
    const query: LeafQuery = {
      ...this.common,
      ...(text === undefined ? {} : { text }),
      ...(set === undefined ? {} : { set }),
      ...(choose === undefined ? {} : { choose }),
      ...{ exact, views: views.map((view) => listedView(view, list)) },
    };
    clock.spent('plan', plannedMs);
    explainer?.round(views[0]?.k ?? 0);

    const asking = clock.asks('search');
    const { fleet, placements, model } = deps;
    const { tenant, explain } = request;
    const { pins } = asked;
    const stickyKey = stickyKeyOf(request);
    const leaf = { tenant, model: model.fingerprint, query, pins, stickyKey, relied, explain };
    const deadline = Deadline.after(this.deadline.remainingMs() * share);
    const signal = isShared === true ? undefined : caller.signal;
    const bounds = { deadline, signal, span: asking.span, notes: explainer?.shards };
    const keeping = {
      ...(holds === true && pins.size > 0 ? { holds } : {}),
      ...(caller.notes === undefined ? {} : { plan: true }),
    };
    try {
      return await fanOut(fleet, placements, plan, { ...leaf, ...keeping }, bounds);
    } finally {
      asking.end();
    }
  }
}
