import { Deadline } from '../core/deadline.js';
import { OmniError, toOmniError } from '../core/errors.js';
import type { ModelIdentity } from '../core/product.js';
import type { Encoder } from '../embedding/encoder.js';
import { categoriesOf, fieldsOf } from '../filter/analyse.js';
import type { PlacementCache } from '../placement/placement-cache.js';
import { planTargets } from '../placement/plan.js';
import type { ShardFleet } from '../shard-client/shard-fleet.js';
import type { StoreReader } from '../store/store.js';
import { Explainer } from './explanation.js';
import { fanOut, type FanOutResult } from './fan-out.js';
import { inTime } from './in-time.js';
import { joinHits } from './join-hits.js';
import { mergeHits } from './merge-hits.js';
import { QueryVectors, type QueryVector } from './query-vectors.js';
import { ReplyBudget } from './reply-budget.js';
import { residualFilter } from './residual-filter.js';
import { ResultCache } from './result-cache.js';
import type { Hit, MissingPart, SearchReply, SearchRequest } from './search-types.js';

export interface RootSearchDeps {
  model: ModelIdentity;
  /** Undefined with `--model none`: only vectors can be searched for. */
  encoder: Encoder | undefined;
  placements: PlacementCache;
  fleet: ShardFleet;
  store: StoreReader;
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
  private readonly vectors: QueryVectors;

  constructor(private readonly deps: RootSearchDeps) {
    this.vectors = new QueryVectors(deps.encoder);
  }

  /** Rejects `deadline_exceeded` before the fan-out, `unavailable` or `overloaded` when nothing answered. */
  async search(request: SearchRequest): Promise<SearchReply> {
    const run = this.startRun(request, new ReplyBudget());
    const known = await this.fromCache(request, run);
    if (known !== undefined) return known;
    return this.searchVector(request, await this.vectors.of(request, run.deadline), run);
  }

  /** One result a request, in order; all texts are embedded in one pass. */
  async searchBatch(requests: readonly SearchRequest[]): Promise<(SearchReply | OmniError)[]> {
    const budget = new ReplyBudget();
    const tasks = await Promise.all(
      requests.map(async (request) => {
        const run = this.startRun(request, budget);
        return { request, run, known: await this.fromCache(request, run).catch(toOmniError) };
      }),
    );
    const open = tasks.filter(({ known }) => known === undefined);
    const embeddings = await this.vectors.ofBatch(open.map(({ request }) => request));
    const searched = await Promise.all(
      open.map(async ({ request, run }, i) => {
        try {
          const embedded = await (embeddings[i] as Promise<QueryVector>);
          return await this.searchVector(request, embedded, run);
        } catch (error) {
          return toOmniError(error);
        }
      }),
    );
    const rest = searched.values();
    return tasks.map(({ known }) => known ?? (rest.next().value as SearchReply | OmniError));
  }

  /** The answer of a ranking that is kept and still holds, its documents read afresh. */
  private async fromCache(request: SearchRequest, run: Run): Promise<SearchReply | undefined> {
    const { results, store } = this.deps;
    const { key, deadline, budget, startedMs } = run;
    if (results === undefined || key === undefined) return undefined;
    // A store that cannot be read now fails the search itself, which says so in its way.
    const ranking = await deadline.race(results.get(key), 'reading').catch(() => undefined);
    if (ranking === undefined) return undefined;
    const joinStartedMs = performance.now();
    const joining = joinHits(store, request, ranking.hits, budget, deadline);
    const { hits, late } = await inTime(joining, deadline, 'the documents');
    if (late || (hits.length < request.topK && !ranking.exhausted)) {
      results.forget(key);
      return undefined;
    }
    const endedMs = performance.now();
    return {
      hits,
      tookMs: endedMs - startedMs,
      timingsMs: { embed: 0, search: joinStartedMs - startedMs, join: endedMs - joinStartedMs },
      embedding: 'cached',
      model: this.modelName(),
      cached: true,
      missing: [],
      unknownFields: await deadline
        .race(this.unknownFields(request), 'looking for fields')
        .catch(() => []),
      explanation: undefined,
    };
  }

  private modelName(): string {
    const { name, fingerprint } = this.deps.model;
    return `${name}@${fingerprint.slice(0, 8)}`;
  }

  private startRun(request: SearchRequest, budget: ReplyBudget): Run {
    const { encoder, results } = this.deps;
    const { query, timeoutMs, explain } = request;
    // What is to be explained is searched for.
    const keyed = results !== undefined && !explain && typeof query === 'string';
    return {
      startedMs: performance.now(),
      deadline: Deadline.after(timeoutMs),
      budget,
      explainer: explain ? new Explainer() : undefined,
      key:
        keyed && encoder !== undefined
          ? ResultCache.key(request, encoder.queryKey(query))
          : undefined,
    };
  }

