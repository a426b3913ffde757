import { Budget } from '../core/budget.js';
import { Deadline } from '../core/deadline.js';
import type { OmniError } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import type { ModelIdentity } from '../core/product.js';
import type { Encoder } from '../embedding/encoder.js';
import { categoriesOf } from '../filter/analyse.js';
import { MATCH_ALL } from '../filter/filter.js';
import type { PlacementCache } from '../placement/placement-cache.js';
import type { ShardFleet } from '../shard-client/shard-fleet.js';
import type { StoreReader, TenantPlacement } from '../store/store.js';
import type { TenantDirectory } from '../tenancy/tenant-directory.js';
import { answerOf, findUnknownFields, type Found } from './answer.js';
import { askedByText, askedByVector, type Asked } from './asked.js';
import { cheapPrice, PRICED_HITS, pricesOf, upToPrice } from './cheap-price.js';
import { WordCounter } from './count-words.js';
import { checkQuery, embed, embedAll, type QueryVector } from './embed.js';
import { FailureLog, noAnswer, readInTime } from './failures.js';
import { fanOut, type FanOutResult } from './fan-out.js';
import { Join } from './join-hits.js';
import { mergeAnswers, namedFirst, type Merged } from './merge-hits.js';
import { planSearch, shardQuery } from './plan.js';
import { readWords } from './read-words.js';
import { rerank, RERANK_WINDOW } from './rerank.js';
import { startRun, type SearchRun } from './search-run.js';
import type { MissingPart, SearchCaller, SearchReply, SearchRequest } from './search-types.js';
import { allOf, understandQuery } from './understand-query.js';
import { explainedSlot } from './word-slots.js';

export interface RootSearchDeps {
  model: ModelIdentity;
  /** Undefined with `--model none`: texts are searched by their words alone. */
  encoder: Encoder | undefined;
  placements: PlacementCache;
  fleet: ShardFleet;
  store: StoreReader;
  tenants: Pick<TenantDirectory, 'settings'>;
  logger: Logger;
}

/** What the shards came to in one round. */
interface Round extends Merged {
  found: FanOutResult;
  matches: number;
}

/** Part of what is left of the time that the shards may use; the rest is the join's. */
const FAN_OUT_SHARE = 0.9;
/** Hits beyond k, to refill what the join drops. */
const overFetch = (topK: number): number => topK + 4 + (topK >> 2);
/** Wider and wider rounds when the join dropped more than that. */
const MAX_ROUNDS = 4;

/** The story of a query: understand → words → embed → plan → fan out → merge → rerank → join. */
export class RootSearch {
  private readonly failures: FailureLog;
  private readonly counter: WordCounter;

  constructor(private readonly deps: RootSearchDeps) {
    this.failures = new FailureLog(deps.logger);
    this.counter = new WordCounter(deps.fleet);
  }

