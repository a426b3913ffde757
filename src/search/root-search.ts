import { Budget } from '../core/budget.js';
import { Deadline } from '../core/deadline.js';
import type { OmniError } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import type { ModelIdentity } from '../core/product.js';
import type { Encoder } from '../embedding/encoder.js';
import { categoriesOf } from '../filter/analyse.js';
import type { PlacementCache } from '../placement/placement-cache.js';
import type { ShardFleet } from '../shard-client/shard-fleet.js';
import type { StoreReader } from '../store/store.js';
import { answerOf, findUnknownFields, type Found } from './answer.js';
import { checkQuery, embed, embedAll, type QueryVector } from './embed.js';
import { FailureLog, noAnswer, readInTime } from './failures.js';
import { fanOut } from './fan-out.js';
import { Join } from './join-hits.js';
import { mergeAnswers } from './merge-hits.js';
import { planSearch, shardQuery } from './plan.js';
import type { ResultCache } from './result-cache.js';
import { startRun, type SearchRun } from './search-run.js';
import type { SearchCaller, SearchReply, SearchRequest } from './search-types.js';

export interface RootSearchDeps {
  model: ModelIdentity;
  /** Undefined with `--model none`: only vectors can be searched for. */
  encoder: Encoder | undefined;
  placements: PlacementCache;
  fleet: ShardFleet;
  store: StoreReader;
  logger: Logger;
  /** Undefined while it is switched off. */
  results?: ResultCache | undefined;
}

/** Part of what is left of the time that the shards may use; the rest is the join's. */
const FAN_OUT_SHARE = 0.9;
/** Hits beyond k, to refill what the join drops. */
const overFetch = (topK: number): number => topK + 4 + (topK >> 2);
/** Wider and wider rounds when the join dropped more than that. */
const MAX_ROUNDS = 4;

/** The story of a query: embed → plan → fan out → merge → join. */
export class RootSearch {
  private readonly failures: FailureLog;

  constructor(private readonly deps: RootSearchDeps) {
    this.failures = new FailureLog(deps.logger);
  }

  /**
   * Rejects `invalid_field` for a query that cannot be searched for, `deadline_exceeded` when the time
   * is over before anything was found, `unavailable` or `overloaded` when nothing answered.
   */
  async search(request: SearchRequest, caller: SearchCaller): Promise<SearchReply> {
    try {
      const run = this.begin(request, caller);
      const kept = await this.fromCache(run);
      if (kept !== undefined) return kept;
      const { encoder } = this.deps;
      return await this.searchFor(await embed(request, encoder, run.deadline, caller), run);
    } catch (error) {
      throw this.failures.noted(error);
    }
  }

  /** One result a request, in order; all texts are embedded in one pass. */
  async searchBatch(
    requests: readonly SearchRequest[],
    caller: SearchCaller,
  ): Promise<(SearchReply | OmniError)[]> {
    const begun = await this.each(requests, caller, async (request) => {
      const run = this.begin(request, caller);
      return (await this.fromCache(run)) ?? run;
    });
    const open = begun.filter((one): one is SearchRun => 'caller' in one);
    const asked = open.map(({ request }) => request);
    const embedded = await embedAll(asked, this.deps.encoder, caller);
    const found = await this.each(embedded, caller, async (vector, i) => {
      if (vector instanceof Error) throw vector;
      return this.searchFor(vector, open[i] as SearchRun);
    });
    const rest = found.values();
    return begun.map((one) => ('caller' in one ? (rest.next().value as SearchReply) : one));
  }

  /** `work` for all at once, an error in place of what fails; other requests have turns in between. */
  private async each<T, R>(
    items: readonly T[],
    caller: SearchCaller,
    work: (item: T, i: number) => Promise<R>,
  ): Promise<(R | OmniError)[]> {
    const turns = new Budget(Deadline.after(Infinity), caller);
    const under: Promise<R | OmniError>[] = [];
    for (const [i, item] of items.entries()) {
      await turns.pause();
      under.push(work(item, i).catch((error: unknown) => this.failures.noted(error)));
    }
    return Promise.all(under);
  }

  private begin(request: SearchRequest, caller: SearchCaller): SearchRun {
    const { encoder, results } = this.deps;
    checkQuery(request, encoder);
    return startRun(request, caller, encoder, results);
  }

