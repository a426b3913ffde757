import { Random } from '../lib/random.js';
import type { Goods } from './goods.js';
import { modelNumbers } from './made-queries.js';
import type { ShopSearch } from './shop-search.js';

/** A way to type codes, and how many of them find their product. */
export interface CodeResult {
  typed: string;
  count: number;
  /** Share whose first hit is right. */
  first: number;
  /** Share with a right one in the first ten. */
  first_10: number;
  missed: string[];
}

interface Wanted {
  query: string;
  ids: ReadonlySet<string>;
}

const COUNT = 300;
const IDS = 100;

/** Model numbers out of titles, three ways, and product ids. */
export async function findCodes(search: ShopSearch, goods: readonly Goods[], seed: number) {
  const any = modelNumbers(goods, COUNT, false, new Random(seed, 'codes'));
  const separated = modelNumbers(goods, COUNT, true, new Random(seed, 'separated codes'));
  const typed = (codes: typeof any, type: (code: string) => string): Wanted[] =>
    codes.map(({ code, ids }) => ({ query: type(code), ids }));
  const random = new Random(seed, 'ids');
  const ids = random.sample(IDS, goods.length).map((at) => (goods[at] as Goods).id);
  return [
    await find(
      'model numbers as printed',
      typed(any, (code) => code),
      search,
    ),
    await find(
      'without separators',
      typed(separated, (code) => code.replace(/[^A-Za-z0-9]/g, '')),
      search,
    ),
    await find(
      'blanks for separators',
      typed(separated, (code) => code.replace(/[^A-Za-z0-9]/g, ' ')),
      search,
    ),
    await find(
      'in lower case',
      typed(any, (code) => code.toLowerCase()),
      search,
    ),
    await find(
      'product ids',
      ids.map((id) => ({ query: id, ids: new Set([id]) })),
      search,
    ),
  ];
}

/** Asks for each as it stands. */
async function find(
  typed: string,
  wanted: readonly Wanted[],
  search: ShopSearch,
): Promise<CodeResult> {
  let first = 0;
  let tenth = 0;
  const missed: string[] = [];
  for (const { query, ids } of wanted) {
    const hits = await search.rank(query);
    if (hits.some((id) => ids.has(id))) tenth += 1;
    if (ids.has(hits[0] ?? '')) first += 1;
    else missed.push(query);
  }
  const share = (count: number): number => count / Math.max(1, wanted.length);
  return { typed, count: wanted.length, first: share(first), first_10: share(tenth), missed };
}