  /**
   * Rejects `invalid_field` for a query that cannot be searched for, `deadline_exceeded` when the time
   * is over before anything was found, `unavailable` or `overloaded` when nothing answered.
   */
  async search(request: SearchRequest, caller: SearchCaller): Promise<SearchReply> {
    try {
      const run = this.begin(request, caller);
      const asked = await this.read(run);
      const vector = await embed(asked.meaning, this.deps.encoder, run);
      return await this.answer(asked, vector, run);
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
      return { run, asked: await this.read(run) };
    });
    const open = begun.flatMap((one) => (one instanceof Error ? [] : [one]));
    const meanings = open.map(({ asked }) => asked.meaning);
    const runs = open.map(({ run }) => run);
    const embedded = await embedAll(meanings, this.deps.encoder, runs, caller);
    const found = await this.each(open, caller, async ({ asked, run }, i) => {
      const vector = embedded[i] as QueryVector | OmniError;
      if (vector instanceof Error) throw vector;
      return this.answer(asked, vector, run);
    });
    const rest = found.values();
    return begun.map((one) => (one instanceof Error ? one : (rest.next().value as SearchReply)));
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
    checkQuery(request, this.deps.encoder);
    return startRun(request, caller);
  }

  /** What the request asks for: a text is understood, and its words are counted and mended. */
  private async read(run: SearchRun): Promise<Asked> {
    const { request, deadline, explainer } = run;
    const { query, tenant } = request;
    if (typeof query !== 'string') return askedByVector(request, query);
    const { encoder, model, tenants } = this.deps;
    const settings = await readInTime(tenants.settings(tenant), deadline, 'the tenant');
    const placement = await this.placementOf(run);

    const startedMs = performance.now();
    const understood = understandQuery(query, request, settings);
    const reading = { settings, placement, counter: this.counter, encoder };
    const words = await readWords(query, understood, { ...reading, model: model.fingerprint }, run);
    explainer?.spent('words', startedMs);
    explainer?.read(words.slots.map(explainedSlot), words.embedded);
    return askedByText(request, understood, words, settings);
  }

  private async answer(
    asked: Asked,
    { vector, source, embedMs }: QueryVector,
    run: SearchRun,
  ): Promise<SearchReply> {
    run.deadline.check('embedding');
    const looking = findUnknownFields(this.deps.store, run.request, run.deadline);
    // Looked at below; a search that fails first leaves it alone.
    looking.catch(() => undefined);
    const found = await this.find(asked, vector, run);
    const unknownFields = await looking.catch((error: unknown) => {
      const { code } = this.failures.noted(error);
      const reason = code === 'deadline_exceeded' ? 'timeout' : 'unavailable';
      found.missing.push({ part: 'store', reason });
      return [];
    });
    const parts = { embedding: source, embedMs, unknownFields, words: asked.read };
    return answerOf(run, this.deps.model, found, parts);
  }

  /** Plan, fan out, merge, rerank, join; again and wider while the join drops too much. */
  private async find(
    asked: Asked,
    vector: Float32Array | undefined,
    run: SearchRun,
  ): Promise<Found> {
    const { request, caller, deadline } = run;
    const { topK } = request;
    const { understood } = asked;
    const answer: Found = { hits: [], missing: [], joinMs: 0, matches: 0, understood };
    // Nothing of it is known to anybody: nothing fits, and nobody needs to be asked.
    if (asked.words === undefined && vector === undefined) return answer;

    const placement = await this.placementOf(run);
    const shardDeadline = Deadline.after(deadline.remainingMs() * FAN_OUT_SHARE);
    const round = (filter: Asked['filter'], k: number): Promise<Round> =>
      this.round(asked, { placement, filter, vector, k, shardDeadline }, run);
    let { filter } = asked;
    let missing = asked.missing;
    if (asked.cheap !== undefined) {
      const priced = await round(MATCH_ALL, PRICED_HITS);
      missing = [...missing, ...priced.found.missing];
      const price = await this.cheapPrice(priced, run);
      if (price !== undefined) {
        filter = allOf(filter, [upToPrice(price)]);
        const part = { text: asked.cheap, filter: { price: { lte: price } } };
        answer.understood = [...understood, part];
      }
    }

    const joined = { ...request, filter };
    const join = new Join(this.deps.store, joined, caller, deadline, asked.describe);
    const window = asked.order === 'fused' ? RERANK_WINDOW : 0;
    for (let rounds = 1, k = Math.max(window, overFetch(topK)); ; rounds++, k *= 4) {
      const { hits, exhausted, found, matches } = await round(filter, k);
      answer.missing = missingOfBoth(found.missing, missing);
      answer.matches = matches;
      if (found.missing.length > 0 && !found.answered) {
        // The narrower round's hits stand; what the wider one was for is missing.
        if (rounds > 1) return answer;
        throw noAnswer(found.missing);
      }
      const joinStartedMs = performance.now();
      const joining = await join.hits(hits);
      answer.joinMs += performance.now() - joinStartedMs;
      // A wider round in which a shard was late, or the join, may know less than the one before.
      if (joining.hits.length >= answer.hits.length) answer.hits = joining.hits;
      if (joining.missing !== undefined) {
        answer.missing.push({ part: 'store', reason: joining.missing });
        return answer;
      }
      if (answer.hits.length >= topK || exhausted) return answer;
      if (rounds < MAX_ROUNDS && !shardDeadline.expired && !caller.signal.aborted) continue;
      answer.missing.push({ part: 'shard', reason: 'stale_index' });
      return answer;
    }
  }

  /** One round over the shards: the `k` best, ranked. */
  private async round(
    { words, order, pins, wantsProduct }: Asked,
    { placement, filter, vector, k, shardDeadline }: RoundOptions,
    { request, caller, explainer }: SearchRun,
  ): Promise<Round> {
    const { placements, fleet, model } = this.deps;
    const { tenant, exact, explain } = request;
    const plannedMs = performance.now();
    const plan = planSearch(placement, categoriesOf(filter));
    const query = { ...shardQuery(filter, exact, vector, words), k };
    explainer?.spent('plan', plannedMs);
    explainer?.round(k);

    const askedMs = performance.now();
    const asking = { tenant, model: model.fingerprint, query, pins, explain };
    const bounds = { deadline: shardDeadline, signal: caller.signal };
    const found = await fanOut(fleet, placements, plan, asking, bounds);
    explainer?.spent('fanOut', askedMs);
    explainer?.shards.push(...found.explained);

    const mergedMs = performance.now();
    const merged = namedFirst(mergeAnswers(found.answers, k, order));
    const hits = order === 'fused' ? rerank(merged.hits, wantsProduct) : merged.hits;
    explainer?.spent('merge', mergedMs);
    const matches = found.answers.reduce((sum, answer) => sum + answer.matches, 0);
    return { hits, exhausted: merged.exhausted, found, matches };
  }

  /** Up to which price the best of what was found, before any filter, counts as cheap. */
  private async cheapPrice({ hits }: Round, run: SearchRun): Promise<number | undefined> {
    const { tenant } = run.request;
    const { store } = this.deps;
    const ids = hits.slice(0, PRICED_HITS).map(({ id }) => id);
    const prices: number[] = [];
    for (let at = 0; at < ids.length; at += store.documentsAtOnce) {
      const reading = store.documents(tenant, ids.slice(at, at + store.documentsAtOnce));
      prices.push(...pricesOf(await readInTime(reading, run.deadline, 'the prices')));
    }
    return cheapPrice(prices);
  }

  private placementOf({ request, deadline }: SearchRun): Promise<TenantPlacement> {
    return readInTime(this.deps.placements.get(request.tenant), deadline, 'the placement');
  }
}

interface RoundOptions {
  placement: TenantPlacement;
  filter: Asked['filter'];
  vector: Float32Array | undefined;
  /** Hits wanted. */
  k: number;
  shardDeadline: Deadline;
}

/** What is missing of one round or of those before it, each once. */
function missingOfBoth(now: MissingPart[], before: readonly MissingPart[]): MissingPart[] {
  const isNew = (part: MissingPart): boolean =>
    !now.some(({ shard, category }) => shard === part.shard && category === part.category);
  return before.length === 0 ? now : [...now, ...before.filter(isNew)];
}
