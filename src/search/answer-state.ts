import { boundedCache } from '../core/bounded-cache.js';
import { digest } from '../core/ids.js';
import { Deadline } from '../core/deadline.js';
import type { ModelIdentity } from '../core/product.js';
import { categoriesOf } from '../filter/analyse.js';
import type { RuleBooks } from '../merchandising/rule-book.js';
import { decodeMark } from '../store/position.js';
import type { Store } from '../store/store.js';
import type { PriceLists } from '../tenancy/price-lists.js';
import type { TenantDirectory } from '../tenancy/tenant-directory.js';
import { seenFilter } from './narrowed-request.js';
import type { SearchRequest } from './search-types.js';

const MAX_KEPT = 20_000;
/** How old the feed's head may be. */
const MAX_AGE_MS = 250;
/** Shards have applied a write by then, if they do at all (see `isBehind`), and words are counted anew. */
const SETTLED_MS = 2_000;

interface Head {
  /** Of the feed; -1: it does not say. */
  sequence: number;
  /** When it was first seen, and last read. */
  sinceMs: number;
  readMs: number;
}

interface AnswerSources {
  store: Pick<Store, 'head'>;
  tenants: Pick<TenantDirectory, 'settings'>;
  /** Absent: there are none. */
  priceLists?: Pick<PriceLists, 'find'>;
  books: RuleBooks;
  model: ModelIdentity;
  /** Whether a shard is known not to have applied all writes. */
  isBehind: () => boolean;
}

/** What an answer depends on. */
export interface Depended {
  /** As long as it is the same, so is the answer. */
  name: string;
  /** Position of the feed that whoever answers has to have read up to. */
  sequence: number;
}

/**
 * What an answer depends on besides its request, as one name: as long as it is the same, so is the answer.
 */
export class AnswerState {
  private readonly heads = boundedCache<Head>({ max: MAX_KEPT });
  /** Of settings, which are kept by the directory as long as they are the same. */
  private readonly digests = new WeakMap<object, string>();

  constructor(
    private readonly sources: AnswerSources,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** A moment ago. Undefined while writes may be under way to shards. Rejects `unavailable`. */
  async of(search: SearchRequest): Promise<string | undefined> {
    const state = await this.stateAt(search, MAX_AGE_MS);
    return state && digest(state.name);
  }

  /** As it is now, not to be told to anybody; the same otherwise. */
  async current(search: SearchRequest): Promise<Depended | undefined> {
    return this.stateAt(search, 0);
  }

  private async stateAt(search: SearchRequest, maxAgeMs: number): Promise<Depended | undefined> {
    const { tenant, query, priceList, shop, timeoutMs } = search;
    const { tenants, priceLists, books, model, isBehind } = this.sources;
    const { sequence, sinceMs } = await this.head(tenant, maxAgeMs);
    if (this.now() - sinceMs < SETTLED_MS || isBehind()) return undefined;
    const settings = await tenants.settings(tenant);
    const book = await books.of(tenant, Deadline.after(timeoutMs));
    // Rules come and go by the clock, too.
    const { rules } = book.match({
      query: typeof query === 'string' ? query : undefined,
      categories: categoriesOf(seenFilter(search, search.filter)),
      tags: shop?.tags ?? [],
      at: new Date(),
    });
    // The same name may come to stand for another list.
    const list = priceList && (await priceLists?.find(tenant, priceList));
    // There is no answer by a list that is not there.
    if (priceList !== undefined && list === undefined) return undefined;
    const parts = [this.digestOf(settings), book.version, JSON.stringify(rules), String(list)];
    return { name: JSON.stringify([tenant, sequence, ...parts, model.fingerprint]), sequence };
  }

  private digestOf(settings: object): string {
    let known = this.digests.get(settings);
    if (known === undefined) this.digests.set(settings, (known = digest(JSON.stringify(settings))));
    return known;
  }

  private async head(tenant: string, maxAgeMs: number): Promise<Head> {
    const kept = this.heads.get(tenant);
    const readMs = this.now();
    if (kept !== undefined && readMs - kept.readMs < maxAgeMs) return kept;
    const sequence = decodeMark(await this.sources.store.head(tenant)) ?? -1;
    const sinceMs = kept?.sequence === sequence ? kept.sinceMs : readMs;
    const head = { sequence, sinceMs, readMs };
    this.heads.set(tenant, head);
    return head;
  }
}
