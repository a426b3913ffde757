import { abortSignalOf } from '../core/cancellation.js';
import { Deadline } from '../core/deadline.js';
import { invalidField, OmniError, toOmniError } from '../core/errors.js';
import type { Encoder } from '../embedding/encoder.js';
import { DocumentFilter } from '../filter/evaluate.js';
import { StoredTextRow } from '../store/stored-text.js';
import type { Store } from '../store/store.js';
import { ColdQuestion, scanChunks, type ColdChunks, type FoundCold } from './cold-scan.js';
import { Join } from './join-hits.js';
import { seenFilter } from './narrowed-request.js';
import type { ColdReply, Hit, SearchCaller, SearchReply, SearchRequest } from './search-types.js';

interface ColdSearchDeps {
  store: Store;
  encoder: Encoder | undefined;
  /** Fingerprint of the model that serves: no others are compared. */
  model: string;
  /** Undefined: this node knows none. */
  archive: ColdChunks | undefined;
}

interface Searches {
  search(request: SearchRequest, caller: SearchCaller): Promise<SearchReply>;
  searchBatch(
    requests: readonly SearchRequest[],
    caller: SearchCaller,
  ): Promise<(SearchReply | OmniError)[]>;
}

/** Share of a request's time in which chunks are begun: the rest is for what is under way, and the reply. */
const SCAN_SHARE = 0.7;

/** A request that asks for what is cold, from when it came. */
interface Asked {
  request: SearchRequest;
  deadline: Deadline;
  until: Deadline;
}

/** What a request is told of what is cold; why it is told nothing. */
type Told = ColdReply | OmniError;

/**
 * Searches as `inner` does, and where a request says so also what lies in the archive: each product of it is read and
 * compared, by its meaning alone, as long as there is time. A list of its own, since words are counted of what is
 * indexed. Nothing of it is kept: the next reads all of it again.
 */
export class ColdSearch implements Searches {
  constructor(
    private readonly inner: Searches,
    private readonly deps: ColdSearchDeps,
  ) {}

  async search(request: SearchRequest, caller: SearchCaller): Promise<SearchReply> {
    if (request.includeCold !== true) return this.inner.search(request, caller);
    this.check(request);
    const searched = (of: SearchCaller) => this.inner.search(withoutCold(request), of);
    const [reply, [cold]] = await this.beside(searched, [request], caller);
    if (cold instanceof OmniError) throw cold;
    return { ...reply, cold: cold as ColdReply };
  }

  async searchBatch(
    requests: readonly SearchRequest[],
    caller: SearchCaller,
  ): Promise<(SearchReply | OmniError)[]> {
    const searched = (of: SearchCaller) => this.inner.searchBatch(requests.map(withoutCold), of);
    if (!requests.some(({ includeCold }) => includeCold)) return searched(caller);
    const [found, told] = await this.beside(searched, requests, caller);
    return found.map((reply, i) => {
      const cold = told[i];
      if (reply instanceof OmniError || cold === undefined) return reply;
      return cold instanceof OmniError ? cold : { ...reply, cold };
    });
  }

  /** Reads the archive while `search` runs; where that rejects, nothing of it is read any more. */
  private async beside<T>(
    search: (caller: SearchCaller) => Promise<T>,
    requests: readonly SearchRequest[],
    caller: SearchCaller,
  ): Promise<[T, (Told | undefined)[]]> {
    const needless = new AbortController();
    const signal = AbortSignal.any([abortSignalOf(caller.signal), needless.signal]);
    const scanning = this.scan(requests, { ...caller, signal });
    scanning.catch(() => undefined);
    try {
      return [await search(caller), await scanning];
    } finally {
      needless.abort();
    }
  }

