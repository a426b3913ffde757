import { Deadline } from '../core/deadline.js';
import { OmniError, toOmniError } from '../core/errors.js';
import type { ModelIdentity } from '../core/product.js';
import type { Encoder, QueryEmbedding } from '../embedding/encoder.js';
import { categoriesOf, fieldsOf } from '../filter/analyse.js';
import type { PlacementCache } from '../placement/placement-cache.js';
import { planTargets } from '../placement/plan.js';
import type { ShardFleet } from '../shard-client/shard-fleet.js';
import type { StoreReader } from '../store/store.js';
import { Explainer } from './explanation.js';
import { fanOut, type FanOutResult } from './fan-out.js';
import { joinHits } from './join-hits.js';
import { mergeHits } from './merge-hits.js';
import { ReplyBudget } from './reply-budget.js';
import { residualFilter } from './residual-filter.js';
import type { Hit, MissingPart, SearchReply, SearchRequest } from './search-types.js';

export interface RootSearchDeps {
  model: ModelIdentity;
  /** Undefined with `--model none`: only vectors can be searched for. */
  encoder: Encoder | undefined;
  placements: PlacementCache;
  fleet: ShardFleet;
  store: StoreReader;
}

/** Part of what is left of the time that the shards may use; the rest is the join's. */
const FAN_OUT_SHARE = 0.9;
/** Hits beyond k, to refill what the join drops. */
const overFetch = (topK: number): number => topK + 4 + (topK >> 2);
/** Wider and wider rounds when the join dropped more than that. */
const MAX_ROUNDS = 4;

/** The story of a query: embed → plan → fan out → merge → join. */
export class RootSearch {
  constructor(private readonly deps: RootSearchDeps) {}

  /** Rejects `deadline_exceeded` before the fan-out, `unavailable` or `overloaded` when nothing answered. */
  async search(request: SearchRequest): Promise<SearchReply> {
    const run = startRun(request, new ReplyBudget());
    return this.searchVector(request, await this.embed(request, run.deadline), run);
  }

  /** One result a request, in order; all texts are embedded in one pass. */
  async searchBatch(requests: readonly SearchRequest[]): Promise<(SearchReply | OmniError)[]> {
    const budget = new ReplyBudget();
    const runs = requests.map((request) => startRun(request, budget));
    const embeddings = await this.embedBatch(requests);
    return Promise.all(
      requests.map(async (request, i) => {
        try {
          const embedded = await (embeddings[i] as Promise<Embedded>);
          return await this.searchVector(request, embedded, runs[i] as Run);
        } catch (error) {
          return toOmniError(error);
        }
      }),
    );
  }

  private async searchVector(
    request: SearchRequest,
    { vector, source }: Embedded,
    run: Run,
  ): Promise<SearchReply> {
    run.deadline.check('embedding');
    const embeddedMs = performance.now();
    const { hits, missing, joinMs } = await this.find(request, vector, run);
    const unknownFields = await this.unknownFields(request, run.deadline).catch(() => undefined);
    if (unknownFields === undefined) missing.push({ part: 'store', reason: 'unavailable' });
    const endedMs = performance.now();
    const embedMs = embeddedMs - run.startedMs;
    const { name, fingerprint } = this.deps.model;
    return {
      hits,
      tookMs: endedMs - run.startedMs,
      timingsMs: {
        embed: embedMs,
        search: endedMs - embeddedMs - joinMs,
        join: joinMs,
      },
      embedding: source,
      model: `${name}@${fingerprint.slice(0, 8)}`,
      missing,
      unknownFields: unknownFields ?? [],
      explanation: run.explainer?.explanation(embedMs, joinMs),
    };
  }

  /** Plan, fan out, merge, join; again and wider while the join drops too much. */
  private async find(
    request: SearchRequest,
    vector: Float32Array,
    { deadline, budget, explainer }: Run,
  ): Promise<Found> {
    const { placements, fleet, store, model } = this.deps;
    const { tenant, filter, exact, explain, topK } = request;
    const plannedMs = performance.now();
    const placement = await fromStore(placements.get(tenant), deadline, 'the placement');
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
      const merged = mergeHits(found.lists, k);
      explainer?.spent('merge', mergedMs);
      const joinStartedMs = performance.now();
      const joining = joinHits(store, request, merged, budget, deadline);
      const { hits, late } = await fromStore(joining, deadline, 'the documents').catch(
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
      const held = found.lists.reduce((sum, list) => sum + list.length, 0);
      const exhausted = !found.more && held <= k;
      if (answer.hits.length >= topK || exhausted || late) return answer;
      if (round < MAX_ROUNDS && !shardDeadline.expired) continue;
      answer.missing.push({ part: 'shard', reason: 'stale_index' });
      return answer;
    }
  }

  private async embed(request: SearchRequest, deadline: Deadline): Promise<Embedded> {
    if (typeof request.query !== 'string') return { vector: request.query, source: undefined };
    return this.encoder().embedQuery(request.query, deadline);
  }

  /** A promise a request, so that one that fails does not fail the others. */
  private async embedBatch(requests: readonly SearchRequest[]): Promise<Promise<Embedded>[]> {
    const texts = requests.flatMap(({ query }) => (typeof query === 'string' ? [query] : []));
    let embeddings: QueryEmbedding[] = [];
    let failure: OmniError | undefined;
    if (texts.length > 0) {
      const longest = Math.max(...requests.map(({ timeoutMs }) => timeoutMs));
      try {
        embeddings = await this.encoder().embedQueries(texts, Deadline.after(longest));
      } catch (error) {
        failure = toOmniError(error);
      }
    }
    let next = 0;
    return requests.map(async ({ query }) => {
      if (typeof query !== 'string') return { vector: query, source: undefined };
      if (failure !== undefined) throw failure;
      return embeddings[next++] as QueryEmbedding;
    });
  }

  private encoder(): Encoder {
    const { encoder } = this.deps;
    if (encoder !== undefined) return encoder;
    const message = 'this node has no encoder (--model none): search by vector';
    throw new OmniError('unavailable', message, { retryAfterMs: 60_000 });
  }

  private async unknownFields(
    { tenant, filter }: SearchRequest,
    deadline: Deadline,
  ): Promise<string[]> {
    const fields = fieldsOf(filter);
    if (fields.length === 0) return [];
    const asked = this.deps.store.knownFields(tenant, fields);
    const known = await deadline.race(asked, 'looking up fields');
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
}

function startRun({ timeoutMs, explain }: SearchRequest, budget: ReplyBudget): Run {
  return {
    startedMs: performance.now(),
    deadline: Deadline.after(timeoutMs),
    budget,
    explainer: explain ? new Explainer() : undefined,
  };
}

/** What plan, fan-out, merge and join came to. */
interface Found {
  hits: Hit[];
  missing: MissingPart[];
  joinMs: number;
}

interface Embedded {
  vector: Float32Array;
  source: QueryEmbedding['source'] | undefined;
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

/** What the store is asked for; `unavailable` when it does not answer in time. */
async function fromStore<T>(work: Promise<T>, deadline: Deadline, what: string): Promise<T> {
  try {
    return await deadline.race(work, what);
  } catch (error) {
    if (toOmniError(error).code === 'too_large') throw error;
    const details = { retryAfterMs: 1_000, cause: error };
    throw new OmniError('unavailable', `${what} could not be read`, details);
  }
}