  private async searchVector(
    request: SearchRequest,
    { vector, source }: QueryVector,
    run: Run,
  ): Promise<SearchReply> {
    run.deadline.check('embedding');
    const embeddedMs = performance.now();
    const looking = this.unknownFields(request);
    // Looked at below; a search that fails first leaves it alone.
    looking.catch(() => undefined);
    const { hits, missing, joinMs } = await this.find(request, vector, run);
    const unknownFields = await run.deadline.race(looking, 'looking for fields').catch(() => {
      missing.push({ part: 'store', reason: 'unavailable' });
      return [];
    });
    const endedMs = performance.now();
    const embedMs = embeddedMs - run.startedMs;
    return {
      hits,
      tookMs: endedMs - run.startedMs,
      timingsMs: {
        embed: embedMs,
        search: endedMs - embeddedMs - joinMs,
        join: joinMs,
      },
      embedding: source,
      model: this.modelName(),
      cached: false,
      missing,
      unknownFields,
      explanation: run.explainer?.explanation(embedMs, joinMs),
    };
  }

  /** Plan, fan out, merge, join; again and wider while the join drops too much. */
  private async find(
    request: SearchRequest,
    vector: Float32Array,
    { deadline, budget, key, explainer }: Run,
  ): Promise<Found> {
    const { placements, fleet, store, model, results } = this.deps;
    const { tenant, filter, exact, explain, topK } = request;
    const plannedMs = performance.now();
    const placement = await inTime(placements.get(tenant), deadline, 'the placement');
    const targets = planTargets(placement, categoriesOf(filter));
    const shardFilter = residualFilter(filter);
    explainer?.spent('plan', plannedMs);
    const shardDeadline = Deadline.after(deadline.remainingMs() * FAN_OUT_SHARE);
    const answer: Found = { hits: [], missing: [], joinMs: 0 };
    for (let round = 1, k = overFetch(topK); ; round++, k *= 4) {
      const asked = { tenant, vector, model: model.fingerprint, filter: shardFilter };
      const query = { ...asked, exact, explain, k };
      explainer?.round(k);
      const askedMs = performance.now();
      const found = await fanOut(fleet, placements, targets, query, shardDeadline);
      explainer?.spent('fanOut', askedMs);
      explainer?.shards.push(...found.explained);
      if (nothingAnswered(found)) {
        if (round === 1) throw noAnswer(found);
        // The narrower round's hits stand; what the wider one was for is missing.
        return { ...answer, missing: found.missing };
      }
      const mergedMs = performance.now();
      const answers = found.answers.map(({ answer }) => answer);
      const merged = mergeHits(
        answers.map((answer) => answer.hits),
        k,
      );
      explainer?.spent('merge', mergedMs);
      const joinStartedMs = performance.now();
      const joining = joinHits(store, request, merged, budget, deadline);
      const { hits, late } = await inTime(joining, deadline, 'the documents').catch(
        (error: unknown) => {
          if (round === 1) throw error;
          return { hits: [], late: true };
        },
      );
      answer.joinMs += performance.now() - joinStartedMs;
      answer.missing = found.missing;
      if (late) answer.missing.push({ part: 'store', reason: 'timeout' });
      // A wider round in which a shard was late, or the join, may know less than the one before.
      if (hits.length >= answer.hits.length) answer.hits = hits;
      const held = answers.reduce((sum, answer) => sum + answer.hits.length, 0);
      const exhausted = held <= k && !answers.some(({ more }) => more);
      if (answer.hits.length >= topK || exhausted || late) {
        // Invariant 6: what misses anything is never kept. Nor is it the shards' to learn from.
        if (answer.missing.length > 0 || found.unsure) return answer;
        if (key !== undefined) {
          const positions = answers.map(({ position }) => position);
          results?.put(key, request, { hits: merged, exhausted }, positions);
        }
        tellJudgement(fleet, found, answer.hits[topK - 1]?.score ?? -Infinity);
        return answer;
      }
      if (round < MAX_ROUNDS && !shardDeadline.expired) continue;
      answer.missing.push({ part: 'shard', reason: 'stale_index' });
      return answer;
    }
  }

  private async unknownFields({ tenant, filter }: SearchRequest): Promise<string[]> {
    const fields = fieldsOf(filter);
    if (fields.length === 0) return [];
    const known = await this.deps.store.knownFields(tenant, fields);
    return fields.filter((_, i) => known[i] !== true);
  }
}

/** What bounds one search. */
interface Run {
  startedMs: number;
  deadline: Deadline;
  /** Shared by the searches of a batch. */
  budget: ReplyBudget;
  /** Undefined unless the caller asked for an explanation. */
  explainer: Explainer | undefined;
  /** Under which the result cache keeps the ranking; undefined where it does not. */
  key: string | undefined;
}

/** What plan, fan-out, merge and join came to. */
interface Found {
  hits: Hit[];
  missing: MissingPart[];
  joinMs: number;
}

/** Shards that would learn from their answers hear which hits were good enough for the caller. */
function tellJudgement(fleet: ShardFleet, { answers }: FanOutResult, floor: number): void {
  for (const { target, answer } of answers) {
    if (answer.sample !== undefined) fleet.judged(target.shard, answer.sample, floor);
  }
}

/** Nothing of what was asked for has answered: an error, not an empty result. */
function nothingAnswered({ missing, searched }: FanOutResult): boolean {
  return missing.length > 0 && searched.size === 0;
}

function noAnswer({ missing }: FanOutResult): OmniError {
  const overloaded = missing.every(({ reason }) => reason === 'overloaded');
  const code = overloaded ? 'overloaded' : 'unavailable';
  return new OmniError(code, 'no shard answered', { retryAfterMs: 1_000 });
}