  /** One pass over each tenant's chunks for all requests, each in its own time from now on; undefined: it did not ask. */
  private async scan(
    requests: readonly SearchRequest[],
    caller: SearchCaller,
  ): Promise<(Told | undefined)[]> {
    const asked = requests.map((request): Asked => ({
      request,
      deadline: Deadline.after(request.timeoutMs),
      until: Deadline.after(request.timeoutMs * SCAN_SHARE),
    }));
    const questions = await Promise.all(asked.map((one) => this.questionOf(one, caller)));
    const { archive, store, model } = this.deps;
    const open = questions.filter((one) => one instanceof ColdQuestion);
    for (const tenant of new Set(open.map((one) => one.tenant))) {
      if (archive === undefined) break;
      const ofTenant = open.filter((one) => one.tenant === tenant);
      await scanChunks({ archive, store, model }, tenant, ofTenant, caller.signal);
    }
    const told: (Told | undefined)[] = [];
    for (const [i, question] of questions.entries()) {
      if (!(question instanceof ColdQuestion)) told.push(question);
      else told.push(await this.told(asked[i] as Asked, question, caller));
    }
    return told;
  }

  /** Undefined: it did not ask. Rejects where the caller has gone. */
  private async questionOf(
    { request, deadline, until }: Asked,
    caller: SearchCaller,
  ): Promise<ColdQuestion | Told | undefined> {
    if (request.includeCold !== true) return undefined;
    try {
      this.check(request);
      const filter = new DocumentFilter(seenFilter(request, request.filter));
      const vector = await this.vectorOf(request, deadline, caller);
      return new ColdQuestion(request, filter, vector, until);
    } catch (error) {
      caller.signal.throwIfAborted();
      const { code } = toOmniError(error);
      if (code === 'invalid_field' || code === 'forbidden') return toOmniError(error);
      const missing = code === 'deadline_exceeded' ? 'timeout' : 'unavailable';
      return { hits: [], compared: 0, missing };
    }
  }

  private async told(
    { request, deadline }: Asked,
    { best, compared, missing }: ColdQuestion,
    caller: SearchCaller,
  ): Promise<Told> {
    try {
      return { hits: await this.join(request, caller, deadline, best.sorted()), compared, missing };
    } catch (error) {
      caller.signal.throwIfAborted();
      return toOmniError(error);
    }
  }

  /** Throws `invalid_field` for what cannot be told of cold products, `forbidden` where the key allows no exact search. */
  private check({ query, priceList, narrowing }: SearchRequest): void {
    if (narrowing?.exact === false) {
      const details = { field: 'include_cold' };
      throw new OmniError('forbidden', 'include_cold must not be true, with this key', details);
    }
    if (priceList !== undefined) {
      throw invalidField(
        'include_cold',
        'must not be true with a price list: what is cold has none',
      );
    }
    if (typeof query !== 'string' || this.deps.encoder !== undefined) return;
    const expected = 'must not be true for a text: this node has no encoder (--model none)';
    throw invalidField('include_cold', expected);
  }

  private async vectorOf(
    { query, tenant }: SearchRequest,
    deadline: Deadline,
    { signal }: SearchCaller,
  ): Promise<Float32Array | undefined> {
    if (typeof query !== 'string') return query;
    const embedded = await this.deps.encoder?.embedQuery(query, deadline, { tenant, signal });
    return embedded?.vector;
  }

  /** As hits of the index are joined: cut to the fields asked for, and to what the caller's key shows. */
  private async join(
    request: SearchRequest,
    caller: SearchCaller,
    deadline: Deadline,
    found: readonly FoundCold[],
  ): Promise<Hit[]> {
    if (found.length === 0) return [];
    const byId = new Map(found.map((row) => [row.id, row]));
    const rowsOf = (_tenant: string, ids: readonly string[]) =>
      Promise.resolve(
        ids.map((id) => {
          const { version, product, model, vector } = byId.get(id) as FoundCold;
          return new StoredTextRow(version, JSON.stringify(product), model, { text: vector });
        }),
      );
    const { store } = this.deps;
    const { documentsAtOnce } = store;
    const prices = (...asked: Parameters<Store['prices']>) => store.prices(...asked);
    const archived = { documentsAtOnce, prices, documents: rowsOf, rows: rowsOf };
    const filter = seenFilter(request, request.filter);
    const joined = await new Join(archived, { ...request, filter }, caller, deadline).hits(found);
    return joined.hits;
  }
}

function withoutCold(request: SearchRequest): SearchRequest {
  const plain = { ...request };
  delete plain.includeCold;
  return plain;
}
