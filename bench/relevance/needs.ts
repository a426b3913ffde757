import type { Goods } from './goods.js';
import type { ShopSearch } from './shop-search.js';

/** What a shopper asks for in words of one kind, and which products of a catalogue are right. */
export interface Need {
  kind: string;
  query: string;
  isRight: (goods: Goods) => boolean;
}

/** One need, and how far the first five answer it. */
export interface NeedResult {
  kind: string;
  query: string;
  /** Right products in the catalogue. */
  right: number;
  /** Of the first five. */
  found: number;
  answered: boolean;
}

const FIRST = 5;

/** Asks for all needs of one catalogue. A need that nothing answers is a mistake of the table, and throws. */
export async function askNeeds(
  search: ShopSearch,
  goods: readonly Goods[],
  needs: readonly Need[],
): Promise<NeedResult[]> {
  const results: NeedResult[] = [];
  for (const { kind, query, isRight } of needs) {
    const right = new Set(goods.filter(isRight).map(({ id }) => id));
    if (right.size === 0) throw new Error(`nothing is right for "${query}"`);
    const found = (await search.rank(query, { topK: FIRST })).filter((id) => right.has(id)).length;
    results.push({
      kind,
      query,
      right: right.size,
      found,
      answered: isAnswered(found, right.size),
    });
  }
  return results;
}

/** Half of the right products, or of five where there are more. */
export function isAnswered(found: number, right: number): boolean {
  return found >= Math.min(right, FIRST) / 2;
}

/** By kind, the share of needs that are answered, and those that are not. */
export function byKind(results: readonly NeedResult[]) {
  const kinds = [...new Set(results.map(({ kind }) => kind)), 'all'];
  return kinds.map((kind) => {
    const of = results.filter((result) => kind === 'all' || result.kind === kind);
    const missed = of.filter(({ answered }) => !answered);
    return {
      kind,
      queries: of.length,
      answered: 1 - missed.length / of.length,
      missed: missed.map(({ query, found, right }) => `${query} (${found}/${right})`).join('; '),
    };
  });
}
