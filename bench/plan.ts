import { readFile } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { readCoefficients, type Coefficients } from '../src/capacity/coefficients.js';
import { fitCoefficients } from '../src/capacity/fit-coefficients.js';
import { planOneMachine } from '../src/capacity/one-machine.js';
import { planCluster } from '../src/capacity/plan-cluster.js';
import type { PriceList } from '../src/capacity/prices.js';
import type { Workload } from '../src/capacity/workload.js';
import { measureMachine } from '../src/cli/plan/measure-machine.js';
import { measureServer } from '../src/cli/plan/measure-server.js';
import { SERVING_SETTINGS } from '../src/config/serving-settings.js';
import { bench, type BenchRun } from './lib/bench.js';
import { numberList } from './lib/flags.js';
import { mean } from './lib/quality.js';
import { print } from './lib/report.js';
import { formatTable } from './lib/table.js';
import { compare, processRows, tableRow } from './plan/compare.js';
import { exactIds, madeSample } from './plan/made-sample.js';

const K = 10;
const QPS = 10;

const FLAGS = {
  sizes: { default: '20000,50000,100000', help: 'products; 1000000 takes up to an hour' },
  dimensions: { default: 512, help: 'of the vectors' },
  queries: { default: 500, help: 'different searches' },
  seconds: { default: 10, help: 'measured time of each load' },
  minutes: { default: 5, help: 'that measuring the coefficients may take' },
  coefficients: { default: '', help: 'a report of calibrate; else this machine is measured first' },
};

await bench(
  {
    name: 'plan',
    about: 'What the planner foretells of a catalogue on this machine, beside what it takes.',
    maxMinutes: ({ sizes, minutes }) =>
      minutes + numberList(sizes).reduce((sum, size) => sum + 6 + size / 12_000, 0),
    flags: FLAGS,
  },
  async (run) => {
    const { flags } = run;
    const sizes =
      flags.quick && flags.sizes === FLAGS.sizes.default ? [7_000] : numberList(flags.sizes);
    const coefficients = await coefficientsOf(run);
    const sample = madeSample();
    const results = [];
    for (const size of sizes) results.push(await measureSize(run, size, coefficients));
    const product = JSON.stringify(sample.product(0));
    return {
      data: { dimensions: flags.dimensions, product, k: K, coefficients },
      results,
      figures: results.flatMap(({ products, foretold }) =>
        foretold.map(({ figure, error }) => ({
          name: `${products.toLocaleString('en-US')} products, ${figure.trim()}: error`,
          value: error,
          unit: '%',
        })),
      ),
    };
  },
);

type Run = BenchRun<typeof FLAGS>;

/** As `omnisearch calibrate` measures them, with products and vectors as those that are loaded later, of other sizes. */
async function coefficientsOf(run: Run): Promise<Coefficients> {
  const { flags } = run;
  if (flags.coefficients !== '') {
    const read = readCoefficients(
      JSON.parse(await readFile(flags.coefficients, 'utf8')) as unknown,
    );
    if ('problem' in read) throw new Error(read.problem);
    return read;
  }
  const sample = madeSample();
  const products = Array.from({ length: 1_000 }, (_, row) => sample.product(row));
  const endMs = performance.now() + flags.minutes * 60_000;
  const measured = await run.measure('calibrate', () =>
    untilClosed(run, (signal) => measureMachine(sample, endMs, signal)),
  );
  const coefficients = fitCoefficients({
    ...measured,
    ...{ embedCpuMs: 1, modelBytes: undefined },
    documentBytes: mean(products.map((product) => JSON.stringify(product).length)),
  });
  print('measured to foretell by', formatTable(measured.segments.map((each) => ({ ...each }))));
  print('servers', formatTable(measured.servers.map((each) => ({ ...each }))));
  const rows = Object.entries<number>({ ...coefficients }).map(([coefficient, value]) => ({
    coefficient,
    value,
  }));
  print('coefficients', formatTable(rows));
  return coefficients;
}

async function measureSize(run: Run, products: number, of: Coefficients) {
  const { dimensions, queries, seconds, quick } = run.flags;
  const workload: Workload = {
    ...{ products, qps: QPS, dimensions, categories: 'zipf', replicas: 1 },
    ...{ tenants: { count: 0, rows: 0 }, p99Ms: 100, availability: 0 },
    partitionRows: SERVING_SETTINGS.partitionRows.default,
  };
  const cores = availableParallelism();
  const shards = shardsFor(workload, cores, of);
  // Before anything is measured.
  const plan = planOneMachine(workload, { cores, parts: shards }, of);
  const sample = madeSample();
  run.say(`${String(products)} products on ${String(shards)} shards`);
  const forMs = 1_000 * (quick ? 2 : seconds);
  const spec = { rows: products, dimensions, shards, queries, forMs };
  const server = await run.measure(`${String(products)} products`, () =>
    untilClosed(run, (signal) => measureServer(sample, spec, signal)),
  );
  const truth = exactIds(sample, { rows: products, dimensions, queries, k: K });
  const recalls = truth.map((ids, i) => {
    const found = new Set(server.found[i]);
    return ids.filter((id) => found.has(id)).length / ids.length;
  });
  const foretold = compare(plan, server);
  const title = `${products.toLocaleString('en-US')} products on ${String(shards)} shards`;
  print(`${title}: recall@10 ${mean(recalls).toFixed(3)}`, formatTable(foretold.map(tableRow)));
  print(`${title}: memory`, formatTable(processRows(server)));
  const { found, ...measured } = server;
  return { products, shards, recall: mean(recalls), searched: found.length, foretold, measured };
}

/** What is still at it when the bench ends, on Ctrl-C, is given up, and the bench waits until nothing of it is left. */
function untilClosed<T>(run: Run, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const working = work(stop.signal);
  run.use({
    close: async () => {
      stop.abort(new Error('the bench has ended'));
      await working.catch(() => undefined);
    },
  });
  return working;
}

/** Of the plan for this machine alone. */
function shardsFor(workload: Workload, cores: number, of: Coefficients): number {
  const hour = { on_demand: 1, spot: 1, one_year: 1, three_years: 1 };
  const machine = { name: 'this one', cores, memory_bytes: totalmem(), hour };
  const prices: PriceList = {
    ...{ currency: 'USD', as_of: '', source: 'none', machines: [machine] },
    ...{ disk_gb_month: 0, network_gb: 0 },
  };
  const plan = planCluster(workload, prices.machines, prices, of);
  if (plan === undefined || plan.shard.nodes > 1)
    throw new Error('it takes more than this machine');
  return plan.shard.parts;
}
