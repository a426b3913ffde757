import { bench, type BenchResult, type BenchRun } from './lib/bench.js';
import { loadCatalogue, type Catalogue } from './lib/catalogue.js';
import { JsonClient } from './lib/client.js';
import { ingest, waitUntilQuiet } from './lib/ingest.js';
import { peakMemory } from './lib/memory.js';
import { OmniServer } from './lib/omni-server.js';
import { Random } from './lib/random.js';
import { recombine } from './lib/recombine.js';
import { print } from './lib/report.js';
import { formatTable } from './lib/table.js';
import { loadTraffic } from './lib/traffic.js';
import type { LoadSpec } from './neighbours/load-spec.js';
import { figuresOf, measureRounds, type Round } from './neighbours/measure.js';
import { runLoad } from './neighbours/run-load.js';

const FLAGS = {
  catalogue: {
    default: '',
    help: 'products of the quiet shop as NDJSON; else shared data or demo',
  },
  rows: { default: 300_000, help: 'products of the hostile shop' },
  scenario: {
    default: 'all',
    help: 'what the hostile shop does: flood, load, everything at once, or all of these',
  },
  shards: { default: 2, help: 'shard processes' },
  seconds: { default: 30, help: 'how long each measurement lasts' },
  rounds: { default: 3, help: 'measurements of each kind; medians count' },
};

/** Tenants: one works the machine hard, the other searches at a steady rate. */
const HOSTILE = 'hostile';
const QUIET = 'quiet';
const QUIET_PER_SECOND = { flood: 5, load: 20, everything: 5 };
const SCENARIOS = ['flood', 'load', 'everything'] as const;
/** Products that the quiet shop writes a second while the other does everything at once. */
const QUIET_WRITES_PER_SECOND = 2;
const CALLERS = 8;

type Scenario = (typeof SCENARIOS)[number];

await bench(
  {
    name: 'neighbours',
    about:
      'One shop floods with the dearest requests there are, or loads its catalogue; another searches.',
    maxMinutes: 60,
    flags: FLAGS,
  },
  async (run) => {
    const { flags } = run;
    const scenarios = scenariosOf(flags.scenario);
    const catalogue = await loadCatalogue(flags.catalogue);
    const { log } = await loadTraffic(catalogue, flags.seed);
    const queries = log.map(({ query }) => query);
    const server = await run.start(OmniServer.start({ shards: flags.shards }));
    await load(run, server.url, QUIET, catalogue.products.length, (i) => lineOf(catalogue, i));
    const rows = scenarios.some((name) => name !== 'load')
      ? await loadHostile(run, server.url, catalogue)
      : 0;
    await waitUntilQuiet(() => server.processes());

    const seconds = flags.quick ? 5 : flags.seconds;
    const base = { url: server.url, seconds, queries, seed: flags.seed };
    await runLoad({ ...base, kind: 'steady', tenant: QUIET, perSecond: 5, seconds: 5 });
    const results: Partial<Record<Scenario, Round[]>> = {};
    const figures: BenchResult['figures'] = [];
    for (const name of scenarios) {
      const perSecond = QUIET_PER_SECOND[name];
      const quiet: LoadSpec[] = [{ ...base, kind: 'steady', tenant: QUIET, perSecond }];
      if (name === 'everything') quiet.push(quietWrites(base, flags.catalogue));
      const loads = (number: number) => hostileLoads(name, base, flags.catalogue, number);
      const rounds = flags.quick ? 1 : flags.rounds;
      results[name] = await measureRounds(run, name, rounds, quiet, loads);
      figures.push(...figuresOf(name, results[name]));
    }
    const memory = peakMemory(server.processes());
    print('memory', formatTable(memory.rows));
    return {
      data: { quiet: catalogue.name, products: catalogue.products.length, hostile_rows: rows },
      results: { ...results, memory: memory.processes },
      figures,
    };
  },
);

type Base = Pick<LoadSpec, 'url' | 'seconds' | 'queries' | 'seed'>;

function quietWrites(base: Base, catalogue: string): LoadSpec {
  const perSecond = QUIET_WRITES_PER_SECOND;
  return { ...base, kind: 'writes', tenant: QUIET, perSecond, catalogue };
}

/** What the hostile shop does, each load by a process of its own; `number` makes its products new. */
function hostileLoads(name: Scenario, base: Base, catalogue: string, number: number): LoadSpec[] {
  const hostile = { ...base, tenant: HOSTILE };
  const flood: LoadSpec = { ...hostile, kind: 'hostile', callers: CALLERS };
  const bulk: LoadSpec = { ...hostile, kind: 'bulk', catalogue, number };
  if (name === 'flood') return [flood];
  if (name === 'load') return [bulk];
  // Texts must be new in each run, or they would be found in the cache.
  const seed = base.seed * 1_000 + number;
  return [flood, { ...hostile, seed, kind: 'cold', callers: CALLERS }, bulk];
}

function scenariosOf(name: string): readonly Scenario[] {
  if (name === 'all') return SCENARIOS;
  const one = SCENARIOS.find((scenario) => scenario === name);
  if (one === undefined) throw new Error(`--scenario must be ${SCENARIOS.join(', ')} or all`);
  return [one];
}

/** Many products of the hostile shop, for its floods. */
async function loadHostile(
  run: BenchRun<typeof FLAGS>,
  url: string,
  catalogue: Catalogue,
): Promise<number> {
  const { flags } = run;
  const rows = flags.quick ? 20_000 : flags.rows;
  const random = new Random(flags.seed, 'titles');
  const recombined = Array.from({ length: rows }, (_, i) => recombine(catalogue, i, random));
  await load(run, url, HOSTILE, rows, (i) => recombined[i] ?? '');
  return rows;
}

async function load(
  run: BenchRun<typeof FLAGS>,
  url: string,
  tenant: string,
  rows: number,
  lineAt: (row: number) => string,
): Promise<void> {
  const client = run.use(new JsonClient(url, 600_000, 16, tenant));
  await ingest(client, rows, lineAt, `indexing ${tenant}`);
}

function lineOf({ products }: Catalogue, row: number): string {
  return products[row]?.line ?? '';
}
