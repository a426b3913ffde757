import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readPolicy, type Policy } from '../src/capacity/autoscale/policy.js';
import { BESIDE_FLAGS, besideModel } from './autoscale/beside-model.js';
import { bench, type BenchResult, type BenchRun } from './lib/bench.js';
import { Random } from './lib/random.js';
import { print, type Figure } from './lib/report.js';
import { search } from './lib/search.js';
import { describeShop, openShop, SHOP_FLAGS, type Shop } from './lib/shop.js';
import { formatNumber, formatTable } from './lib/table.js';
import { poissonArrivals } from './load/arrivals.js';
import { PacedClock } from './load/clock.js';
import { LatencyHistogram } from './load/histogram.js';
import { runOpenLoop } from './load/open-loop.js';
import { MEASURED, readMeasurement, type Measurement } from './simulator/measurement.js';
import { momentsOf, simulateMoment } from './simulator/moments.js';
import { replay, type Look } from './simulator/replay.js';
import { SCALED_DAYS, type ScaledDay } from './simulator/scaled-days.js';
import { ratiosOf } from './simulator/validate.js';
import { searchCosts, WaitingNodes } from './simulator/waiting-nodes.js';

const FLAGS = {
  ...SHOP_FLAGS,
  ...BESIDE_FLAGS,
  shards: { default: 1, help: 'shard processes of the real cluster' },
  'query-nodes': { default: 2, help: 'with which the real one starts: several share the port' },
  validate: {
    default: false,
    help: 'only: a load with steps on the real cluster that scales itself, beside its model',
  },
  days: { default: '.', help: 'those whose name matches are replayed; none: ^$' },
  'only-model': {
    default: false,
    help: 'without one to three query nodes and back, on this machine',
  },
  low: { default: 3, help: 'searches per second with which the real one begins and ends' },
  high: { default: 28, help: 'searches per second between' },
  seconds: { default: 15, help: 'that the high rate lasts once there are three' },
};

/** A node for each 10 searches a second; looked at each second, since nobody wants to wait for ten minutes. */
const POLICY = {
  query_nodes: { min: 1, max: 3, qps_per_node: 10, cpu: { up: 1, down: 0.01 }, memory: 1 },
  ...{ every_s: 1, cool_down_s: { up: 2, down: 6 }, start_s: 20, changes_per_hour: 60 },
};
const AT_FIRST = 3;
/** As in the model of the whole cluster: a search asks as many, so many texts were not asked before. */
const PARTS = 2;
const NEW_TEXT_SHARE = 0.42;
const WAIT_MS = 120_000;
const TIMEOUT_MS = 20_000;
const MAX_IN_FLIGHT = 512;

await bench(
  {
    name: 'autoscale',
    about: 'Policies beside loads of 24 hours in a model, and one to three query nodes here.',
    maxMinutes: 20,
    flags: FLAGS,
  },
  async (run): Promise<BenchResult> => {
    if (run.flags.validate) return validate(run);
    const measurement = await readMeasurement(MEASURED);
    const wanted = new RegExp(run.flags.days);
    const days = SCALED_DAYS.filter(({ name }) => wanted.test(name)).slice(
      0,
      run.flags.quick ? 1 : undefined,
    );
    // Each as soon as it is known: a day takes the better part of a minute.
    const replayed = days.map((day) => {
      const { row, looks } = replayDay(run, day, measurement);
      print(`24 hours in the model: ${day.name}`, formatTable([row]));
      return { ...row, looks };
    });
    const [first] = replayed;
    const moments = first === undefined ? [] : await showMoments(run, first.looks, measurement);
    const real = run.flags['only-model'] ? undefined : await scaleHere(run);
    return {
      data: { days: days.map(({ name }) => name), ...real?.data },
      results: { replayed, moments, validation: measurement.validation, real: real?.result },
      figures: real === undefined ? [] : real.figures,
    };
  },
);

type Run = BenchRun<typeof FLAGS>;

async function validate(run: Run): Promise<BenchResult> {
  const { data, results, rows } = await besideModel(run);
  const figures = rows.map(({ figure, ratio }) => ({
    name: `${figure}: model / real`,
    value: ratio,
    unit: '',
  }));
  return { data, results, figures };
}

function policyIn(file: object): Policy {
  const policy = readPolicy(file);
  if ('problem' in policy) throw new Error(policy.problem);
  return policy;
}

