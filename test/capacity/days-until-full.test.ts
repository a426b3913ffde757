import { describe, expect, test } from 'vitest';
import { daysUntilFull, type Filled } from '../../src/capacity/days-until-full.js';
import type { ClusterNode } from '../../src/cluster/cluster-nodes.js';
import { FillHistory } from '../../src/cluster/fill-history.js';
import { MemoryRecords } from '../tenancy/memory-records.js';

const DAY_MS = 86_400_000;

function days(...bytes: number[]): Filled[] {
  return bytes.map((used, day) => ({ day, bytes: used, capacityBytes: 1_000 }));
}

describe('days until full', () => {
  test('are told by the line through the days, at 80 % of what there is', () => {
    expect(daysUntilFull(days(100, 110, 120, 130), 3)).toBe(67);
    // One day that is not like the others does not make the trend.
    expect(daysUntilFull(days(100, 110, 150, 130, 140), 4)).toBe(66);
    // What passed since the last day has passed.
    expect(daysUntilFull(days(100, 110, 120, 130), 13)).toBe(57);
    expect(daysUntilFull(days(100, 110, 120, 130), 130)).toBe(0);
  });

  test('go by the memory of the last day: nodes that came give more of them', () => {
    const [first, second, third] = days(100, 110, 120) as [Filled, Filled, Filled];
    expect(daysUntilFull([first, second, { ...third, capacityBytes: 2_000 }], 2)).toBe(148);
  });

  test('are 0 where it is full, and not known of a few days, without growth, or far away', () => {
    expect(daysUntilFull(days(800), 0)).toBe(0);
    expect(daysUntilFull([], 0)).toBeNull();
    expect(daysUntilFull(days(100, 200), 1)).toBeNull();
    expect(daysUntilFull(days(130, 120, 110), 2)).toBeNull();
    expect(daysUntilFull(days(100, 100, 100), 2)).toBeNull();
    expect(daysUntilFull(days(100, 100.1, 100.2), 2)).toBeNull();
  });
});

test('each day is noted once, by whom all nodes tell, and 30 are kept', async () => {
  const open = { isAlive: true, isReady: true, isDrained: false, isGone: false };
  const node = { ...open, liveBytes: 100, capacityBytes: 500 } as ClusterNode;
  let nodes = [node, node, { ...node, isDrained: true }];
  let nowMs = 0;
  const records = new MemoryRecords();
  const openHistory = () =>
    new FillHistory({ records, nodes: { all: async () => nodes }, now: () => nowMs });
  await Promise.all([openHistory().note(), openHistory().note()]);
  const first = { day: 0, bytes: 200, capacityBytes: 1_000 };
  expect(await openHistory().days()).toEqual([first]);
  // While one is silent its part of all is not known.
  nowMs = DAY_MS;
  nodes = [node, { ...node, isAlive: false }];
  await openHistory().note();
  expect(await openHistory().days()).toEqual([first]);
  nodes = [node];
  for (let day = 1; day <= 40; day++) {
    nowMs = day * DAY_MS;
    await openHistory().note();
  }
  const kept = await openHistory().days();
  expect([kept.length, kept[0]?.day, kept.at(-1)?.day]).toEqual([30, 11, 40]);
});
