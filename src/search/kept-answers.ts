import { LRUCache } from 'lru-cache';
import { toOmniError, type OmniError } from '../core/errors.js';
import type { AnswerState, Depended } from './answer-state.js';
import type { RootSearch } from './root-search.js';
import type { SharedAnswer, SharedAnswers } from './shared-answers.js';
import type { Hit, SearchCaller, SearchReply, SearchRequest } from './search-types.js';

/** However little changes. */
const MAX_AGE_MS = 300_000;
/** Over all tenants: in memory, about. */
const MAX_BYTES = 32 * 1024 * 1024;
/** Larger ones are rarely asked for again. */
const MAX_ANSWER_BYTES = 256 * 1024;
const MAX_KEY_LENGTH = 4_096;
const ANSWER_BYTES = 1_024;
const HIT_BYTES = 256;
/** Of a facet, beside its text. */
const VALUE_BYTES = 128;
/** Facets of more are not even looked through for what they hold. */
const MAX_VALUES = 2_000;

interface KeptAnswer extends SharedAnswer {
  /** In memory, about. */
  size: number;
  keptAtMs: number;
}

/** What is known of an answer before it is searched for. */
interface LookedUp {
  key: string | undefined;
  state: Depended | undefined;
  kept: KeptAnswer | undefined;
}

export interface KeptAnswersDeps {
  search: Pick<RootSearch, 'search' | 'searchBatch'>;
  answers: Pick<AnswerState, 'current'>;
  /** Absent: nodes share none. */
  shared?: SharedAnswers | undefined;
  /** Monotonic; injectable for virtual clocks. */
  now?: () => number;
}

/**
 * Gives an answer again for as long as nothing has changed that it depends on: no product of the tenant, no setting,
 * no rule. The store is asked each time, so a write is seen by the next search; what a shard may not have applied, or
 * lacks, is not kept. Vectors are not: nobody asks for one twice. Of several nodes each may give what another has found.
 */