function replayDay(run: Run, { name, policy, spec }: ScaledDay, { times }: Measurement) {
  run.say(name);
  const { seed } = run.flags;
  const costs = searchCosts({ times, parts: PARTS, newTextShare: NEW_TEXT_SHARE, seed });
  const latency = new LatencyHistogram();
  const nodes = new WaitingNodes(costs, new Random(seed, name), latency, AT_FIRST);
  const ended = replay({ ...spec, policy: policyIn(policy), nodes });
  const row = {
    day: name,
    searches: nodes.searches,
    'out of time': nodes.failed,
    'p50 ms': latency.percentileMs(50),
    'p99 ms': latency.percentileMs(99),
    changes: ended.changes.length,
    'most an hour': ended.mostChangesAnHour,
    'node hours': ended.nodeHours,
    'beside an oracle': ended.nodeHours / ended.oracleNodeHours,
  };
  return { row, looks: ended.looks };
}

/** Moments of a day in the model of the whole cluster, in which searches wait in shards as well. */
async function showMoments(run: Run, looks: readonly Look[], measurement: Measurement) {
  const { times, validation } = measurement;
  const moments = momentsOf(looks);
  const shown = [];
  for (const moment of moments) {
    const { p50Ms, p99Ms, failed } = await simulateMoment(moment, times, run.flags.seed);
    const { at, qps, nodes } = moment;
    shown.push({ at, 'searches/s': qps, nodes, failed, 'p50 ms': p50Ms, 'p99 ms': p99Ms });
  }
  print('moments of the first, in the model of the whole cluster', formatTable(shown));
  print('that model beside a real cluster', formatTable(ratiosOf(validation)));
  return shown;
}

interface Decided {
  at: string;
  from: number;
  to: number;
  reason: string;
}

async function scaleHere(run: Run) {
  const folder = await mkdtemp(join(tmpdir(), 'omnisearch-policy-'));
  run.use({ close: () => rm(folder, { recursive: true, force: true }) });
  const file = join(folder, 'policy.json');
  await writeFile(file, JSON.stringify(POLICY));
  const shop = await openShop(run, 1, { OMNISEARCH_POLICY: file });
  const clock = run.use(new PacedClock());
  const { low, high, seconds } = run.flags;
  const load = await sendUntil(run, shop, clock, async (setRate) => {
    setRate(low);
    await untilNodes(shop, 1);
    run.say(`${high} searches a second`);
    setRate(high);
    await untilNodes(shop, 3);
    await sleep(seconds * 1_000);
    run.say(`${low} searches a second`);
    setRate(low);
    await untilNodes(shop, 1);
    await sleep(3_000);
  });
  const { decisions } = (await shop.client.expect('GET', '/admin/autoscale')) as {
    decisions: Decided[];
  };
  const changes = decisions
    .reverse()
    .map(({ at, from, to, reason }) => ({ at: at.slice(11, 19), from, to, reason }));
  print('query nodes on this machine', formatTable(changes));
  print(
    `${formatNumber(load.searches)} searches meanwhile, ${formatNumber(load.failed)} failed`,
    `p50 ${formatNumber(load.p50Ms)} ms, p99 ${formatNumber(load.p99Ms)} ms`,
  );
  const figures: Figure[] = [
    { name: 'searches that failed while query nodes came and went', value: load.failed, unit: '' },
  ];
  return { data: describeShop(shop), result: { ...load, changes }, figures };
}

/** Query nodes on the port; one more writes. */
async function untilNodes(shop: Shop, count: number): Promise<void> {
  const endMs = performance.now() + WAIT_MS;
  const running = (): number =>
    shop.processes().filter(({ name }) => name.includes('query-node')).length - 1;
  while (running() !== count) {
    if (performance.now() > endMs) throw new Error(`${running()} query nodes, not ${count}`);
    await sleep(200);
  }
}

/** Searches at a rate that `during` sets, until it is over. */
async function sendUntil(
  run: Run,
  { client, traffic }: Shop,
  clock: PacedClock,
  during: (setRate: (perSecond: number) => void) => Promise<void>,
) {
  let rate = 1;
  let isOver = false;
  const over = during((perSecond) => (rate = perSecond)).finally(() => (isOver = true));
  // Heard below: until then it is no reason to end without closing anything.
  over.catch(() => undefined);
  const latency = new LatencyHistogram();
  let [searches, failed] = [0, 0];
  for (let second = 0; !isOver; second++) {
    const { intended, succeeded } = await runOpenLoop({
      ...{ clock, arrivals: poissonArrivals(rate, 1_000, new Random(run.flags.seed, `${second}`)) },
      ...{ warmupMs: 0, durationMs: 1_000, maxInFlight: MAX_IN_FLIGHT, drainMs: TIMEOUT_MS },
      send: () => {
        const request = { query: traffic.next(0), top_k: 10, timeout_ms: TIMEOUT_MS };
        return search(client, '/search/text', request);
      },
      onReply: (_, tookMs) => latency.record(tookMs),
    });
    searches += intended;
    failed += intended - succeeded;
  }
  await over;
  return { searches, failed, p50Ms: latency.percentileMs(50), p99Ms: latency.percentileMs(99) };
}
