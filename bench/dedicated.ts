import { setTimeout as sleep } from 'node:timers/promises';
import { poissonArrivals } from './load/arrivals.js';
import { timerClock } from './load/clock.js';
import { runOpenLoop } from './load/open-loop.js';
import { bench, type BenchRun } from './lib/bench.js';
import { CheckedTraffic, exactAnswers } from './lib/checked-traffic.js';
import { JsonClient } from './lib/client.js';
import { ingest, waitUntilQuiet } from './lib/ingest.js';
import { OmniServer } from './lib/omni-server.js';
import { Random } from './lib/random.js';
import { print } from './lib/report.js';
import { formatTable } from './lib/table.js';
import { vectorProduct } from './lib/vector-json.js';
import { loadVectors } from './lib/vector-server.js';

const FLAGS = {
  rows: { default: 5_000, help: "products of the shop that moves; two others' have a fifth each" },
  dimensions: { default: 128, help: 'of the vectors' },
  rounds: { default: 2, help: 'moves each way, one after the other' },
  rate: { default: 100, help: 'searches per second' },
  writes: { default: 10, help: 'new prices per second' },
  seconds: { default: 40, help: 'of searches and writes from each change of the plan on' },
};
type Run = BenchRun<typeof FLAGS>;

const QUERIES = 500;
const SHOP = 'big';
const OTHERS = ['one', 'two'];
const SHARDS = 3;
/** Few products are to be several partitions nevertheless. */
const ENV = { OMNISEARCH_PARTITION_ROWS: '1000', OMNISEARCH_RANGE_ROWS: '2000' };

interface Placed {
  tenant: string;
  replicas: { node: string; state: string }[];
}

/** What came of the searches and writes of one phase. */
interface Phase {
  phase: string;
  /** Until nothing moved any more; null: nothing was to move. */
  moved_s: number | null;
  searches: number;
  failed: number;
  /** Answers that say that they miss something, and why. */
  partial: number;
  wrong: number;
  writes: number;
  writes_failed: number;
  p50_ms: number;
  p99_ms: number;
}

await bench(
  {
    name: 'dedicated',
    about: 'A shop gets a shard process of its own by its plan and gives it back, under searches.',
    maxMinutes: ({ rounds, seconds }) => 6 + Math.ceil(((2 * rounds + 1) * (seconds + 30)) / 60),
    flags: FLAGS,
  },
  async (run) => {
    const { rows, dimensions, seed, rounds } = run.flags;
    const { base, queries } = await loadVectors(rows, dimensions, QUERIES, seed);
    const starting = OmniServer.start({ shards: SHARDS, model: 'none', dimensions, env: ENV });
    const server = await run.start(starting);
    const shop = run.use(new JsonClient(server.url, undefined, undefined, SHOP));
    await server.client.expect('PUT', '/plans/moving', {});
    await server.client.expect('PUT', `/tenants/${SHOP}`, { plan: 'moving' });
    await ingest(shop, rows, (row) => vectorProduct(base, row));
    for (const name of OTHERS) {
      const other = run.use(new JsonClient(server.url, undefined, undefined, name));
      await ingest(other, Math.floor(rows / 5), (row) => vectorProduct(base, row));
    }
    await until(server.client, false);
    await waitUntilQuiet(() => server.processes());
    const right = exactAnswers(base, queries);
    const traffic = new CheckedTraffic(shop, queries, right);
    const phases = [await phase(run, traffic, 'nothing moves', undefined)];
    for (let round = 0; round < rounds; round += 1) {
      for (const shards of [1, 0]) {
        const name = shards === 1 ? 'shared to dedicated' : 'dedicated to shared';
        const move = async (): Promise<void> => {
          await server.client.expect('PUT', '/plans/moving', { shards });
          await until(server.client, shards === 1);
        };
        phases.push(await phase(run, traffic, name, move));
        await waitUntilQuiet(() => server.processes());
      }
    }
    print(
      `a shop of ${String(rows)} products moves`,
      formatTable(phases.map((each) => ({ ...each }))),
    );
    const moving = phases.filter(({ moved_s: seconds }) => seconds !== null);
    const sum = (of: (phase: Phase) => number): number => moving.reduce((n, p) => n + of(p), 0);
    return {
      data: { dimensions, recipe: 'CLIP-like', products: rows },
      results: phases,
      figures: [
        { name: 'searches while a tenant moved', value: sum((p) => p.searches), unit: '' },
        { name: 'failed', value: sum((p) => p.failed + p.writes_failed), unit: '' },
        { name: 'partial', value: sum((p) => p.partial), unit: '' },
        { name: 'wrong', value: sum((p) => p.wrong), unit: '' },
      ],
    };
  },
);

async function phase(
  run: Run,
  traffic: CheckedTraffic,
  name: string,
  move: (() => Promise<void>) | undefined,
): Promise<Phase> {
  const { seed, seconds, rate, writes } = run.flags;
  const durationMs = seconds * 1_000;
  const load = <R extends { failure?: string }>(
    perS: number,
    what: string,
    send: (index: number) => Promise<R>,
  ) =>
    runOpenLoop({
      clock: timerClock,
      arrivals: poissonArrivals(perS, durationMs, new Random(seed, what)),
      ...{ warmupMs: 0, durationMs, maxInFlight: 512, drainMs: 10_000, send },
    });
  return run.measure(name, async () => {
    const startedMs = performance.now();
    let movedMs: number | undefined;
    const moving = move?.().then(() => {
      movedMs = performance.now() - startedMs;
    });
    const [searched, written] = await Promise.all([
      load(rate, `searches of ${name}`, (index) => traffic.search(index)),
      load(writes, `writes of ${name}`, (index) => traffic.write(index)),
      moving,
    ]);
    if (movedMs !== undefined && movedMs > durationMs) run.say(`${name} took longer than the load`);
    if (written.succeeded < written.intended) run.say(JSON.stringify(written.failures));
    const kinds = Object.entries(searched.failures);
    const count = (of: string): number =>
      kinds.reduce((n, [kind, more]) => n + (kind.startsWith(of) ? more : 0), 0);
    if (kinds.length > 0) run.say(JSON.stringify(searched.failures));
    return {
      phase: name,
      moved_s: movedMs === undefined ? null : movedMs / 1_000,
      searches: searched.intended,
      failed: searched.intended - searched.succeeded - count('partial') - count('wrong'),
      partial: count('partial'),
      wrong: count('wrong'),
      writes: written.intended,
      writes_failed: written.intended - written.succeeded,
      p50_ms: searched.latency.p50_ms,
      p99_ms: searched.latency.p99_ms,
    };
  });
}

/** Until nothing moves, and the shop is alone on one node, or among the others. */
async function until(client: JsonClient, isAlone: boolean): Promise<void> {
  for (;;) {
    const { partitions } = (await client.expect('GET', '/admin/cluster')) as {
      partitions: Placed[];
    };
    const areServing = partitions.every(({ replicas }) =>
      replicas.every(({ state }) => state === 'serving'),
    );
    const nodesOf = (isOwn: boolean): Set<string> =>
      new Set(
        partitions
          .filter(({ tenant }) => (tenant === SHOP) === isOwn)
          .flatMap(({ replicas }) => replicas.map(({ node }) => node)),
      );
    const [own, others] = [nodesOf(true), nodesOf(false)];
    const isApart = [...own].every((node) => !others.has(node));
    if (areServing && (isAlone ? own.size === 1 && isApart : own.size > 1)) return;
    await sleep(100);
  }
}
