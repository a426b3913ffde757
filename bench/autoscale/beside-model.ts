import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ThisMachine } from '../../src/cli/autoscale/this-machine.js';
import { readPolicy } from '../../src/capacity/autoscale/policy.js';
import { firstPartition } from '../../src/placement/partition.js';
import { CONTROL_SOCKET } from '../../src/supervisor/control-socket.js';
import { socketsOf } from '../../src/supervisor/socket-folder.js';
import type { BenchRun } from '../lib/bench.js';
import { ChildServer } from '../lib/child-server.js';
import { JsonClient } from '../lib/client.js';
import { REPOSITORY } from '../lib/paths.js';
import { Random } from '../lib/random.js';
import { print } from '../lib/report.js';
import { describeShop, openShop, type Shop, type SHOP_FLAGS } from '../lib/shop.js';
import { formatNumber, formatTable } from '../lib/table.js';
import { PacedClock } from '../load/clock.js';
import { LatencyHistogram } from '../load/histogram.js';
import { runOpenLoop } from '../load/open-loop.js';
import { explainedSearch } from '../simulator/measure-times.js';
import { measureMachine } from './measure-machine.js';
import { runModel } from './stepped-model.js';
import { durationMs, nodeSeconds, stepArrivals, stepsOf } from './steps.js';
import type { Step, SteppedRun } from './steps.js';

/** As `bench:autoscale` has them besides. */
export type BesideRun = BenchRun<typeof SHOP_FLAGS & typeof BESIDE_FLAGS>;

export const BESIDE_FLAGS = {
  'per-node': { default: 20, help: 'of --validate: searches per second of a node' },
};

const MAIN = join(REPOSITORY, 'dist', 'cli', 'main.js');
const TIMEOUT_MS = 20_000;
const MAX_IN_FLIGHT = 512;
const MEASURED_MS = 20_000;
const QUICK = 0.3;
/** What is to be within it of the real cluster. */
const BOUND = 0.2;

/** Times are as short as decisions of a day can be made in minutes. */
function policyFile(perNode: number) {
  return {
    query_nodes: { min: 1, max: 3, qps_per_node: perNode, cpu: { up: 1, down: 0.01 }, memory: 1 },
    ...{ every_s: 2, cool_down_s: { up: 4, down: 12 }, start_s: 4, changes_per_hour: 60 },
  };
}

/** A load with steps on a real cluster that scales itself, and on its model, which knows what that cluster was measured to take. */
export async function besideModel(run: BesideRun) {
  const { flags } = run;
  const perNode = flags['per-node'];
  const shop = await openShop(run);
  const { server } = shop;
  if (server === undefined) throw new Error('a server of its own is needed: leave out --url');
  const client = run.use(new JsonClient(server.url, TIMEOUT_MS, MAX_IN_FLIGHT, undefined, true));
  const clock = run.use(new PacedClock());
  const socket = join(await socketsOf(server.dataDir), CONTROL_SOCKET);
  const machine = new ThisMachine(socket);
  const partitions = await placedOn(shop);
  run.say('measuring what searches and starts take');
  const measured = await measureMachine(shop, {
    ...{ client, machine, clock, perSecond: perNode, seed: flags.seed },
    ...{ forMs: MEASURED_MS * (flags.quick ? QUICK : 1), parts: partitions.length },
  });
  const steps = stepsOf(perNode, flags.quick ? QUICK : 1);
  run.say(`${formatNumber(durationMs(steps) / 1_000)} s of a load with steps`);
  await run.noise.lap();
  const real = await runReal(run, shop, { client, clock, steps });
  const { foreign_cpu: foreign } = await run.noise.lap();
  const policy = readPolicy(policyFile(perNode));
  if ('problem' in policy) throw new Error(policy.problem);
  const placement = {
    counter: 1,
    partitions: partitions.map((group, i) => firstPartition(`c${i}`, group)),
  };
  const model = await runModel({
    machine: measured,
    ...{ policy, steps, seed: flags.seed, shards: [...new Set(partitions.flat())] },
    next: () => ({ tenant: 'default', placement, text: shop.traffic.next(0) }),
  });
  const { start, clientMs, cold } = measured;
  const before = {
    ...{ 'client ms': clientMs, 'start cpu ms': start.cpuMs, 'start wait ms': start.waitMs },
    'cold, times': cold.slowness,
    'others %': 100 * foreign,
  };
  print(
    'measured: who asks a search, a start, and what others took of the machine',
    formatTable([before]),
  );
  const rows = rowsOf(real, model, durationMs(steps));
  print('a load with steps: the real cluster beside its model', formatTable(rows));
  const data = { ...describeShop(shop), steps, policy: policyFile(perNode) };
  return { data, results: { before, real, model, rows }, rows };
}

