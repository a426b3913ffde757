import { expect, test } from 'vitest';
import { readPolicy, type Policy } from '../../src/capacity/autoscale/policy.js';

const NODES = { min: 1, max: 20 };

test('where a file says nothing, the bounds are those of the chart', () => {
  const policy = readPolicy({ query_nodes: NODES, workers: { min: 1, max: 20 } }) as Policy;
  expect(policy).toMatchObject({
    roles: {
      query_nodes: { min: 1, max: 20, qpsPerNode: 150, memory: 0.8, everyMs: 60_000 },
      workers: { queue: { up: 100, down: 10 } },
    },
    ...{ upAfterMs: 60_000, downAfterMs: 600_000, changesPerHour: 6 },
  });
  expect(policy.roles.query_nodes?.cpu).toEqual({ up: 0.8, down: 0.2 });
});

test.each<[unknown, string]>([
  [{}, 'must have one of query_nodes, workers, shard_nodes'],
  [[], 'it must be an object'],
  [{ query_nodes: NODES, cpux: 1 }, 'cpux is not a known member'],
  [{ query_nodes: { ...NODES, qps: 1 } }, 'query_nodes.qps is not a known member'],
  [{ query_nodes: { max: 3 } }, 'query_nodes.min must be given'],
  [{ query_nodes: { min: 4, max: 3 } }, 'query_nodes.max must be at least min, 4, got 3'],
  [{ query_nodes: { min: 0, max: 3 } }, 'query_nodes.min must be at least 1, got 0'],
  [
    { query_nodes: { ...NODES, cpu: { up: 80, down: 0.2 } } },
    'query_nodes.cpu.up must be a share from 0.01 to 1',
  ],
  [
    { query_nodes: { ...NODES, cpu: { up: 0.2, down: 0.8 } } },
    'query_nodes.cpu.down must be below up, 0.2, got 0.8',
  ],
  [
    { query_nodes: NODES, schedule: [{ min: 30, from: 'Fri 00:00', until: 'Mon 00:00' }] },
    'schedule[0].min must be at most max of query_nodes, 20, got 30',
  ],
  [
    {
      query_nodes: NODES,
      schedule: [{ role: 'x', min: 3, from: 'Fri 00:00', until: 'Sat 00:00' }],
    },
    'schedule[0].role must be one of query_nodes, workers, shard_nodes',
  ],
  [
    { query_nodes: NODES, schedule: [{ min: 3, from: 'Freitag', until: 'Sat 00:00' }] },
    'schedule[0].from must be Friday 00:00, a line of cron, or a moment such as 2026-11-27T00:00:00, got "Freitag"',
  ],
  [
    {
      query_nodes: NODES,
      schedule: [{ min: 3, from: 'Fri 00:00', until: 'Sat 00:00', time_zone: 'Mars/Crater' }],
    },
    'schedule[0].from must be Friday 00:00, a line of cron, or a moment such as 2026-11-27T00:00:00, in a known time zone, Mars/Crater, got "Fri 00:00"',
  ],
])('%j: %s', (json, problem) => {
  expect(readPolicy(json)).toEqual({ problem });
});
