import { Budget } from '../core/budget.js';
import type { Deadline } from '../core/deadline.js';
import { searchTurns } from '../core/fair-turns.js';
import { OmniError, toOmniError } from '../core/errors.js';
import { entryOf, NO_PRICES, pricedProduct, type PriceEntry } from '../core/price-entries.js';
import type { JsonObject, JsonValue, Product } from '../core/product.js';
import { residualFilter } from '../filter/analyse.js';
import { DocumentFilter } from '../filter/evaluate.js';
import { isMatchAll } from '../filter/filter.js';
import type { StoredDocument, StoreReader } from '../store/store.js';
import { isExcluded, shownFields } from '../tenancy/narrowed-catalogue.js';
import type { DescribeHit } from './describe-hit.js';
import { readInTime } from './failures.js';
import type { FoundHit } from './merge-hits.js';
import { Hit, type HitExtras, type SearchCaller, type SearchRequest } from './search-types.js';

/** A reply is one string in memory: hundreds of megabytes of documents would end the process. */
const MAX_REPLY_BYTES = 64 * 1024 * 1024;
const MAX_REPLY = '64 MiB';
/** Documents are read so many bytes at once, about: they are held, and not charged for yet. */
const READ_BYTES = 256 * 1024;
const FIRST_DOCUMENTS = 8;
/** From so many bytes on, room for a list is taken before it is read. */
const LARGE_BYTES = 4 * 1024 * 1024;
/** What a hit takes beside its product, about. */
const HIT_BYTES = 64;
/** To parse, test and copy so many bytes of a document is a unit of work. */
const BYTES_A_UNIT = 16;
/** To find its words again, for an explanation or for marks, is so many times dearer. */
const DESCRIBED_FACTOR = 32;

/** Where documents come from. */
export type DocumentSource = Pick<StoreReader, 'documentsAtOnce' | 'documents' | 'rows' | 'prices'>;

export type JoinRequest = Pick<
  SearchRequest,
  'tenant' | 'topK' | 'filter' | 'fields' | 'narrowing'
>;

/** A hit as far as its product is concerned: nothing here depends on what ordered it. */
export type JoinHit = Omit<FoundHit, 'keys'>;

export interface Joined {
  hits: Hit[];
  /** Why these are not all: the time ran out on the way, or the store failed. */
  missing: 'timeout' | 'unavailable' | undefined;
}

/**
 * Turns partial hits into hits with the store's documents, which have the last word: what the store
 * no longer holds, or what no longer matches the filter, is dropped (invariant 2). One for a whole
 * search: a wider round reads, and charges, only what the ones before have not.
 */
export class Join {
  /** Undefined where every document matches. */
  private readonly filter: DocumentFilter | undefined;
  /** It names categories, and nothing else. */
  private readonly isOfCategories: boolean;
  private readonly budget: Budget;
  /** What became of the partial hits so far; undefined: dropped. */
  private readonly known = new Map<string, Found | undefined>();
  private bytesRead = 0;
  private hasReserved = false;
  private reservedBytes = 0;

  constructor(
    private readonly store: DocumentSource,
    private readonly request: JoinRequest,
    private readonly caller: SearchCaller,
    private readonly deadline: Deadline,
    private readonly describe?: DescribeHit,
    /** Number of the price list that counts. */
    private readonly list?: number,
  ) {
    const { filter } = request;
    this.filter = isMatchAll(filter) ? undefined : new DocumentFilter(filter);
    this.isOfCategories = residualFilter(filter) === undefined;
    const { signal } = caller;
    // However many join at once, others come to their turn after each slice of one of them.
    this.budget = new Budget(deadline, {
      signal,
      yieldTurn: () => searchTurns.next(request.tenant),
    });
  }

