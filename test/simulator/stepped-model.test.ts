import { expect, test } from 'vitest';
import { runModel, type Machine } from '../../bench/autoscale/stepped-model.js';
import { nodeSeconds, type Step } from '../../bench/autoscale/steps.js';
import { readPolicy, type Policy } from '../../src/capacity/autoscale/policy.js';
import { firstPartition } from '../../src/placement/partition.js';

const FILE = {
  query_nodes: { min: 1, max: 3, qps_per_node: 20, cpu: { up: 1, down: 0.01 }, memory: 1 },
  ...{ every_s: 2, cool_down_s: { up: 4, down: 12 }, start_s: 4, changes_per_hour: 60 },
};
const SHARDS = ['s1'];

/** Half of the query node's 4 ms is work of its own, 1 of the rest who asks takes; the encoder takes 1, a shard 2 and its way 1. */
const MACHINE: Machine = {
  ...{ cores: 4, clientMs: 1, start: { cpuMs: 1_000, waitMs: 100 } },
  cold: { searches: 100, slowness: 1 },
  times: {
    ...{ rowsPerShard: 1_000, shardBusyShare: 1, queryBusyShare: 0.5 },
    searches: [
      {
        requests: { words: [[2, 1]], choose: [], search: [[2, 1]] },
        ...{ ownMs: 4, embeddingMs: 1 },
      },
    ],
  },
};

function run(machine: Partial<Machine>, steps: readonly Step[]) {
  const policy = readPolicy(FILE) as Policy;
  const placement = { counter: 1, partitions: [firstPartition('c', SHARDS)] };
  const next = () => ({ tenant: 'default', placement, text: 'mug' });
  return runModel({
    ...{ machine: { ...MACHINE, ...machine }, policy, steps, next, shards: SHARDS, seed: 1 },
  });
}

test('searches that wait for none take as long as their parts, with who asks in them once', async () => {
  const { searches, failed, p50Ms, changes } = await run({}, [{ seconds: 60, perSecond: 5 }]);
  expect(searches).toBeGreaterThan(200);
  expect([failed, changes]).toEqual([0, []]);
  expect(p50Ms).toBeCloseTo(4 + 1 + 3, 1);
});

test('more nodes come with load and go with it, and one that starts takes of the cores that searches have', async () => {
  const steps = [10, 50, 10].map((perSecond) => ({ seconds: 40, perSecond }));
  const roomy = await run({}, steps);
  expect(roomy.changes.map(({ from, to }) => to - from > 0)).toContain(true);
  expect(roomy.changes.at(-1)).toMatchObject({ to: 1 });
  expect(nodeSeconds(roomy.changes, 1, 120_000)).toBeGreaterThan(150);
  const narrow = await run({ cores: 1 }, steps);
  const free = await run({ cores: 1, start: { cpuMs: 1, waitMs: 1_100 } }, steps);
  expect(narrow.p99Ms).toBeGreaterThan(1.1 * free.p99Ms);
  const cold = await run({ cold: { searches: 100, slowness: 10 } }, steps);
  expect(cold.p99Ms).toBeGreaterThan(roomy.p99Ms + 10);
});

test('node seconds go from order to order', () => {
  const changes = [
    { atMs: 1_000, from: 1, to: 3 },
    { atMs: 3_000, from: 3, to: 2 },
  ];
  expect(nodeSeconds([], 1, 10_000)).toBe(10);
  expect(nodeSeconds(changes, 1, 10_000)).toBe(1 + 6 + 14);
});
