import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { PacedClock } from './load/clock.js';
import { bench, type BenchRun } from './lib/bench.js';
import type { JsonClient } from './lib/client.js';
import { measurePhase, phaseFigures, phaseRow, type Measured } from './lib/phase.js';
import { print } from './lib/report.js';
import { describeShop, openShop, SHOP_FLAGS, type Shop } from './lib/shop.js';
import { formatTable } from './lib/table.js';

const FLAGS = {
  ...SHOP_FLAGS,
  replicas: { default: 2, help: 'processes that hold each part' },
  rate: { default: 200, help: 'searches per second, open loop' },
  unseen: { default: 0, help: 'share of queries never asked before' },
  seconds: { default: 10, help: 'of each phase' },
  'query-nodes': { default: 2, help: 'processes that share the port' },
  only: { default: '', help: 'phases whose name matches, besides the quiet ones' },
  writes: { default: 50, help: 'products a second that are written while partitions move' },
};

const SHARD_ENV = 'OMNISEARCH_SHARD=';
const BATCH_ROWS = 200;
const BATCH_EVERY_MS = 1_000;
const BATCH_LIMIT_MS = 60_000;
/** As long as the shortest of long phases. */
const BATCHES = 12;
/** How many times longer a phase is in which something is done all the while. */
const LONG_PHASE = 3;

/** What is done to processes at the beginning of a phase, and at its end. */
interface Phase {
  name: string;
  begin?: (nodes: ReadonlyMap<string, number>) => void;
  end?: (nodes: ReadonlyMap<string, number>) => void;
  /** What takes its time. */
  meanwhile?: (shop: Shop, writes: number) => Promise<void>;
}

const signal =
  (name: NodeJS.Signals, ...nodes: string[]) =>
  (pids: ReadonlyMap<string, number>): void => {
    for (const node of nodes) process.kill(pids.get(node) ?? NaN, name);
  };

/** With two parts on two processes each, `s1` and `s2` hold the same. */
const PHASES: readonly Phase[] = [
  { name: 'quiet' },
  { name: 'one killed', begin: signal('SIGKILL', 's1') },
  { name: 'one hangs', begin: signal('SIGSTOP', 's2'), end: signal('SIGCONT', 's2') },
  { name: 'it is back' },
  {
    name: 'both hang',
    begin: signal('SIGSTOP', 's1', 's2'),
    end: signal('SIGCONT', 's1', 's2'),
  },
  { name: 'after 5 s' },
  { name: 'shards restart', meanwhile: (shop) => restartAll(shop, 'shard-node') },
  { name: 'query nodes restart', meanwhile: (shop) => restartAll(shop, 'query-node') },
  { name: 'quiet again' },
  { name: 'batches are written', meanwhile: writeBatches },
  { name: 'move and split', meanwhile: moveAndSplit },
  { name: 'drain', meanwhile: drainLast },
];

await bench(
  {
    name: 'failover',
    about: 'Searches at a steady rate while replicas are killed, hang, are all away and come back.',
    maxMinutes: 15,
    flags: FLAGS,
  },
  async (run) => {
    const shop = await openShop(run, run.flags.replicas);
    const clock = run.use(new PacedClock());
    await runPhase(run, shop, clock, { name: 'warming up' });
    const phases = [];
    const only = new RegExp(`quiet|${run.flags.only}`);
    for (const phase of PHASES.filter(({ name }) => only.test(name))) {
      if (phase.name === 'after 5 s') await sleep(5_000);
      phases.push(await runPhase(run, shop, clock, phase));
    }
    print(`${String(run.flags.rate)} searches per second`, formatTable(phases.map(phaseRow)));
    return {
      data: { ...describeShop(shop), replicas: run.flags.replicas, rate: run.flags.rate },
      results: phases,
      figures: phases.flatMap(phaseFigures),
    };
  },
);

async function runPhase(
  run: BenchRun<typeof FLAGS>,
  shop: Shop,
  clock: PacedClock,
  { name, begin, end, meanwhile }: Phase,
): Promise<Measured> {
  const { rate, unseen, writes } = run.flags;
  const seconds = run.flags.quick ? 4 : run.flags.seconds;
  const durationMs = (meanwhile === undefined ? 1 : LONG_PHASE) * seconds * 1_000;
  const load = { name, durationMs, rate, unseen };
  const measured = await measurePhase(run, shop, clock, load, async () => {
    begin?.(nodesOf(shop));
    await meanwhile?.(shop, writes);
  });
  end?.(nodesOf(shop));
  return measured;
}