  /**
   * The first `topK` of `partial`, in their order, that hold. Rejects `too_large` or `overloaded` when
   * their documents are more than this reply, or all together, may hold; and with the store's error,
   * or `deadline_exceeded`, where nothing was joined before.
   */
  async hits(partial: readonly JoinHit[]): Promise<Joined> {
    const { topK } = this.request;
    const hits: Hit[] = [];
    if (partial.length > this.store.documentsAtOnce) {
      const due = searchTurns.due(this.request.tenant);
      if (due !== undefined) await due;
    }
    // The first k are nearly always enough; what they lack is taken from the over-fetch.
    for (let at = 0; at < partial.length && hits.length < topK;) {
      const wanted = Math.min(this.readable(), topK - hits.length);
      const batch = partial.slice(at, at + wanted);
      at += batch.length;
      let missing: Joined['missing'];
      try {
        missing = (await this.read(batch)) ? undefined : 'timeout';
      } catch (error) {
        if (isRefusal(error) || hits.length === 0) throw error;
        missing = toOmniError(error).code === 'deadline_exceeded' ? 'timeout' : 'unavailable';
      }
      for (const { id, score, scores, isWidened } of batch) {
        const found = this.known.get(id);
        if (found === undefined) continue;
        const extras = isWidened === true ? { ...found.extras, isWidened } : found.extras;
        hits.push(new Hit(id, score, found.json, scores, extras));
      }
      if (missing === undefined) {
        this.reserve(topK - hits.length);
        continue;
      }
      if (hits.length === 0)
        throw new OmniError('deadline_exceeded', 'the deadline passed during the join');
      return { hits, missing };
    }
    this.caller.bytes.give(this.reservedBytes);
    this.reservedBytes = 0;
    return { hits, missing: undefined };
  }

  /** How many documents to read at once: by the size of those before, at most so many bytes. */
  private readable(): number {
    const { documentsAtOnce } = this.store;
    // Of a long list a few tell how large the others may be.
    const isLong = this.request.topK > documentsAtOnce;
    if (this.bytesRead === 0) return isLong ? FIRST_DOCUMENTS : documentsAtOnce;
    const fitting = Math.floor((READ_BYTES * this.known.size) / this.bytesRead);
    return Math.max(1, Math.min(documentsAtOnce, fitting));
  }

  /** Reads what of `batch` is not known yet. False when the time is over before the end. */
  private async read(batch: readonly JoinHit[]): Promise<boolean> {
    const fresh = batch.filter(({ id }) => !this.known.has(id));
    if (fresh.length === 0) return true;
    const documents = await readInTime(this.documents(fresh), this.deadline, 'the documents');
    for (let i = 0; i < fresh.length; i++) {
      const document = documents[i];
      const partial = fresh[i] as JoinHit;
      this.known.set(partial.id, document && this.join(partial, document));
      const bytes = document?.json.byteLength ?? 0;
      this.bytesRead += bytes;
      const factor = this.describe === undefined ? 1 : DESCRIBED_FACTOR;
      const units = factor * (1 + bytes / BYTES_A_UNIT);
      if (this.budget.spend(units) && !(await this.budget.pause())) return false;
    }
    return true;
  }

  private async documents(batch: readonly JoinHit[]): Promise<(JoinedDocument | undefined)[]> {
    const { list, store } = this;
    if (list === undefined) return this.ownDocuments(batch);
    const ids = batch.map(({ id }) => id);
    const [documents, prices] = await Promise.all([
      this.ownDocuments(batch),
      store.prices(this.request.tenant, ids),
    ]);
    return documents.map((document, i) => {
      const entry = entryOf(prices[i]?.prices ?? NO_PRICES, list);
      return document === undefined || entry === undefined ? document : priced(document, entry);
    });
  }

  private ownDocuments(batch: readonly JoinHit[]): Promise<(JoinedDocument | undefined)[]> {
    const { tenant, fields } = this.request;
    const ids = batch.map(({ id }) => id);
    if (fields?.includes('vector') === true) return this.store.rows(tenant, ids);
    const versions = batch.map(({ version }) => version);
    return this.store.documents(tenant, ids, versions);
  }