function rowsOf(real: SteppedRun, model: SteppedRun, untilMs: number) {
  const figures = (of: SteppedRun): Record<string, number> => ({
    ...{ searches: of.searches, failed: of.failed, 'p50 ms': of.p50Ms, 'p99 ms': of.p99Ms },
    ...{ changes: of.changes.length, 'node seconds': nodeSeconds(of.changes, 1, untilMs) },
  });
  const modelled = figures(model);
  return Object.entries(figures(real)).map(([figure, value]) => {
    const other = modelled[figure] ?? Number.NaN;
    const ratio = value === other ? 1 : other / value;
    return {
      ...{ figure, real: value, model: other, ratio, 'difference %': 100 * (ratio - 1) },
      'within 20 %': Math.abs(ratio - 1) <= BOUND ? 'yes' : 'no',
    };
  });
}

/** Sends the load while `omnisearch autoscale` looks on. */
async function runReal(
  run: BesideRun,
  shop: Shop,
  { client, clock, steps }: { client: JsonClient; clock: PacedClock; steps: readonly Step[] },
): Promise<SteppedRun> {
  const dataDir = shop.server?.dataDir ?? '';
  const folder = await mkdtemp(join(tmpdir(), 'omnisearch-policy-'));
  run.use({ close: () => rm(folder, { recursive: true, force: true }) });
  const policy = join(folder, 'policy.json');
  await writeFile(policy, JSON.stringify(policyFile(run.flags['per-node'])));
  const args = [MAIN, 'autoscale', '--data-dir', dataDir, '--policy', policy];
  const scaler = ChildServer.start(process.execPath, args, { name: 'omnisearch autoscale' });
  run.use({ close: () => scaler.stop() });
  await scaler.waitUntil(async () => (await looks(shop)) > 0);
  const latency = new LatencyHistogram();
  const beganAtMs = Date.now();
  const forMs = durationMs(steps);
  const { intended, succeeded } = await run.measure('steps', () =>
    runOpenLoop({
      ...{ clock, arrivals: stepArrivals(steps, new Random(run.flags.seed, 'steps')) },
      ...{ warmupMs: 0, durationMs: forMs, maxInFlight: MAX_IN_FLIGHT, drainMs: TIMEOUT_MS },
      send: () => explainedSearch(client, shop.traffic.next(0)),
      onReply: (_, tookMs) => latency.record(tookMs),
    }),
  );
  const { decisions } = await scaling(shop);
  const changes = decisions
    .map(({ at, from, to }) => ({ atMs: Date.parse(at) - beganAtMs, from, to }))
    .filter(({ atMs }) => atMs > 0 && atMs < forMs)
    .sort((a, b) => a.atMs - b.atMs);
  const [p50Ms, p99Ms] = [latency.percentileMs(50), latency.percentileMs(99)];
  return { searches: intended, failed: intended - succeeded, p50Ms, p99Ms, changes };
}

interface Scaling {
  decisions: { at: string; from: number; to: number }[];
  seen: object[];
}

async function scaling({ client }: Shop): Promise<Scaling> {
  return (await client.expect('GET', '/admin/autoscale')) as Scaling;
}

/** Roles that were looked at. */
async function looks(shop: Shop): Promise<number> {
  return (await scaling(shop)).seen.length;
}

/** The nodes of each partition. */
async function placedOn({ client }: Shop): Promise<string[][]> {
  const body = await client.expect('GET', '/admin/cluster?limit=1000');
  const { partitions } = body as { partitions: { replicas: { node: string }[] }[] };
  return partitions.map(({ replicas }) => replicas.map(({ node }) => node));
}