  /** The answer of a ranking that is kept and still holds, its documents read afresh. */
  private async fromCache(run: SearchRun): Promise<SearchReply | undefined> {
    const { results, store, model } = this.deps;
    const { request, caller, key, deadline, startedMs } = run;
    if (results === undefined || key === undefined) return undefined;
    // A store that cannot be read now fails the search itself, which says so in its way.
    const ranking = await deadline.race(results.get(key), 'reading').catch(() => undefined);
    if (ranking === undefined) return undefined;
    const joinStartedMs = performance.now();
    const { hits, missing } = await new Join(store, request, caller, deadline).hits(ranking.hits);
    if (missing !== undefined || (hits.length < request.topK && !ranking.exhausted)) {
      results.forget(key);
      return undefined;
    }
    const found = { hits, missing: [], joinMs: performance.now() - joinStartedMs };
    // What is not known of the fields is not told: the ranking itself was complete when it was kept.
    const unknownFields = await findUnknownFields(store, request, deadline).catch(() => []);
    const parts = {
      embedding: 'cached',
      embeddedMs: startedMs,
      cached: true,
      unknownFields,
    } as const;
    return answerOf(run, model, found, parts);
  }

  private async searchFor({ vector, source }: QueryVector, run: SearchRun): Promise<SearchReply> {
    run.deadline.check('embedding');
    const embeddedMs = performance.now();
    const looking = findUnknownFields(this.deps.store, run.request, run.deadline);
    // Looked at below; a search that fails first leaves it alone.
    looking.catch(() => undefined);
    const found = await this.find(vector, run);
    const unknownFields = await looking.catch((error: unknown) => {
      const { code } = this.failures.noted(error);
      const reason = code === 'deadline_exceeded' ? 'timeout' : 'unavailable';
      found.missing.push({ part: 'store', reason });
      return [];
    });
    const parts = { embedding: source, embeddedMs, cached: false, unknownFields };
    return answerOf(run, this.deps.model, found, parts);
  }

  /** Plan, fan out, merge, join; again and wider while the join drops too much. */
  private async find(vector: Float32Array, run: SearchRun): Promise<Found> {
    const { placements, fleet, store, model, results } = this.deps;
    const { request, caller, deadline, explainer, key } = run;
    const { tenant, filter, topK, explain } = request;

    const plannedMs = performance.now();
    const placement = await readInTime(placements.get(tenant), deadline, 'the placement');
    const plan = planSearch(placement, categoriesOf(filter));
    const query = shardQuery(request, vector);
    explainer?.spent('plan', plannedMs);

    const shardDeadline = Deadline.after(deadline.remainingMs() * FAN_OUT_SHARE);
    const join = new Join(store, request, caller, deadline);
    const answer: Found = { hits: [], missing: [], joinMs: 0 };
    for (let round = 1, k = overFetch(topK); ; round++, k *= 4) {
      explainer?.round(k);
      const askedMs = performance.now();
      const asked = { tenant, model: model.fingerprint, query: { ...query, k }, explain };
      const bounds = { deadline: shardDeadline, signal: caller.signal };
      const found = await fanOut(fleet, placements, plan, asked, bounds);
      explainer?.spent('fanOut', askedMs);
      explainer?.shards.push(...found.explained);
      answer.missing = found.missing;
      if (found.missing.length > 0 && !found.answered) {
        // The narrower round's hits stand; what the wider one was for is missing.
        if (round > 1) return answer;
        throw noAnswer(found.missing);
      }

      const mergedMs = performance.now();
      const merged = mergeAnswers(found.answers, k);
      explainer?.spent('merge', mergedMs);

      const joinStartedMs = performance.now();
      const joined = await join.hits(merged.hits);
      answer.joinMs += performance.now() - joinStartedMs;
      // A wider round in which a shard was late, or the join, may know less than the one before.
      if (joined.hits.length >= answer.hits.length) answer.hits = joined.hits;
      if (joined.missing !== undefined) {
        answer.missing.push({ part: 'store', reason: joined.missing });
        return answer;
      }
      if (answer.hits.length >= topK || merged.exhausted) {
        // Invariant 6: what misses anything is never kept.
        if (key !== undefined && answer.missing.length === 0) results?.put(key, request, merged);
        return answer;
      }
      if (round < MAX_ROUNDS && !shardDeadline.expired && !caller.signal.aborted) continue;
      answer.missing.push({ part: 'shard', reason: 'stale_index' });
      return answer;
    }
  }
}
