import type { FastifyReply, FastifyRequest } from 'fastify';
import { OmniError, toOmniError } from '../core/errors.js';
import { Slices } from '../core/slices.js';
import type { StageTimes } from '../core/stage-times.js';
import type { SearchMode } from '../metrics/search-metrics.js';
import type { Explainer } from '../search/explanation.js';
import type { SearchCaller, SearchReply, SearchRequest } from '../search/search-types.js';
import { showsByOwnPrice } from '../tenancy/narrowed-catalogue.js';
import { asOmniError } from './error-reply.js';
import { SMALL_BYTES } from './limits.js';
import type { HttpPorts, RouteOptions } from './ports.js';
import { belowPrefix } from './schema-error.js';
import type { SearchLimits } from './search-limits.js';
import { countedOf, type SearchCounter } from './search-counter.js';
import { modeOf, reasonsOf } from './search-outcome.js';
import type { SearchGate } from './search-gate.js';
import { sendChunks, toChunks } from './send-reply.js';
import { SlowSearches } from './slow-searches.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** What it searches by, one each; undefined: it was not read so far. */
    searches: readonly SearchMode[] | undefined;
  }
}

type Pieces = Iterable<string | Buffer>;

/** A reply that is written out, and its room among replies. */
export interface Written {
  text: string | readonly Buffer[];
  caller: SearchCaller;
}

/** What a desk holds searches to, and tells of them. */
export interface DeskTools {
  counter: SearchCounter;
  stages: StageTimes;
  gate: SearchGate;
  limits: SearchLimits;
}

/**
 * Where routes have their searches done, whatever form request and reply have: each takes its place, its
 * time, its room in memory, and is counted. A route charges what it is asked for once, before it reads anything for it.
 */
export class SearchDesk {
  /** Undefined: they are not logged. */
  private readonly slow: SlowSearches | undefined;

  constructor(
    private readonly ports: Pick<HttpPorts, 'search' | 'insight' | 'meter' | 'found'>,
    private readonly options: Pick<RouteOptions, 'replies' | 'slowSearches'>,
    private readonly tools: DeskTools,
  ) {
    const { slowSearches } = options;
    this.slow = slowSearches && new SlowSearches(slowSearches);
  }

  /** For the routes: counts the searches of a request that is answered with an error. */
  get onError(): SearchCounter['onError'] {
    return this.tools.counter.onError;
  }

  /** Counts searches against the limits of who asks for them. Rejects `rate_limited`. */
  async charge(request: FastifyRequest, searches: readonly SearchRequest[]): Promise<void> {
    request.searches = searches.map(modeOf);
    if (searches.length > 0) await this.tools.limits.take(request, byTenant(searches));
  }

  /** The same for a request whose answer needs a search, and is none. */
  async chargeLook(request: FastifyRequest): Promise<void> {
    await this.tools.limits.take(request, byTenant([request]));
  }

  /** The reply is written out by `write` while the place is held, and read when it is not any more. */
  async one(
    request: FastifyRequest,
    search: SearchRequest,
    write: (found: SearchReply) => Pieces,
  ): Promise<Written> {
    const startedMs = performance.now();
    const { gate, counter } = this.tools;
    const caller = this.callerOf(request);
    const { tenant, timeoutMs } = search;
    const asked = narrowedBy(request, search);
    const run = gate.run({ tenant, timeoutMs, ...caller }, 1, async (leftMs) => {
      caller.span?.past('wait', startedMs);
      const found = await this.ports.search.search(within(asked, leftMs), caller);
      this.log(search, found);
      const missing = reasonsOf(found);
      const text = await this.writtenOut(caller, () => {
        const pieces = write(found);
        return isLong(caller) ? toChunks(pieces) : [...pieces].join('');
      });
      return { text, missing };
    });
    const { text, missing } = await run.catch((error: unknown) => {
      if (!caller.signal.aborted) counter.outage([tenant], error);
      this.noteSlow(request, [asked], { caller, startedMs, error });
      throw error;
    });
    counter.answered(search, performance.now() - startedMs, missing);
    this.noteSlow(request, [asked], { caller, startedMs });
    return { text, caller };
  }

