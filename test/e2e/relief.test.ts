import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { bruteForce, makeProducts, randomVector, seeded } from './catalogue.js';
import { Cluster } from './cluster.js';
import { runCommand } from './command.js';

/** A shard process that has too much for what it can hold is relieved, while all is searched. */

const DIMENSIONS = 16;
const ARGS = ['--model', 'none', '--dimensions', String(DIMENSIONS)];
/** What is sealed soon takes as much after a start as before it. */
const ENV = { OMNISEARCH_TAIL_ROWS: '256' };
const PRODUCTS = makeProducts(2_000, DIMENSIONS);
const COOL_DOWN_MS = 2_000;
const RELIEVED_MS = 90_000;

let cluster: Cluster | undefined;
afterEach(async () => {
  await cluster?.stop();
  cluster?.remove();
  cluster = undefined;
});

interface Shown {
  nodes: { name: string; live_bytes: number; capacity_bytes: number }[];
  partitions: { id: string; replicas: { node: string; state: string }[] }[];
  advice: { action: string; node: string; id: string; to: string[]; share: number }[];
}

const shown = async (at: Cluster): Promise<Shown> =>
  (await at.send('GET', '/admin/cluster')).json as unknown as Shown;

const nodesOf = ({ partitions }: Shown): Record<string, string> =>
  Object.fromEntries(
    partitions.map(({ id, replicas }) => [id, replicas.map(({ node }) => node).join()]),
  );

const isAtRest = ({ partitions }: Shown): boolean =>
  partitions.every(({ replicas }) => replicas.every(({ state }) => state === 'serving'));

async function until(at: Cluster, isSo: (state: Shown) => boolean): Promise<Shown> {
  const endsAt = performance.now() + RELIEVED_MS;
  for (;;) {
    const state = await shown(at);
    if (isSo(state)) return state;
    if (performance.now() > endsAt) throw new Error(`${JSON.stringify(state)}\n${at.log()}`);
    await sleep(200);
  }
}

const bytesOf = ({ nodes }: Shown, name: string): number =>
  nodes.find((node) => node.name === name)?.live_bytes ?? 0;

const shareOf = ({ nodes }: Shown, name: string): number => {
  const node = nodes.find((each) => each.name === name);
  return node === undefined ? 0 : node.live_bytes / node.capacity_bytes;
};

test('invariant 3: with AUTO a shard past 80 % of its memory is relieved a step at a time, and exact answers stay', async () => {
  cluster = await Cluster.start({ shards: 2, args: ARGS, env: ENV });
  await cluster.index(PRODUCTS);
  // All but the smallest category to s1, and the largest is to stay there.
  for (let i = 0; i < 7; i++) {
    await ordered(cluster, 'move', { category: `Category ${i}`, to: ['s1'] });
  }
  await ordered(cluster, 'move', { category: 'Category 7', to: ['s2'] });
  await ordered(cluster, 'pin', { category: 'Category 0', pinned: true });
  const full = await until(
    cluster,
    (state) => isAtRest(state) && bytesOf(state, 's1') > 20 * bytesOf(state, 's2'),
  );
  expect(full.advice).toEqual([]);
  const { dataDir } = cluster;
  await cluster.stop();

  // So that the largest of the others is not enough.
  const capacity = Math.round(bytesOf(full, 's1') / 1.05);
  const auto = ['--auto', '--cool-down-ms', String(COOL_DOWN_MS)];
  const sized = [...ARGS, '--capacity-bytes', String(capacity), ...auto];
  cluster = await Cluster.start({ shards: 2, dataDir, args: sized, env: ENV });
  const at = cluster;
  const random = seeded(84);
  const wrong: unknown[] = [];
  let over = false;
  const shopper = (async () => {
    while (!over) {
      const vector = randomVector(random, DIMENSIONS);
      const query = { vector, exact: true, fields: [], top_k: 20, timeout_ms: 20_000 };
      const { json } = await at.post('/search/vector', query);
      const found = json.hits?.map(({ id, score }) => ({ id, score: Math.fround(score) }));
      const right = bruteForce(PRODUCTS, vector, 20, () => true);
      if (JSON.stringify(found) !== JSON.stringify(right) || json['partial'] !== null) {
        wrong.push({ found, right, partial: json['partial'] });
      }
      await sleep(50);
    }
  })();
  // What sleeps counts as its files do, which take more: once it is searched it is as it was.
  const said = await until(at, ({ advice: [first] }) => first !== undefined && first.share < 1.2);
  const [advice] = said.advice;
  expect(said.advice).toMatchObject([{ action: 'move', node: 's1', to: ['s2'] }]);
  const table = await runCommand(['placement', 'show', '--url', at.url]);
  expect(table.stdout).toMatch(
    /s1 uses \d+ % of its memory: move default Category \d all .* to s2/,
  );

  const relieved = await until(at, (state) => isAtRest(state) && shareOf(state, 's1') < 0.8);
  over = true;
  await shopper;
  expect(wrong).toEqual([]);
  expect(relieved.advice).toEqual([]);
  expect(shareOf(relieved, 's2')).toBeLessThan(0.8);
  const lines = (await (await fetch(`${at.url}/audit`)).text()).trim().split('\n');
  const steps = lines
    .map((line) => JSON.parse(line) as { by: string; at: string; after: { nodes: object } })
    .filter(({ by }) => by === 'auto');
  // The first is what was said; each began when the one before had cooled down.
  expect(steps[0]?.after.nodes).toEqual({ [advice?.id ?? '']: ['s2'] });
  expect(steps.length).toBeGreaterThan(1);
  for (const [i, step] of steps.slice(1).entries()) {
    const gapMs = Date.parse(step.at) - Date.parse(steps[i]?.at ?? '');
    expect(gapMs).toBeGreaterThan(COOL_DOWN_MS);
  }
  // Nothing else moved, and nothing comes back.
  const moved = steps.flatMap(({ after }) => Object.keys(after.nodes));
  const expected = { ...nodesOf(said), ...Object.fromEntries(moved.map((id) => [id, 's2'])) };
  expect(nodesOf(relieved)).toEqual(expected);
}, 240_000);

async function ordered(at: Cluster, what: string, body: object): Promise<void> {
  const { status, json } = await at.post(`/admin/placement/${what}`, {
    tenant: 'default',
    ...body,
  });
  if (status !== 200) throw new Error(JSON.stringify(json));
}
