import { LRUCache } from 'lru-cache';
import { digest } from '../core/ids.js';
import { Deadline } from '../core/deadline.js';
import type { ModelIdentity } from '../core/product.js';
import { categoriesOf } from '../filter/analyse.js';
import type { RuleBooks } from '../merchandising/rule-book.js';
import type { Store } from '../store/store.js';
import type { PriceLists } from '../tenancy/price-lists.js';
import type { TenantDirectory } from '../tenancy/tenant-directory.js';
import type { SearchRequest } from './search-types.js';

const MAX_KEPT = 20_000;
/** How old the feed's head may be. */
const MAX_AGE_MS = 250;
/** Shards have applied a write by then, if they do at all: see `isBehind`. */
const SETTLED_MS = 2_000;

interface Head {
  mark: string;
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

/**
 * What an answer depends on besides its request, as one name: as long as it is the same, so is the answer.
 */
export class AnswerState {
  private readonly heads = new LRUCache<string, Head>({ max: MAX_KEPT });

  constructor(
    private readonly sources: AnswerSources,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Undefined while writes may be under way to shards. Rejects `unavailable`. */
  async of({
    tenant,
    query,
    filter,
    priceList,
    shop,
    timeoutMs,
  }: SearchRequest): Promise<string | undefined> {
    const { tenants, priceLists, books, model, isBehind } = this.sources;
    const { mark, sinceMs } = await this.head(tenant);
    if (this.now() - sinceMs < SETTLED_MS || isBehind()) return undefined;
    const settings = await tenants.settings(tenant);
    const book = await books.of(tenant, Deadline.after(timeoutMs));
    // Rules come and go by the clock, too.
    const { rules } = book.match({
      query: typeof query === 'string' ? query : undefined,
      categories: categoriesOf(filter),
      tags: shop?.tags ?? [],
      at: new Date(),
    });
    // The same name may come to stand for another list.
    const list = priceList && (await priceLists?.find(tenant, priceList));
    const parts = [JSON.stringify(settings), book.version, JSON.stringify(rules), String(list)];
    return digest(tenant, mark, ...parts, model.fingerprint);
  }

  private async head(tenant: string): Promise<Head> {
    const kept = this.heads.get(tenant);
    const readMs = this.now();
    if (kept !== undefined && readMs - kept.readMs < MAX_AGE_MS) return kept;
    const mark = Buffer.from(await this.sources.store.head(tenant)).toString('hex');
    const sinceMs = kept?.mark === mark ? kept.sinceMs : readMs;
    const head = { mark, sinceMs, readMs };
    this.heads.set(tenant, head);
    return head;
  }
}
