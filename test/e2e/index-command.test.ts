import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeProducts, type TestProduct } from './catalogue.js';
import { Cluster } from './cluster.js';
import { startCommand, type Command } from './command.js';

const DIMENSIONS = 16;
const ROWS = 4_000;
/** Small requests: there is a middle to be killed in. */
const BATCHES = ['--batch-rows', '25', '--concurrency', '2'];

let cluster: Cluster;
let dir: string;
let feed: string;
let products: TestProduct[];

beforeEach(async () => {
  cluster = await Cluster.start({ args: ['--model', 'none', '--dimensions', String(DIMENSIONS)] });
  dir = mkdtempSync(join(tmpdir(), 'omnisearch-index-'));
  feed = join(dir, 'feed.ndjson');
  products = makeProducts(ROWS, DIMENSIONS, 3);
  writeFileSync(feed, products.map((product) => `${JSON.stringify(product)}\n`).join(''));
});
afterEach(async () => {
  await cluster.stop();
  cluster.remove();
  rmSync(dir, { recursive: true, force: true });
});

function startIndex(...flags: string[]): Command {
  const args = ['index', feed, '--url', cluster.url, '--wait', ...flags];
  return startCommand(args, { XDG_STATE_HOME: join(dir, 'state') });
}

async function untilStored(count: number, { process }: Command): Promise<void> {
  for (;;) {
    const stats = await cluster.send('GET', '/stats').catch(() => undefined);
    if (Number(stats?.json['products']) >= count) return;
    // Already over, or never begun: there is nothing to interrupt.
    expect(process.exitCode).toBeNull();
  }
}

/** `/stats` tells figures that are at most a second old. */
async function untilCounted(): Promise<void> {
  const counted = async (): Promise<number[]> => {
    const { json } = await cluster.send('GET', '/stats');
    const shards = json['shards'] as { documents: number }[];
    const documents = shards.reduce((sum, { documents }) => sum + documents, 0);
    return [json['products'] as number, documents];
  };
  for (let i = 0; i < 50 && (await counted()).some((count) => count !== ROWS); i++) {
    await sleep(100);
  }
  expect(await counted()).toEqual([ROWS, ROWS]);
}

async function expectAllSearchable(): Promise<void> {
  await untilCounted();
  for (const { id, vector, category } of [products[0], products[ROWS - 1]] as TestProduct[]) {
    const search = { vector, top_k: 1, exact: true, filter: { category } };
    const reply = await cluster.post('/search/vector', search);
    expect(reply.json.hits?.map((hit) => hit.id)).toEqual([id]);
  }
}

test('the query node is killed with -9 midway: `index` waits for it and carries on', async () => {
  const command = startIndex(...BATCHES);
  await untilStored(500, command);
  const [victim] = cluster.pids('query-node');
  process.kill(victim as number, 'SIGKILL');
  expect(command.process.exitCode).toBeNull();
  const { code, stdout, stderr } = await command.ended;
  expect(code, stderr).toBe(0);
  expect(stdout).toContain(`${ROWS} accepted`);
  expect(cluster.pids('query-node')).not.toContain(victim);
  await expectAllSearchable();
});

test('`index` is killed with -9 midway: --resume sends only what is left', async () => {
  const killed = startIndex(...BATCHES);
  await untilStored(1_500, killed);
  killed.process.kill('SIGKILL');
  expect((await killed.ended).code).toBeNull();
  const { code, stdout, stderr } = await startIndex('--resume').ended;
  expect(code, stderr).toBe(0);
  const sent = Number(/^(\d+) rows in/m.exec(stdout)?.[1]);
  expect(sent).toBeGreaterThan(0);
  // What was in flight when it died, and not a row more, may be sent twice.
  expect(sent).toBeLessThanOrEqual(ROWS - 1_400);
  await expectAllSearchable();
});
