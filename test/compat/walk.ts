import type { TourDocument } from './documents.js';
import { NOTHING } from './reference.js';
import type { Tour } from './tour.js';

/** The shop's texts that are searched for: none, common ones, one with a typo, one that nothing has. */
export const QUERIES = ['', 'black', 'red shoes', 'wireles mouse', 'for the office', 'xqzvwk'];

/** Everything that shops' clients send, each thing alone and on top of the others. */
export async function walk(tour: Tour, query: string): Promise<void> {
  const { shown } = tour.front;
  await tour.act({ ...NOTHING, query }, () => shown.searchBox.refine(query));
  if ((shown.hits.results?.nbHits ?? 0) === 0) return;
  await turnPages(tour);
  await sortAll(tour);
  await chooseAll(tour);
}

async function turnPages(tour: Tour): Promise<void> {
  const { pagination } = tour.front.shown;
  const last = Math.min(pagination.nbPages, 800) - 1;
  for (const page of [1, last]) {
    if (page > 0 && page <= last)
      await tour.act({ page }, () => tour.front.shown.pagination.refine(page));
  }
  await tour.act({}, () => tour.front.shown.pagination.refine(0));
}

async function sortAll(tour: Tour): Promise<void> {
  const { index } = tour.front;
  for (const sort of ['price:asc', 'price:desc', 'rating:desc'] as const) {
    await tour.act({ sort }, () => tour.front.shown.sortBy.refine(`${index}/sort/${sort}`));
    if (tour.front.shown.pagination.nbPages > 1) {
      await tour.act({ page: 1 }, () => tour.front.shown.pagination.refine(1));
    }
  }
  await tour.act({ sort: undefined }, () => tour.front.shown.sortBy.refine(index));
}

/** One refinement upon the other, up to six at once, and all away again. */
async function chooseAll(tour: Tour): Promise<void> {
  const { front } = tour;
  const [brand, further] = front.shown.brand.items.map(({ value }) => value);
  if (brand !== undefined) {
    await tour.act({ brand: [brand] }, () => front.shown.brand.refine(brand));
  }
  if (brand !== undefined && further !== undefined) {
    await tour.act({ brand: [brand, further] }, () => front.shown.brand.refine(further));
  }
  const color = front.shown.color.items[0]?.value;
  if (color !== undefined)
    await tour.act({ color: [color] }, () => front.shown.color.refine(color));
  const lvl0 = front.shown.category.items[0]?.value;
  if (lvl0 !== undefined) {
    await tour.act({ category: lvl0 }, () => front.shown.category.refine(lvl0));
    const lvl1 = front.shown.category.items[0]?.data?.[0]?.value;
    if (lvl1 !== undefined) {
      await tour.act({ category: lvl1 }, () => front.shown.category.refine(lvl1));
    }
  }
  await choosePrice(tour);
  await tour.act({ rating: 2 }, () => front.shown.rating.refine('2'));
  await tour.act({ inStock: true }, () => front.shown.inStock.refine(front.shown.inStock.value));
  const kind = front.shown.kind.items[0]?.value;
  if (kind !== undefined) await tour.act({ kind }, () => front.shown.kind.refine(kind));
  await tour.act({ ...NOTHING, query: tour.state.query }, () => front.clear());
}

async function choosePrice(tour: Tour): Promise<void> {
  const { min = 0, max = 0 } = tour.front.shown.price.range;
  if (max - min < 1) return;
  const [least, most] = [Math.ceil(min + (max - min) / 8), Math.floor(max - (max - min) / 8)];
  await tour.act({ price: { least, most } }, () => tour.front.shown.price.refine([least, most]));
}

/** A value that was clicked, and the counts before and after. */
export interface Click {
  what: string;
  value: string;
  shown: number;
  total: number;
}

/** Clicks a value of a facet, after some others, and clears the page again. */
export async function clickAtRandom(
  tour: Tour,
  random: () => number,
  documents: readonly TourDocument[],
): Promise<Click | undefined> {
  const { front } = tour;
  const query = queryOf(random, documents);
  await front.act(() => front.shown.searchBox.refine(query));
  const facets = ['brand', 'color', 'category', 'kind', 'rating'] as const;
  let click: Click | undefined;
  for (const name of shuffled(facets, random).slice(0, 1 + Math.floor(3 * random()))) {
    const items = front.shown[name].items.filter(({ count }) => count > 0);
    const item = items[Math.floor(random() * items.length)];
    if (item === undefined) continue;
    await front.act(() => front.shown[name].refine(item.value));
    const total = front.shown.hits.results?.nbHits ?? -1;
    click = { what: `${query}: ${name}`, value: item.value, shown: item.count, total };
    if (total !== item.count) break;
  }
  await front.act(() => front.clear());
  return click;
}

function queryOf(random: () => number, documents: readonly TourDocument[]): string {
  if (random() < 0.2) return '';
  const { name = '' } = documents[Math.floor(random() * documents.length)] ?? {};
  const words = name.match(/[\p{L}\p{N}]{3,}/gu) ?? [];
  const from = Math.floor(random() * words.length);
  return words.slice(from, from + 1 + Math.floor(2 * random())).join(' ');
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