export class KeptAnswers {
  private readonly kept = new LRUCache<string, KeptAnswer>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ size, state }, key) => size + 2 * (key.length + state.length),
  });
  private hits = 0;
  private misses = 0;
  private texts = 0;

  constructor(private readonly deps: KeptAnswersDeps) {}

  /** Rejects as `RootSearch.search`. */
  async search(request: SearchRequest, caller: SearchCaller): Promise<SearchReply> {
    const startedMs = this.now();
    const { key, state, kept } = await this.lookUp(request);
    caller.span?.past('look_up', startedMs, { 'omnisearch.kept': kept !== undefined });
    if (kept !== undefined) return this.again(kept, caller, startedMs);
    const reply = await this.deps.search.search(request, caller);
    await this.keep(request, { key, state, reply, bytes: caller.bytes.held });
    return reply;
  }

  /** As `RootSearch.searchBatch`, which does those together of which no answer is kept. */
  async searchBatch(
    requests: readonly SearchRequest[],
    caller: SearchCaller,
  ): Promise<(SearchReply | OmniError)[]> {
    const startedMs = this.now();
    const looked = await Promise.all(requests.map((request) => this.lookUp(request)));
    const open = requests.filter((_, i) => looked[i]?.kept === undefined);
    const found = open.length === 0 ? [] : await this.deps.search.searchBatch(open, caller);
    const answers = found[Symbol.iterator]();
    const answer = async ({ key, state, kept }: LookedUp, i: number): Promise<SearchReply> => {
      if (kept !== undefined) return this.again(kept, caller, startedMs);
      const reply = answers.next().value as SearchReply | OmniError;
      if (reply instanceof Error) throw reply;
      // The batch is charged as one.
      const bytes = reply.hits.reduce((sum, { json }) => sum + json.length, 0);
      await this.keep(requests[i] as SearchRequest, { key, state, reply, bytes });
      return reply;
    };
    return Promise.all(looked.map((one, i) => answer(one, i).catch(toOmniError)));
  }

  /** `texts`: hits of which the meaning would have been looked up. */
  status(): { entries: number; hits: number; misses: number; texts: number } {
    return { entries: this.kept.size, hits: this.hits, misses: this.misses, texts: this.texts };
  }

  private async lookUp(request: SearchRequest): Promise<LookedUp> {
    // A tenant that is written to all the time pays for no key.
    const state = isKeepable(request) ? await this.stateOf(request) : undefined;
    const key = state && keyOf(request);
    if (key === undefined || state === undefined) return { key, state, kept: undefined };
    const kept = this.own(key, state) ?? (await this.others(key, state));
    if (kept !== undefined) this.hits += 1;
    else this.misses += 1;
    return { key, state, kept };
  }

  private own(key: string, { name }: Depended): KeptAnswer | undefined {
    const kept = this.kept.get(key);
    return kept?.state === name && this.now() - kept.keptAtMs < MAX_AGE_MS ? kept : undefined;
  }

  /** What another node has found while nothing has changed since. */
  private async others(key: string, { name }: Depended): Promise<KeptAnswer | undefined> {
    const found = await this.deps.shared?.get(key, name);
    return found && this.keepHere(key, found, sizeOf(found.reply));
  }

  private keepHere(key: string, answer: SharedAnswer, size: number): KeptAnswer {
    const kept = { ...answer, size, keptAtMs: this.now() };
    this.kept.set(key, kept);
    return kept;
  }

  /** Undefined where it is not known: then the search itself says what is wrong. */
  private stateOf(request: SearchRequest): Promise<Depended | undefined> {
    return this.deps.answers.current(request).catch(() => undefined);
  }

  private async keep(
    request: SearchRequest,
    {
      key,
      state,
      reply,
      bytes,
    }: Pick<KeptAnswer, 'reply' | 'bytes'> & {
      key: string | undefined;
      state: Depended | undefined;
    },
  ): Promise<void> {
    if (key === undefined || state === undefined) return;
    const size = sizeOf(reply);
    const isWhole = reply.missing.length === 0 && reply.text?.isApproximate !== true;
    if (size > MAX_ANSWER_BYTES || !isWhole) return;
    if (reply.through === undefined || reply.through < state.sequence) return;
    // Nothing was written from before it was searched for until all of it was read.
    if ((await this.stateOf(request))?.name !== state.name) return;
    const answer = { state: state.name, reply: { ...reply, hits: [...reply.hits] }, bytes };
    this.keepHere(key, answer, size);
    this.deps.shared?.set(key, answer);
  }

  private again({ reply, bytes }: KeptAnswer, { bytes: lease }: SearchCaller, startedMs: number) {
    lease.take(bytes);
    if (reply.embedding !== undefined) this.texts += 1;
    const tookMs = this.now() - startedMs;
    const embedding = reply.embedding && ('cached' as const);
    // Whoever writes a reply out takes its hits.
    const hits = [...reply.hits];
    return { ...reply, hits, tookMs, embedding, timingsMs: { embed: 0, search: tookMs, join: 0 } };
  }

  private now(): number {
    return this.deps.now?.() ?? performance.now();
  }
}

/** What a reply takes in memory, about. */
function sizeOf({ hits, shop, text, unknownFields }: SearchReply): number {
  const { facets, ...others } = shop;
  if (facets.reduce((sum, { values }) => sum + values.length, 0) > MAX_VALUES) return Infinity;
  let size = ANSWER_BYTES + 2 * JSON.stringify([others, text, unknownFields]).length;
  for (const { values } of facets) {
    for (const { value } of values) size += VALUE_BYTES + 2 * String(value).length;
  }
  return size + sizeOfHits(hits);
}

function sizeOfHits(hits: readonly Hit[]): number {
  let size = 0;
  for (const { json, extras } of hits) {
    const { group, highlight } = extras ?? {};
    size += HIT_BYTES + 2 * json.length;
    if (highlight !== undefined) size += 2 * JSON.stringify(highlight).length;
    if (group !== undefined) size += sizeOfHits(group.hits.slice(1));
  }
  return size;
}

function isKeepable({ query, exact, explain, shop, book }: SearchRequest): boolean {
  const isOwn = exact || explain || book !== undefined || typeof query === 'object';
  return !isOwn && shop?.cursor === undefined && shop?.wantsCursor !== true;
}

/** All that a request says of its answer; undefined where that is more than is kept. */
function keyOf(request: SearchRequest): string | undefined {
  const key = JSON.stringify({ ...request, timeoutMs: 0, queryId: undefined });
  return key.length > MAX_KEY_LENGTH ? undefined : key;
}
