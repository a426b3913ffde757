import { cpus } from 'node:os';
import { bench, type BenchResult, type BenchRun } from './lib/bench.js';
import { describeMachine } from './lib/machine.js';
import { print } from './lib/report.js';
import { describeShop, openShop, SHOP_FLAGS } from './lib/shop.js';
import { formatNumber, formatTable } from './lib/table.js';
import { PacedClock } from './load/clock.js';
import { runOpenLoop } from './load/open-loop.js';
import { fixedArrivals } from './load/arrivals.js';
import { SimulatedCluster } from './simulator/cluster.js';
import { explainedSearch } from './simulator/measure-times.js';
import { MEASURED, readMeasurement, thinned, writeMeasurement } from './simulator/measurement.js';
import { placeTenants } from './simulator/place-tenants.js';
import { planLoss } from './simulator/plan-loss.js';
import { phaseRow, type ScenarioRun, writeScenario } from './simulator/report.js';
import { imbalanceOf, runPhases } from './simulator/run-phases.js';
import { isOfOneHost, phasesOf, sitesOf } from './simulator/scenario.js';
import type { ServiceTimes } from './simulator/service-times.js';
import { Shoppers } from './simulator/shoppers.js';
import { tenantMix } from './simulator/tenant-mix.js';
import { measureReal, ratiosOf, simulateAlike } from './simulator/validate.js';

const FLAGS = {
  ...SHOP_FLAGS,
  validate: { default: false, help: 'measure a real cluster, and compare it with its model' },
  'query-nodes': { default: 1, help: 'of the real cluster' },
  rate: { default: 50, help: 'searches per second of the real cluster' },
  seconds: { default: 2, help: 'of each phase, and of each round of --validate' },
  rounds: { default: 8, help: 'of --validate: searches one at a time, then at the rate' },
  measured: { default: MEASURED, help: 'service times; written by --validate' },
  docs: { default: '', help: 'also write simulator.md and its plots into this folder' },
  parts: { default: 200, help: 'sets of shard processes that hold the same' },
  'searches-per-s': { default: 5_000, help: 'of the model' },
  simulated: { default: 64, help: 'query nodes of the model' },
  tenants: { default: 1_000, help: 'shops of the model' },
  products: { default: 100_000_000, help: 'of all shops of the model' },
};

const REPLICAS = 3;
const ZONES = 3;
/** Shard processes of a host, and query nodes: a core each. */
const PROCESSES_A_HOST = 4;
const CATEGORIES = 20;
const CATEGORY_SHARE = 0.6;
const WARM_UP_MS = 8_000;
const PATIENCE_MS = 300_000;

await bench(
  {
    name: 'simulate',
    about: 'A cluster of a hundred million products in a discrete-event model, while it fails.',
    maxMinutes: 20,
    flags: FLAGS,
  },
  (run) => (run.flags.validate ? validate(run) : simulate(run)),
);

type Run = BenchRun<typeof FLAGS>;

async function validate(run: Run): Promise<BenchResult> {
  const { flags } = run;
  const shop = await openShop(run, 2);
  const clock = run.use(new PacedClock());
  const seconds = flags.quick ? 2 : flags.seconds;
  const spec = {
    ...{ rate: flags.rate, seed: flags.seed, rounds: flags.rounds, roundMs: seconds * 1_000 },
    ...{ cores: cpus().length, queryNodes: flags['query-nodes'], patienceMs: PATIENCE_MS },
  };
  await runOpenLoop({
    ...{ clock, arrivals: fixedArrivals(flags.rate, WARM_UP_MS) },
    ...{ warmupMs: 0, durationMs: WARM_UP_MS, maxInFlight: 64, drainMs: WARM_UP_MS },
    send: () => explainedSearch(shop.client, shop.traffic.next(0)),
  });
  const { times, real, foreignCpu } = await measureReal(shop, clock, run.noise, spec);
  const simulated = await simulateAlike(shop, times, spec);
  const validation = { rate: flags.rate, real, simulated };
  const ratios = ratiosOf(validation);
  print(
    `${formatNumber(flags.rate)} searches a second, the real cluster beside its model`,
    formatTable(ratios),
  );
  const data = describeShop(shop);
  if (!flags.quick) {
    const { seconds: s, rounds } = flags;
    await writeMeasurement(flags.measured, {
      measuredAt: new Date().toISOString(),
      command: `npm run bench:simulate -- --validate --rate ${flags.rate} --seconds ${s} --rounds ${rounds}`,
      ...{ machine: describeMachine(), foreignCpu, data },
      ...{ times: thinned(times), validation },
    });
  }
  return {
    data,
    results: validation,
    figures: ratios.map(({ what, ratio }) => ({
      name: `${what}: model / real`,
      value: ratio,
      unit: '',
    })),
  };
}