  /**
   * Several searches of one request at once, those that could not be read among them as errors. `place`: how
   * the caller wrote the i-th.
   */
  async batch(
    request: FastifyRequest,
    sent: readonly (SearchRequest | OmniError)[],
    place: (index: number) => string,
    write: (results: readonly (SearchReply | OmniError)[]) => Pieces,
  ): Promise<Written> {
    const startedMs = performance.now();
    const { gate, counter } = this.tools;
    const entries = sent.map((entry, i) => narrowedEntry(request, entry, place(i)));
    const searches = entries.flatMap((entry) => (entry instanceof OmniError ? [] : [entry]));
    const caller = this.callerOf(request);
    const longest = Math.max(1, ...searches.map(({ timeoutMs }) => timeoutMs));
    const waiting = { tenant: request.tenant, signal: caller.signal, timeoutMs: longest };
    const run = gate.run(waiting, Math.max(1, searches.length), async (leftMs) => {
      const waitedMs = performance.now() - startedMs;
      caller.span?.past('wait', startedMs);
      const due = searches.map((search) => within(search, search.timeoutMs - longest + leftMs));
      const found = due.length === 0 ? [] : await this.ports.search.searchBatch(due, caller);
      const answers = found[Symbol.iterator]();
      const results: (SearchReply | OmniError)[] = [];
      const slices = new Slices();
      for (const [i, entry] of entries.entries()) {
        const answer = entry instanceof OmniError ? entry : nextAnswer(answers);
        const isOwn = answer instanceof OmniError && answer !== entry;
        results.push(isOwn ? belowPrefix(answer, place(i)) : answer);
        if (!(answer instanceof OmniError)) this.log(entry as SearchRequest, answer);
        // Of many hits each may be noted.
        if (slices.isOver) await slices.next();
      }
      const counted = results.map(countedOf);
      const text = await this.writtenOut(caller, () => toChunks(write(results)));
      counter.each(request, entries, counted, { waitedMs, startedMs });
      return text;
    });
    const text = await run.catch((error: unknown) => {
      const tenants = searches.map(({ tenant }) => tenant);
      if (!caller.signal.aborted) counter.outage(tenants, error);
      this.noteSlow(request, searches, { caller, startedMs, error });
      throw error;
    });
    this.noteSlow(request, searches, { caller, startedMs });
    return { text, caller };
  }

  /** A search whose reply goes into another answer, which was charged; it is nothing that a shopper asked for, but may find. */
  async look(request: FastifyRequest, search: SearchRequest): Promise<SearchReply> {
    const caller = this.callerOf(request);
    const { tenant, timeoutMs } = search;
    const asked = narrowedBy(request, search);
    const found = await this.tools.gate.run({ tenant, timeoutMs, ...caller }, 1, (leftMs) =>
      this.ports.search.search(within(asked, leftMs), caller),
    );
    this.ports.found?.returned(tenant, found.hits);
    return found;
  }

  /** A reply's text, with its room among replies, which is taken before it is counted. Throws `overloaded`. */
  private async writtenOut(
    caller: SearchCaller,
    write: () => Written['text'] | Promise<Written['text']>,
  ): Promise<Written['text']> {
    const startedMs = performance.now();
    const text = await write();
    this.tools.stages.took('serialize', performance.now() - startedMs);
    caller.span?.past('serialize', startedMs);
    holdRoom(text, caller);
    return text;
  }

  /**
   * Notes what was found, and counts what was asked for; a further page, and a search for counts alone, ask for nothing
   * new.
   */
  private log(search: SearchRequest, found: SearchReply): void {
    const { tenant, query, queryId, text, topK, shop } = search;
    this.ports.found?.returned(tenant, found.hits);
    if (found.embedding === 'computed') this.ports.meter.count(tenant, 'embeds', 1);
    if (typeof query !== 'string' || queryId === undefined || topK === 0) return;
    if (shop !== undefined && (shop.from > 0 || shop.cursor !== undefined)) return;
    const {
      shop: { total },
      missing,
    } = found;
    // Nothing of an answer with gaps is no sign that there is nothing.
    if (total === 0 && missing.length > 0) return;
    this.ports.insight.log.answered(tenant, {
      text: query,
      total,
      isTyping: text?.prefix === true,
    });
  }

