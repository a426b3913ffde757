import { Random } from '../lib/random.js';
import type { Bm25 } from './bm25.js';
import { nonsense } from './made-queries.js';
import type { ShopSearch } from './shop-search.js';

const NONSENSE = 60;
const FITTING = 500;
const REWRITTEN = 700;
const COMPARED = 500;

/** Texts that fit nothing, and those that found something all the same. */
export async function askNonsense(search: ShopSearch, seed: number) {
  const texts = nonsense(NONSENSE, new Random(seed, 'nonsense'));
  const answered: string[] = [];
  for (const text of texts) if ((await search.ask(text)).total > 0) answered.push(text);
  return { count: texts.length, empty: 1 - answered.length / texts.length, answered };
}

/** Logged queries all of whose words some product has: none of them may come back empty. */
export async function askFitting(
  search: ShopSearch,
  log: readonly string[],
  bm25: Bm25,
  seed: number,
) {
  const fitting = pick(
    log.filter((query) => bm25.hasAll(query)),
    FITTING,
    seed,
    'fitting',
  );
  const empty: string[] = [];
  for (const query of fitting) if ((await search.ask(query)).hits.length === 0) empty.push(query);
  return { count: fitting.length, empty: empty.length / fitting.length, queries: empty };
}

/** Logged queries that were rewritten, for reading: whether rightly, only a person can tell. */
export async function listRewritten(search: ShopSearch, log: readonly string[], seed: number) {
  const asked = pick(log, REWRITTEN, seed, 'rewritten');
  const rewritten: { from: string; to: string }[] = [];
  for (const query of asked) {
    const reply = await search.ask(query, { topK: 1 });
    if (reply.rewritten !== null) rewritten.push(reply.rewritten);
  }
  return { count: asked.length, share: rewritten.length / asked.length, rewritten };
}

/** How often the first ten are those of exhaustive scoring, in order. */
export async function compareExact(search: ShopSearch, log: readonly string[], seed: number) {
  const asked = pick(log, COMPARED, seed, 'exact');
  const different: string[] = [];
  for (const query of asked) {
    const usual = await search.rank(query);
    const exact = await search.rank(query, { exact: true });
    if (usual.join('\n') !== exact.join('\n')) different.push(query);
  }
  return { count: asked.length, same: 1 - different.length / asked.length, different };
}

function pick(items: readonly string[], count: number, seed: number, stream: string): string[] {
  const random = new Random(seed, stream);
  return random.sample(count, items.length).map((at) => items[at] as string);
}
