import { Deadline } from '../core/deadline.js';
import { invalidField, OmniError, toOmniError } from '../core/errors.js';
import { TopK } from '../core/top-k.js';
import { score } from '../core/vector.js';
import type { Product } from '../core/product.js';
import type { Encoder } from '../embedding/encoder.js';
import { DocumentFilter } from '../filter/evaluate.js';
import { StoredTextRow } from '../store/stored-text.js';
import type { Store } from '../store/store.js';
import { Join } from './join-hits.js';
import { seenFilter } from './narrowed-request.js';
import type { ColdReply, Hit, SearchCaller, SearchReply, SearchRequest } from './search-types.js';

/** An archived product, as its chunk has it. */
interface ColdProduct {
  product: Product;
  vector: Float32Array;
  model: string;
}

interface ColdSearchDeps {
  store: Store;
  encoder: Encoder | undefined;
  /** Fingerprint of the model that serves: no others are compared. */
  model: string;
  /** Undefined: this node knows none. */
  archive:
    | {
        chunks(tenant: string): Promise<string[]>;
        read(tenant: string, chunk: string): Promise<ColdProduct[]>;
      }
    | undefined;
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

interface Found extends ColdProduct {
  id: string;
  score: number;
  version: number;
}

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
    const [reply, cold] = await Promise.all([
      this.inner.search(withoutCold(request), caller),
      this.cold(request, caller),
    ]);
    return { ...reply, cold };
  }

  async searchBatch(
    requests: readonly SearchRequest[],
    caller: SearchCaller,
  ): Promise<(SearchReply | OmniError)[]> {
    const replies: (SearchReply | OmniError)[] = [];
    const found = await this.inner.searchBatch(requests.map(withoutCold), caller);
    for (const [i, reply] of found.entries()) {
      const request = requests[i] as SearchRequest;
      const isCold = request.includeCold === true && !(reply instanceof OmniError);
      replies.push(isCold ? await this.withCold(reply, request, caller) : reply);
    }
    return replies;
  }

  private async withCold(
    reply: SearchReply,
    request: SearchRequest,
    caller: SearchCaller,
  ): Promise<SearchReply | OmniError> {
    try {
      this.check(request);
      return { ...reply, cold: await this.cold(request, caller) };
    } catch (error) {
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

  private async cold(request: SearchRequest, caller: SearchCaller): Promise<ColdReply> {
    const { archive } = this.deps;
    const { tenant, topK } = request;
    const deadline = Deadline.after(request.timeoutMs);
    const until = Deadline.after(request.timeoutMs * SCAN_SHARE);
    const reply: ColdReply = { hits: [], compared: 0, missing: undefined };
    if (archive === undefined) return reply;
    const best = new TopK<Found>(topK);
    try {
      const vector = await this.vectorOf(request, deadline, caller);
      const filter = new DocumentFilter(seenFilter(request, request.filter));
      for (const chunk of await until.race(archive.chunks(tenant), 'the archive')) {
        caller.signal.throwIfAborted();
        const rows = await until.race(archive.read(tenant, chunk), 'the archive');
        for (const found of await this.current(tenant, chunk, rows)) {
          reply.compared += 1;
          if (!filter.matches(found.product)) continue;
          best.offer({ ...found, score: vector === undefined ? 0 : score(vector, found.vector) });
        }
      }
    } catch (error) {
      if (caller.signal.aborted) throw error;
      const isLate = error instanceof OmniError && error.code === 'deadline_exceeded';
      reply.missing = isLate ? 'timeout' : 'unavailable';
    }
    reply.hits = await this.join(request, caller, deadline, best.sorted());
    return reply;
  }

  /** Those that are in the archive by this chunk still, with vectors that can be compared. */
  private async current(
    tenant: string,
    chunk: string,
    rows: readonly ColdProduct[],
  ): Promise<Found[]> {
    const heads = await this.deps.store.heads(
      tenant,
      rows.map(({ product }) => product.id),
    );
    return rows.flatMap((row, i) => {
      const head = heads[i];
      if (head?.archive !== chunk || row.model !== this.deps.model) return [];
      return [{ ...row, id: row.product.id, score: 0, version: head.version }];
    });
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
    found: readonly Found[],
  ): Promise<Hit[]> {
    if (found.length === 0) return [];
    const byId = new Map(found.map((row) => [row.id, row]));
    const rowsOf = (_tenant: string, ids: readonly string[]) =>
      Promise.resolve(
        ids.map((id) => {
          const { version, product, model, vector } = byId.get(id) as Found;
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
