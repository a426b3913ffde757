import { isDeepStrictEqual } from 'node:util';
import type { TourDocument } from './documents.js';
import { chosen, counts, NOTHING, sorted, type Reference, type TourState } from './reference.js';
import type { Front, ShownValue } from './shop-front.js';

export const PER_PAGE = 12;
const MAX_VALUES = 1_000;

/** One thing that the page shows otherwise than it should. */
export interface Difference {
  what: string;
  state: TourState;
  shown: unknown;
  expected: unknown;
}

/** A shopper on the page: does one thing after the other, and compares all that is shown with the truth. */
export class Tour {
  state: TourState = NOTHING;
  readonly differences: Difference[] = [];
  compared = 0;

  constructor(
    readonly front: Front,
    private readonly reference: Reference,
  ) {}

  /** Changes what is chosen by `action`, which should come to `change`. */
  async act(change: Partial<TourState>, action: () => void): Promise<void> {
    this.state = { ...this.state, page: 0, ...change };
    await this.front.act(action);
    await this.compare();
  }

  async compare(): Promise<void> {
    const { state } = this;
    const set = await this.reference.set(state.query);
    const main = chosen(set, state);
    this.compareHits(main);
    await this.compareOrder(main);
    this.compareFacets(set);
    this.compareRanges(set);
  }

  private compareHits(main: readonly TourDocument[]): void {
    const { results } = this.front.shown.hits;
    const nbPages = Math.ceil(Math.min(main.length, Infinity) / PER_PAGE);
    this.same('total', results?.nbHits, main.length);
    this.same('page', results?.page, this.state.page);
    if (main.length <= 10_000) this.same('pages', results?.nbPages, nbPages);
  }

  private async compareOrder(main: readonly TourDocument[]): Promise<void> {
    const { sort, page } = this.state;
    const { items } = this.front.shown.hits;
    const ids = items.map(({ objectID }) => objectID);
    const marked = await this.reference.page(this.state, PER_PAGE);
    if (sort === undefined) {
      this.same(
        'order',
        ids,
        marked.map(({ id }) => id),
      );
      const names = items.map((hit) => hit._highlightResult?.name?.value);
      const expected = marked.map(({ id, name }) => name ?? escapeHtml(this.nameOf(id)));
      this.same('highlights', names, expected);
      return;
    }
    const expected = sorted(main, sort).slice(PER_PAGE * page, PER_PAGE * (page + 1));
    this.same(
      'sorted',
      ids,
      expected.map(({ id }) => id),
    );
  }

  private nameOf(id: string): string {
    return this.reference.documents.find((document) => document.id === id)?.name ?? '';
  }

  private compareFacets(set: readonly TourDocument[]): void {
    const { brand, color, category, kind, inStock } = this.front.shown;
    const { state } = this;
    const of = (without?: Parameters<typeof chosen>[2]) => chosen(set, state, without);
    this.sameValues(
      'brand',
      brand.items,
      counts(of('brand'), (one) => listOf(one.brand)),
    );
    this.sameValues(
      'color',
      color.items,
      counts(of(), (one) => one.color ?? []),
    );
    this.sameValues(
      'kind',
      kind.items,
      counts(of('kind'), (one) => [one.kind]),
    );
    const free = of('category');
    this.sameValues(
      'lvl0',
      category.items,
      counts(free, (one) => [one.categories.lvl0]),
    );
    const [open] = category.items.filter(({ isRefined }) => isRefined);
    if (open !== undefined) {
      const within = free.filter(({ categories }) => categories.lvl0 === open.value);
      const level = counts(within, (one) => [one.categories.lvl1]);
      this.sameValues('lvl1', open.data ?? [], level);
    }
    const available = of('inStock').filter((document) => document.in_stock).length;
    this.same('in stock', inStock.value.onFacetValue.count || 0, available);
  }

  private compareRanges(set: readonly TourDocument[]): void {
    const { price, rating } = this.front.shown;
    const prices = chosen(set, this.state, 'price').flatMap((one) => listOf(one.price));
    if (prices.length > 0) {
      this.same('least price', price.range.min, floor(Math.min(...prices)));
      this.same('most price', price.range.max, ceil(Math.max(...prices)));
    }
    const rated = chosen(set, this.state, 'rating');
    for (const { value, count } of rating.items) {
      const atLeast = rated.filter((one) => (one.rating ?? 0) >= Number(value)).length;
      this.same(`rating ${value}`, count, atLeast);
    }
  }

  private sameValues(what: string, items: readonly ShownValue[], truth: Map<string, number>): void {
    const shown = new Map(items.map(({ value, count }) => [unescaped(value), count]));
    for (const [value, count] of shown) {
      // A value that is chosen stays, though nothing has it any more.
      this.same(`${what} ${value}`, count, truth.get(value) ?? 0);
    }
    if (truth.size > MAX_VALUES) return;
    const missing = [...truth.keys()].filter((value) => !shown.has(value));
    this.same(`${what}: missing`, missing, []);
  }

  private same(what: string, shown: unknown, expected: unknown): void {
    this.compared += 1;
    if (isDeepStrictEqual(shown, expected)) return;
    this.differences.push({ what, state: this.state, shown, expected });
  }
}

/** What widgets refine by: a dash in front would mean that a value is refined away. */
function unescaped(value: string): string {
  return value.replace(/^\\-/, '-');
}

function listOf<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}

function floor(price: number): number {
  return Math.floor(price * 100) / 100;
}

function ceil(price: number): number {
  return Math.ceil(price * 100) / 100;
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