  private callerOf(request: FastifyRequest): SearchCaller {
    const bytes = this.options.replies.lease(request.tenant);
    request.exchange.onEnd(() => bytes.release());
    const { caller: signal, span } = request.exchange;
    const notes: Explainer[] | undefined = this.slow && [];
    return { signal, bytes, span, notes };
  }

  private noteSlow(
    request: FastifyRequest,
    searches: readonly SearchRequest[],
    { caller, startedMs, error }: { caller: SearchCaller; startedMs: number; error?: unknown },
  ): void {
    if (this.slow === undefined) return;
    const failure = error === undefined ? undefined : asOmniError(error).code;
    const elapsedMs = performance.now() - startedMs;
    this.slow.answered(request, searches, { notes: caller.notes ?? [], elapsedMs, failure });
  }
}

/** The search as the key of its request leaves it: no route can forget to. */
export function narrowedBy(
  { narrowing }: Pick<FastifyRequest, 'narrowing'>,
  search: SearchRequest,
): SearchRequest {
  if (narrowing === undefined) return search;
  const { priceList } = narrowing;
  // What a key shows by its price is not to be chosen by another price.
  if (search.priceList !== undefined && showsByOwnPrice(narrowing)) {
    const details = { field: 'price_list' };
    throw new OmniError('forbidden', 'the key shows products by their own prices', details);
  }
  return { ...search, narrowing, ...(priceList === undefined ? {} : { priceList }) };
}

/** One of a batch, which fails by itself. */
function narrowedEntry(
  request: FastifyRequest,
  entry: SearchRequest | OmniError,
  place: string,
): SearchRequest | OmniError {
  if (entry instanceof OmniError) return entry;
  try {
    return narrowedBy(request, entry);
  } catch (error) {
    return belowPrefix(toOmniError(error), place);
  }
}

/** Sends what a desk wrote. */
export function sendWritten(
  request: FastifyRequest,
  reply: FastifyReply,
  { text, caller }: Written,
): FastifyReply {
  if (!isSmallText(text)) {
    const chunks = typeof text === 'string' ? [Buffer.from(text)] : text;
    return sendChunks(request, reply, chunks, caller.bytes);
  }
  request.exchange.progress();
  return reply.header('content-type', 'application/json; charset=utf-8').send(text);
}

/** Before it is counted as answered: throws `overloaded` where there is no room for it until it has left. */
function holdRoom(text: Written['text'], { bytes }: SearchCaller): void {
  if (isSmallText(text)) return;
  const isText = typeof text === 'string';
  bytes.settle(
    isText ? Buffer.byteLength(text) : text.reduce((sum, { length }) => sum + length, 0),
  );
}

function isSmallText(text: Written['text']): text is string {
  return typeof text === 'string' && text.length <= SMALL_BYTES;
}

function byTenant(searches: readonly Pick<SearchRequest, 'tenant'>[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { tenant } of searches) counts.set(tenant, (counts.get(tenant) ?? 0) + 1);
  return counts;
}

/** What waited for its place has less time left than it was given. */
function within(search: SearchRequest, timeoutMs: number): SearchRequest {
  return timeoutMs === search.timeoutMs ? search : { ...search, timeoutMs: Math.max(1, timeoutMs) };
}

function isLong({ bytes }: SearchCaller): boolean {
  return bytes.held > SMALL_BYTES;
}

function nextAnswer(answers: Iterator<SearchReply | OmniError>): SearchReply | OmniError {
  const next = answers.next();
  if (next.done !== true) return next.value;
  return new OmniError('internal', 'a search of the batch got no answer');
}
