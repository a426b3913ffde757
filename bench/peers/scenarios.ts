import { exactNeighbours } from '../lib/exact.js';
import { rowsOfCategory } from '../lib/synthetic.js';
import type { VectorData } from '../lib/vector-server.js';
import type { PeerQuery } from './engine.js';

export const K = 10;

/** A kind of query that every engine answers, with the truth to judge it by. */
export interface Scenario {
  name: string;
  queries: PeerQuery[];
  truth: number[][];
}

/** Everything; the query's own category; the smallest category, whatever the query. */
export function makeScenarios({ base, queries, queryCategories }: VectorData): Scenario[] {
  const sizes = new Map<number, number>();
  for (const category of base.categories) sizes.set(category, (sizes.get(category) ?? 0) + 1);
  const small = [...sizes].reduce((a, b) => (b[1] < a[1] ? b : a))[0];
  const scenario = (name: string, categoryOf: (query: number) => number | undefined): Scenario => {
    const list = queries.map((vector, i): PeerQuery => {
      const category = categoryOf(i);
      return { vector, k: K, ...(category !== undefined && { category }) };
    });
    const truth: number[][] = [];
    for (const category of new Set(list.map((query) => query.category))) {
      const members = [...list.keys()].filter((i) => list[i]?.category === category);
      const rows = category === undefined ? undefined : rowsOfCategory(base, category);
      const vectors = members.map((i) => queries[i]!);
      const found = exactNeighbours(base, vectors, K, rows);
      members.forEach((i, position) => (truth[i] = found[position]?.rows ?? []));
    }
    return { name, queries: list, truth };
  };
  const share = ((100 * (sizes.get(small) ?? 0)) / base.count).toFixed(1);
  return [
    scenario('no filter', () => undefined),
    scenario('own category', (query) => queryCategories[query]),
    scenario(`a category of ${share} %`, () => small),
  ];
}
