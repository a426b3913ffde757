import { boundedCache } from '../core/bounded-cache.js';
import { foldCase } from '../text/fold.js';
import type { CategoryCount } from '../store/store.js';
import type { QueryCounts } from './query-counts.js';

export interface SuggestedQuery {
  text: string;
  count: number;
}

/** Days whose queries are suggested. */
const DAYS = 30;
/** A text is folded once, not at each keystroke of everybody. */
const MAX_FOLDED = 50_000;
/** How old the list of categories may be. */
const CATEGORIES_AGE_MS = 5_000;
const MAX_TENANTS = 1_000;

export interface SuggestionDeps {
  days: { of(tenant: string, days: number): Promise<QueryCounts> };
  store: { categories(tenant: string): Promise<CategoryCount[]> };
}

/** What may be meant by the beginning of a text: queries that were answered with products, and categories. */
export class Suggestions {
  private readonly folded = boundedCache<string>({ max: MAX_FOLDED });
  private readonly categoriesOf = boundedCache<Promise<CategoryCount[]>>({
    max: MAX_TENANTS,
    ttl: CATEGORIES_AGE_MS,
  });

  constructor(private readonly deps: SuggestionDeps) {}

  /** Those that begin with `text`, then those in which a word does; each most asked for first. */
  async queries(tenant: string, text: string, limit: number): Promise<SuggestedQuery[]> {
    const counts = await this.deps.days.of(tenant, DAYS);
    const asked: SuggestedQuery[] = [];
    for (const query of counts.queries()) {
      const count = query.searches - query.empty;
      if (count > 0 && query.text !== '') asked.push({ text: query.text, count });
    }
    return this.matching(asked, text, limit, (query) => query.text, byCount);
  }

  async categories(tenant: string, text: string, limit: number): Promise<CategoryCount[]> {
    let reading = this.categoriesOf.get(tenant);
    if (reading === undefined) {
      reading = this.deps.store.categories(tenant);
      this.categoriesOf.set(tenant, reading);
      reading.catch(() => this.categoriesOf.delete(tenant));
    }
    return this.among(await reading, text, limit);
  }

  /** Those categories that are meant, most products first. */
  among(all: readonly CategoryCount[], text: string, limit: number): CategoryCount[] {
    const held = all.filter(({ products }) => products > 0);
    return this.matching(held, text, limit, ({ category }) => category, byProducts);
  }

  private matching<T>(
    all: readonly T[],
    text: string,
    limit: number,
    nameOf: (one: T) => string,
    order: (a: T, b: T) => number,
  ): T[] {
    const sought = this.fold(text.trim());
    const begins: T[] = [];
    const contains: T[] = [];
    for (const one of all) {
      const at = placeOf(this.fold(nameOf(one)), sought);
      if (at === 0) begins.push(one);
      else if (at > 0) contains.push(one);
    }
    return [...begins.sort(order), ...contains.sort(order)].slice(0, limit);
  }

  private fold(text: string): string {
    let folded = this.folded.get(text);
    if (folded === undefined) this.folded.set(text, (folded = foldCase(text)));
    return folded;
  }
}

const LETTER = /[\p{L}\p{N}]/u;

/** Where a word of `name` begins with `sought`, -1 where none does; words are not broken. */
function placeOf(name: string, sought: string): number {
  for (let at = name.indexOf(sought); at !== -1; at = name.indexOf(sought, at + 1)) {
    if (at === 0 || !LETTER.test(name.charAt(at - 1))) return at;
  }
  return -1;
}

function byCount(a: SuggestedQuery, b: SuggestedQuery): number {
  return b.count - a.count || (a.text < b.text ? -1 : 1);
}

function byProducts(a: CategoryCount, b: CategoryCount): number {
  return b.products - a.products || (a.category < b.category ? -1 : 1);
}