  private join(hit: JoinHit, document: JoinedDocument): Found | undefined {
    if (!this.holds(hit, document)) return undefined;
    const { fields, narrowing } = this.request;
    if ((narrowing?.exclude.length ?? 0) > 0) return this.joinPart(hit, document);
    const { json, vectors } = document;
    const whole = fields === undefined;
    const shown = whole ? json : JSON.stringify(project(document.product, vectors, fields));
    return this.found(shown, this.describe?.(hit, document.product));
  }

  /** Whether the document matches still. Of categories alone its shard knew all, unless it has changed since. */
  private holds({ version }: JoinHit, document: JoinedDocument): boolean {
    if (this.filter === undefined) return true;
    if (this.isOfCategories && document.version === version) return true;
    return this.filter.matches(document.product);
  }

  /** A hit without excluded fields. */
  private joinPart(hit: JoinHit, { product, vectors }: JoinedDocument): Found {
    const { fields, narrowing } = this.request;
    const shown = shownFields(narrowing, product);
    const shownVectors = isExcluded(narrowing, 'vector') ? undefined : vectors;
    const json = fields === undefined ? shown : project(shown, shownVectors, fields);
    const extras = this.describe?.(hit, { ...NAMELESS, ...shown } as Product);
    return this.found(JSON.stringify(json), extras);
  }

  private found(json: Found['json'], extras: Found['extras']): Found {
    this.charge(json.length + HIT_BYTES + bytesOf(extras));
    return { json, extras };
  }

  /**
   * Takes what a long list of large documents will come to as soon as their size is known: where many
   * ask for such lists at once, some are served, and the others have not read theirs in vain.
   */
  private reserve(left: number): void {
    if (this.hasReserved || this.bytesRead === 0) return;
    this.hasReserved = true;
    const expected = (left * this.bytesRead) / this.known.size;
    const lease = this.caller.bytes;
    const room = MAX_REPLY_BYTES - lease.held;
    if (this.request.fields !== undefined || expected < LARGE_BYTES || expected > room) return;
    lease.take(expected);
    this.reservedBytes = expected;
  }

  private charge(bytes: number): void {
    const lease = this.caller.bytes;
    const given = Math.min(bytes, this.reservedBytes);
    this.reservedBytes -= given;
    lease.give(given);
    if (lease.held + bytes > MAX_REPLY_BYTES) {
      const message = `the reply would be over ${MAX_REPLY}: ask for fewer hits, or name the fields you need`;
      throw new OmniError('too_large', message, { field: 'top_k' });
    }
    lease.take(bytes);
  }
}

/** Every product has these, unless they are excluded. */
const NAMELESS = { title: '', category: '' };

/** What became of a hit whose document holds. */
interface Found {
  json: Hit['json'];
  extras: HitExtras | undefined;
}

function bytesOf(extras: HitExtras | undefined): number {
  return extras === undefined ? 0 : JSON.stringify(extras).length;
}

type JoinedDocument = Pick<StoredDocument, 'version' | 'json' | 'product'> & {
  vectors?: { text: Float32Array };
};

/** A document with what a list says in place of its own price and stock. */
function priced({ version, product, vectors }: JoinedDocument, entry: PriceEntry): JoinedDocument {
  const shown = pricedProduct(product, entry);
  const json = Buffer.from(JSON.stringify(shown));
  return { version, product: shown, json, ...(vectors === undefined ? {} : { vectors }) };
}

/** The reply may not hold more, whatever was joined. */
function isRefusal(error: unknown): boolean {
  const { code } = toOmniError(error);
  return code === 'too_large' || code === 'overloaded' || code === 'internal';
}

function project(
  product: JsonObject,
  vectors: JoinedDocument['vectors'],
  fields: readonly string[],
): JsonObject {
  const picked: [string, JsonValue][] = [];
  for (const field of fields) {
    if (field === 'vector' && vectors !== undefined) picked.push([field, Array.from(vectors.text)]);
    else if (Object.hasOwn(product, field)) picked.push([field, product[field] as JsonValue]);
  }
  return Object.fromEntries(picked);
}
