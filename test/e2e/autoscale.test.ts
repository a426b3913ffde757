import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeProducts, seeded, randomVector } from './catalogue.js';
import { Cluster } from './cluster.js';

/** One to two query nodes and back on one machine, by searches a second alone, while shoppers go on. */

const DIMENSIONS = 16;
const SHOPPERS = 4;
const POLICY = {
  query_nodes: { min: 1, max: 2, qps_per_node: 20, cpu: { up: 1, down: 0.01 }, memory: 1 },
  ...{ every_s: 1, cool_down_s: { up: 1, down: 2 }, start_s: 30, changes_per_hour: 60 },
};

let folder: string;
let cluster: Cluster | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'omnisearch-autoscale-'));
});
afterEach(async () => {
  await cluster?.stop();
  cluster?.remove();
  cluster = undefined;
  rmSync(folder, { recursive: true });
});

interface Shown {
  decisions: { from: number; to: number; role: string; reason: string; outcome: string }[];
}

test('under load there are more query nodes, without it fewer, and no search fails', async () => {
  const policy = join(folder, 'policy.json');
  writeFileSync(policy, JSON.stringify(POLICY));
  const args = ['--model', 'none', '--dimensions', String(DIMENSIONS), '--policy', policy];
  const env = { OMNISEARCH_HANG_TIMEOUT_MS: '5000' };
  const at = await Cluster.start({ shards: 1, args, env });
  cluster = at;
  await at.index(makeProducts(100, DIMENSIONS));
  // One on the port, and the one that writes.
  expect(at.pids('query-node')).toHaveLength(2);

  let pauseMs = 20;
  let isOver = false;
  const failed: unknown[] = [];
  const shoppers = Array.from({ length: SHOPPERS }, async (_, shopper) => {
    const random = seeded(shopper);
    while (!isOver) {
      const search = { vector: randomVector(random, DIMENSIONS), timeout_ms: 20_000 };
      const { status, json } = await at.post('/search/vector', search);
      if (status !== 200 || json['partial'] !== null) failed.push({ status, json });
      await sleep(pauseMs);
    }
  });
  const count = (): number => at.pids('query-node').length;
  const wait = { timeout: 40_000, interval: 100 };
  await expect.poll(count, wait).toBe(3);
  pauseMs = 1_500;
  await expect.poll(count, wait).toBe(2);
  isOver = true;
  await Promise.all(shoppers);
  expect(failed).toEqual([]);

  const { json } = await at.send('GET', '/admin/autoscale');
  const [down, up] = (json as unknown as Shown).decisions;
  expect(up).toMatchObject({ role: 'query_nodes', from: 1, to: 2, outcome: 'done' });
  expect(up?.reason).toContain('searches a second');
  expect(down).toMatchObject({ role: 'query_nodes', from: 2, to: 1, outcome: 'done' });
});