async function simulate(run: Run): Promise<BenchResult> {
  const { flags } = run;
  const measurement = await readMeasurement(flags.measured);
  const { tenants, products, seed, parts } = flags;
  const sites = sitesOf({ nodes: parts * REPLICAS, nodesPerHost: PROCESSES_A_HOST, zones: ZONES });
  run.say(`placing ${formatNumber(tenants)} shops on ${sites.length} shard processes`);
  const shops = tenantMix({ tenants, products, categories: CATEGORIES });
  const store = await placeTenants(shops, sites, REPLICAS);
  const rows = store.told(sites.map(({ node }) => node)).map((told) => told.rows);
  const loss = await planLoss(store, sites, isOfOneHost);
  const shoppers = await Shoppers.of(shops, store, { categoryShare: CATEGORY_SHARE, seed });

  const runScenario = async (hedging: boolean): Promise<ScenarioRun> => {
    const of = await Shoppers.of(shops, store, { categoryShare: CATEGORY_SHARE, seed });
    const cluster = clusterOf(run, measurement.times, sites, of.rowsOf, hedging);
    const phases = phasesOf(flags.quick ? 1 : flags.seconds);
    const load = { rate: flags['searches-per-s'], next: of.next, seed };
    const startMs = performance.now();
    const ended = await runPhases(cluster, phases, load, (name) => run.say(name));
    const title = hedging ? 'With hedging' : 'Without hedging';
    const tookS = (performance.now() - startMs) / 1_000;
    print(
      `${title} (${formatNumber(tookS)} s to simulate)`,
      formatTable(ended.phases.map(phaseRow)),
    );
    return ended;
  };
  const hedged = await runScenario(true);
  const unhedged = await runScenario(false);

  const facts = [
    `${formatNumber(products)} products of ${formatNumber(tenants)} shops, placed by the real planner as ${parts} parts x ${REPLICAS} replicas: ${sites.length} shard processes of one core, ${PROCESSES_A_HOST} a host, hosts in ${ZONES} zones. The fullest process has ${formatNumber(imbalanceOf(rows))} times the mean of ${formatNumber(Math.round(products / parts))} rows.`,
    `${formatNumber(flags['searches-per-s'])} searches a second (Poisson) on ${flags.simulated} query nodes. Larger shops are searched more. ${100 * CATEGORY_SHARE} % of searches look in one category; the others ask ${formatNumber(shoppers.meanFanOut)} parts on average, and so does each text that was not asked for within two seconds, to choose its result set.`,
    `Were a lost host gone for good, the planner would have ${formatNumber(loss.rows)} rows built elsewhere, in ${formatNumber(loss.seconds)} s.`,
  ];
  if (flags.docs !== '') {
    const command = `npm run bench:simulate -- --seconds ${flags.seconds} --docs ${flags.docs}`;
    await writeScenario(flags.docs, { command, facts, hedged, unhedged, measurement });
  }
  return {
    data: { products, tenants, parts, replicas: REPLICAS, mean_fan_out: shoppers.meanFanOut },
    results: { hedged, unhedged },
    figures: hedged.phases.flatMap(({ name, latency, failed, partial }) => [
      { name: `${name}: p99`, value: latency.p99_ms, unit: 'ms' },
      { name: `${name}: failed`, value: failed, unit: '' },
      { name: `${name}: partial`, value: partial, unit: '' },
    ]),
  };
}

function clusterOf(
  { flags }: Run,
  times: ServiceTimes,
  sites: ReturnType<typeof sitesOf>,
  rowsOf: Shoppers['rowsOf'],
  hedging: boolean,
): SimulatedCluster {
  const queryHosts = Array.from(
    { length: flags.simulated },
    (_, i) => `q${Math.floor(i / PROCESSES_A_HOST)}`,
  );
  const cores = PROCESSES_A_HOST;
  return new SimulatedCluster({
    times,
    sites,
    queryHosts,
    cores,
    hedging,
    rowsOf,
    seed: flags.seed,
  });
}
