import type { Catalogue } from './catalogue.js';
import type { Random } from './random.js';

/** Another product as NDJSON, with a category of its own kind and words of two titles: for catalogues of any size. */
export function recombine({ products }: Catalogue, row: number, random: Random): string {
  const [a, b] = [random.pick(products), random.pick(products)];
  const [first, second] = [a.title.split(' '), b.title.split(' ')];
  const title = [...first.slice(0, 4), ...second.slice(-4), String(row)].join(' ');
  const price = Math.round(random.next() * 100_000) / 100;
  return JSON.stringify({ id: `r${String(row)}`, title, category: a.category, price });
}
