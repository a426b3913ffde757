import type { BenchRun } from '../lib/bench.js';
import { Random } from '../lib/random.js';
import { categoryName, rowsOfCategory } from '../lib/synthetic.js';
import { vectorSearch } from '../lib/vector-json.js';
import { loadVectors, serveVectors } from '../lib/vector-server.js';
import { K, measure, type Floor } from './case.js';
import type { FLAGS, Floors } from './flags.js';
import { ANY_INSPECTOR_PORT } from './inspector.js';
import { Ledgers } from './ledger.js';

/** Synthetic vectors: everything, the largest category alone, and one in a hundred. */
export async function floorsOfVectors(run: BenchRun<typeof FLAGS>): Promise<Floors> {
  const { flags } = run;
  const count = flags.quick ? 5000 : flags.vectors;
  const { base, queries, queryCategories } = await loadVectors(
    count,
    flags.dimensions,
    1000,
    flags.seed,
  );
  const ranks = new Random(flags.seed, 'ranks').sample(count, count);
  const { server } = await serveVectors(run, base, flags.shards, (row) => ({ rank: ranks[row] }), {
    NODE_OPTIONS: ANY_INSPECTOR_PORT,
  });
  const label = `${String(count)}x${String(flags.dimensions)}-seed${String(flags.seed)}`;
  const rows = rowsOfCategory(base, 0);
  const own = queries.filter((_, i) => queryCategories[i] === 0);
  const ask = (list: readonly Float32Array[], filter?: object) => {
    const bodies = list.map((query) =>
      vectorSearch(query, { top_k: K, timeout_ms: flags.timeout, ...(filter && { filter }) }),
    );
    return (round: number): Buffer => bodies[round % bodies.length]!;
  };
  const requests = {
    'vectors, all': ask(queries),
    'vectors, one category': ask(own, { category: categoryName(0) }),
    'vectors, 1 %': ask(queries, { 'attributes.rank': { lt: count / 100 } }),
  };
  const common = { server, base, route: '/search/vector' as const };
  const floors: Floor[] = [
    await measure(run, {
      ...common,
      name: 'vectors, all',
      queries,
      request: requests['vectors, all'],
      cacheName: label,
    }),
    await measure(run, {
      ...common,
      name: 'vectors, one category',
      rows,
      queries: own,
      request: requests['vectors, one category'],
      cacheName: `${label}-category0`,
    }),
  ];
  const ledgers = await Ledgers.of(run, server);
  const measured = [];
  for (const [name, request] of Object.entries(requests)) {
    measured.push(await ledgers.measure(name, '/search/vector', request));
  }
  await ledgers.close();
  await run.release(server);
  return { floors, ledgers: measured };
}
