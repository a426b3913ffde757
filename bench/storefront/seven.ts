import type { JsonClient } from '../lib/client.js';
import { median } from '../lib/median.js';

export interface SevenReport {
  one_p50_ms: number;
  one_p99_ms: number;
  seven_p50_ms: number;
  seven_p99_ms: number;
  /** Median over pairs of neighbours of seven's time by one's. */
  ratio: number;
}

const ROUNDS = 20;

/** The main search of a storefront with six refinements, and its six searches for counts alone. */
function searchesOf(query: string): Record<string, unknown>[] {
  const parts: [string, object][] = [
    ['brand', { brand: { ne: 'Nobody' } }],
    ['category', { category: { ne: 'Nothing' } }],
    ['price', { price: { gte: 5 } }],
    ['in_stock', { in_stock: { ne: false } }],
    ['attributes.Colour', { 'attributes.Colour': { ne: 'Infrared' } }],
    ['currency', { currency: { ne: 'XXX' } }],
  ];
  const filterOf = (without?: string): object =>
    Object.fromEntries(
      parts.flatMap(([field, part]) => (field === without ? [] : Object.entries(part))),
    );
  const fields = parts.map(([field]) => field);
  return [
    { query, filter: filterOf(), facets: fields, per_page: 20 },
    ...fields.map((field) => ({ query, filter: filterOf(field), facets: [field], per_page: 0 })),
  ];
}

/** Times one main search and all seven in one request, in turn, a query at a time. */
export async function compareSeven(
  client: JsonClient,
  queries: readonly string[],
): Promise<SevenReport> {
  const one: number[] = [];
  const seven: number[] = [];
  const ratios: number[] = [];
  for (const query of queries) {
    const searches = searchesOf(query);
    // Once unmeasured, so that the text is embedded and its words are counted.
    await ask(client, searches);
    for (let round = 0; round < ROUNDS; round++) {
      const first = await ask(client, searches.slice(0, 1));
      const all = await ask(client, searches);
      one.push(first);
      seven.push(all);
      ratios.push(all / first);
    }
  }
  return {
    ...{ one_p50_ms: part(one, 0.5), one_p99_ms: part(one, 0.99) },
    ...{ seven_p50_ms: part(seven, 0.5), seven_p99_ms: part(seven, 0.99) },
    ratio: median(ratios),
  };
}

async function ask(client: JsonClient, searches: object[]): Promise<number> {
  const startedMs = performance.now();
  const reply = (await client.expect('POST', '/search/batch', { searches })) as {
    results: { error?: { message: string } }[];
  };
  const tookMs = performance.now() - startedMs;
  const failed = reply.results.find(({ error }) => error !== undefined);
  if (failed !== undefined) throw new Error(failed.error?.message);
  return tookMs;
}

function part(times: readonly number[], share: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}