/** A batch of products whose prices changed every second, and what that and the searches cost each query node. */
async function writeBatches(shop: Shop): Promise<void> {
  const { client, catalogue } = shop;
  const { products } = catalogue;
  const cpuMs = (): Map<number, number> =>
    new Map(
      shop
        .processes()
        .filter(({ name }) => name.includes('query-node'))
        .map((each) => [each.pid, each.cpuMs]),
    );
  const before = cpuMs();
  const startMs = performance.now();
  for (let rows = 0; rows < BATCHES * BATCH_ROWS; rows += BATCH_ROWS) {
    const lines = Array.from({ length: BATCH_ROWS }, (_, i) => {
      const product = JSON.parse(products[(rows + i) % products.length]?.line ?? '{}') as object;
      return JSON.stringify({ ...product, price: rows + i });
    });
    const body = lines.join('\n');
    await client.expect('POST', '/products', body, 'application/x-ndjson', BATCH_LIMIT_MS);
    const nextMs = startMs + (rows / BATCH_ROWS + 1) * BATCH_EVERY_MS;
    await sleep(Math.max(0, nextMs - performance.now()));
  }
  const seconds = (performance.now() - startMs) / 1_000;
  const spent = [...cpuMs()].map(([pid, ms]) => Math.round(ms - (before.get(pid) ?? 0)));
  print(
    `${String(BATCHES * BATCH_ROWS)} rows in ${seconds.toFixed(1)} s`,
    `ms of CPU of each query node: ${spent.join(', ')}`,
  );
}

/** Has each process of a role stop, one after the other, each when the one before is back. */
async function restartAll(shop: Shop, role: string): Promise<void> {
  const pids = (): number[] =>
    shop.processes().flatMap(({ pid, name }) => (name.includes(role) ? [pid] : []));
  const before = pids();
  for (const pid of before) {
    process.kill(pid, 'SIGTERM');
    const isBack = (): boolean => !pids().includes(pid) && pids().length === before.length;
    while (!isBack()) await sleep(50);
    while (!(await areHealthy(shop))) await sleep(100);
  }
}

/** Whether all shards are, as `/healthz` has it: `4 of 4 healthy`. */
async function areHealthy({ client }: Shop): Promise<boolean> {
  const { body } = await client.get('/healthz');
  const [, healthy, all] = /(\d+) of (\d+) healthy/.exec(JSON.stringify(body)) ?? [];
  return healthy !== undefined && healthy === all;
}

interface Placed {
  id: string;
  rows: number;
  replicas: { node: string; state: string }[];
}

async function partitionsOf(client: JsonClient): Promise<Placed[]> {
  return ((await client.expect('GET', '/admin/cluster')) as { partitions: Placed[] }).partitions;
}

/** The largest partition goes to the other nodes, the next is halved, and products are written all the while. */
async function moveAndSplit({ client, catalogue }: Shop, rate: number): Promise<void> {
  const all = (await partitionsOf(client)).sort((a, b) => b.rows - a.rows);
  const [first, second] = all as [Placed, Placed];
  const nodes = new Set(all.flatMap(({ replicas }) => replicas.map(({ node }) => node)));
  const own = first.replicas.map(({ node }) => node);
  const to = [...nodes].filter((node) => !own.includes(node)).slice(0, own.length);
  const tenant = 'default';
  await client.expect('POST', '/admin/placement/move', { tenant, partition: first.id, to });
  await client.expect('POST', '/admin/placement/split', { tenant, partition: second.id });
  const isOver = async (): Promise<boolean> =>
    (await partitionsOf(client)).every(({ replicas }) =>
      replicas.every(({ state }) => state === 'serving'),
    );
  const { products } = catalogue;
  for (let row = 0; row % rate > 0 || !(await isOver()); row++) {
    const product = JSON.parse(products[row % products.length]?.line ?? '{}') as object;
    await client.expect('POST', '/products', { ...product, price: row });
    await sleep(1_000 / rate);
  }
}

/** The last node is emptied, as `placement drain` does it: over when nothing is left there. */
async function drainLast({ client }: Shop): Promise<void> {
  const rowsOf = (all: readonly Placed[]): Map<string, number> => {
    const rows = new Map<string, number>();
    for (const one of all) {
      for (const { node } of one.replicas) rows.set(node, (rows.get(node) ?? 0) + one.rows);
    }
    return rows;
  };
  const last = [...rowsOf(await partitionsOf(client)).keys()].sort().at(-1) ?? '';
  const startMs = performance.now();
  await client.expect('POST', `/admin/nodes/${last}/drain`, {});
  while (rowsOf(await partitionsOf(client)).has(last)) await sleep(200);
  const seconds = (performance.now() - startMs) / 1_000;
  const left = [...rowsOf(await partitionsOf(client)).values()];
  const mean = left.reduce((sum, rows) => sum + rows, 0) / left.length;
  const imbalance = Math.max(...left) / mean - 1;
  print(
    `${last} drained in ${seconds.toFixed(1)} s`,
    `rows of those left: ${left.join(', ')}; the most is ${(100 * imbalance).toFixed(1)} % above the mean`,
  );
}

/** Pids of the shard processes by name. */
function nodesOf(shop: Shop): Map<string, number> {
  const nodes = new Map<string, number>();
  for (const { pid } of shop.processes()) {
    const environment = readFileSync(`/proc/${String(pid)}/environ`, 'utf8').split('\0');
    const name = environment.find((line) => line.startsWith(SHARD_ENV));
    if (name !== undefined) nodes.set(name.slice(SHARD_ENV.length), pid);
  }
  return nodes;
}
