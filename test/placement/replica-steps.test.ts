import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { firstPartition } from '../../src/placement/partition.js';
import { movedTo } from '../../src/placement/reassign.js';
import {
  buildingOn,
  isSettled,
  withLate,
  withoutLeaving,
  withServing,
  withUnasked,
} from '../../src/placement/replica-steps.js';
import { groupOf } from '../../src/store/partition-map.js';
import type { Partition, Replica } from '../../src/store/store.js';
import { serving } from '../store/place.js';

const NODES = ['s1', 's2', 's3', 's4'];
const ALIVE = new Set(NODES);

/** The counter of the placement that moves something. */
const SINCE = 7;

const building = (node: string): Replica => ({ node, state: 'building', since: SINCE });
const leaving = (node: string): Replica => ({ node, state: 'leaving' });
const on = (...replicas: Replica[]): Partition => ({ ...firstPartition('Mice', []), replicas });

describe('a partition that is to lie elsewhere', () => {
  test('is built where it comes to, and stays meanwhile where it was', () => {
    expect(movedTo(['s2'], serving('s1'), ALIVE, SINCE)).toEqual([building('s2'), leaving('s1')]);
    expect(movedTo(['s1', 's2'], serving('s1'), ALIVE, SINCE)).toEqual([
      ...serving('s1'),
      building('s2'),
    ]);
    expect(movedTo(['s1'], serving('s1', 's2'), ALIVE, SINCE)).toEqual([
      ...serving('s1'),
      leaving('s2'),
    ]);
  });

  test('serves again where it had only begun to leave, and is given up where it was being built', () => {
    const first = { node: 's1', state: 'serving', isFirst: true } as const;
    const begun = movedTo(['s2'], [first], ALIVE, SINCE);
    expect(movedTo(['s1'], begun, ALIVE, SINCE)).toEqual([first]);
    expect(movedTo(['s3'], begun, ALIVE, SINCE)).toEqual([
      building('s3'),
      { ...first, state: 'leaving' },
    ]);
  });

  test('that leaves a node and comes back later is not the first there any more', () => {
    const first = { node: 's1', state: 'serving', isFirst: true } as const;
    const left = on(...serving('s2'), { ...first, state: 'leaving' });
    const [gone] = withoutLeaving(withUnasked([left]));
    expect(gone?.replicas).toEqual(serving('s2'));
    expect(movedTo(['s1'], gone?.replicas ?? [], ALIVE, SINCE)[0]).toEqual(building('s1'));
  });

  test('is not to be looked for on nodes that are gone', () => {
    const alive = new Set(['s2', 's3']);
    expect(movedTo(['s2', 's3'], serving('s1', 's2'), alive, SINCE)).toEqual([
      ...serving('s2'),
      building('s3'),
    ]);
    expect(movedTo(['s3'], serving('s1'), alive, SINCE)).toEqual([building('s3')]);
  });
});

describe('replicas settle in steps', () => {
  test('what is built is told by node', () => {
    const partitions = [
      { ...on(building('s1'), building('s2'), leaving('s3')), id: 'a' },
      { ...on(...serving('s1'), building('s2')), id: 'b' },
      { ...on(...serving('s1', 's2')), id: 'c' },
    ];
    const ids = [...buildingOn(partitions)].map(([node, held]) => [node, held.map(({ id }) => id)]);
    expect(ids).toEqual([
      ['s1', ['a']],
      ['s2', ['a', 'b']],
    ]);
    expect(isSettled(partitions)).toBe(false);
    expect(isSettled(partitions.slice(2))).toBe(true);
  });

  test('of what is complete on a node, only what it was building comes to serve', () => {
    const partitions = [
      { ...on(building('s1'), building('s2')), id: 'a' },
      { ...on(building('s1'), leaving('s2')), id: 'b' },
      { ...on(...serving('s2'), leaving('s1')), id: 'c' },
    ];
    const unheardOf = { ...on(building('s1')), id: 'unheard of' };
    const built = [partitions[0] as Partition, partitions[2] as Partition, unheardOf];
    const next = withServing(partitions, 's1', built);
    expect(next[0]?.replicas).toEqual([{ ...building('s1'), state: 'serving' }, building('s2')]);
    // The same objects: nothing of them has changed.
    expect(next.slice(1)).toEqual(partitions.slice(1));
    next.slice(1).forEach((partition, i) => expect(partition).toBe(partitions[i + 1]));
  });

  test('what is late is built again where others have it, and serves as before when it has caught up', () => {
    const first = { node: 's1', state: 'serving', isFirst: true } as const;
    const alone = on(...serving('s1'));
    const left = on(...serving('s2'), leaving('s1'));
    const before = [on(first, ...serving('s2')), alone, left, on(building('s1'))];
    const after = withLate(before, new Set(['s1']), 9);
    expect(after[0]?.replicas).toEqual([
      { ...first, state: 'building', lateSince: 9 },
      ...serving('s2'),
    ]);
    expect(after[1]).toBe(alone);
    expect(after[2]?.replicas).toEqual([
      ...serving('s2'),
      { ...leaving('s1'), isUnasked: true, lateSince: 9 },
    ]);
    expect(after[3]).toBe(before[3]);
    expect(withServing(after.slice(0, 1), 's1', after.slice(0, 1))).toEqual(before.slice(0, 1));
  });

  test('two that take each other for dead leave one of them', () => {
    const once = withLate([on(...serving('s1', 's2'))], new Set(['s1']), 9);
    expect(withLate(once, new Set(['s2']), 10)).toEqual(once);
  });

  test('what leaves goes when all that is to stay serves', () => {
    const partitions = [
      on(...serving('s1', 's2'), leaving('s3')),
      on(...serving('s1'), building('s2'), leaving('s3')),
      on(leaving('s3')),
      on(...serving('s1')),
    ];
    // It is asked for nothing first, and waited for still.
    expect(withoutLeaving(partitions)).toEqual(partitions);
    const [unasked, ...others] = withUnasked(partitions);
    expect(groupOf(unasked as Partition)).toMatchObject({
      asked: ['s1', 's2'],
      awaited: ['s1', 's2', 's3'],
    });
    expect(withoutLeaving([unasked as Partition])[0]?.replicas).toEqual(serving('s1', 's2'));
    others.forEach((partition, i) => expect(partition).toBe(partitions[i + 1]));
  });

  type Step =
    | { kind: 'move'; to: string[] }
    | { kind: 'complete'; node: string; ids: string[] }
    | { kind: 'late'; nodes: string[] }
    | { kind: 'unask' }
    | { kind: 'leave' };
  const set = fc.subarray(NODES, { minLength: 1, maxLength: 3 });
  const ids = ['a', 'b'];
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ kind: fc.constant('move' as const), to: set }),
    fc.record({
      kind: fc.constant('complete' as const),
      node: fc.constantFrom(...NODES),
      ids: fc.subarray(ids),
    }),
    fc.record({ kind: fc.constant('late' as const), nodes: fc.subarray(NODES) }),
    fc.record({ kind: fc.constant('unask' as const) }),
    fc.record({ kind: fc.constant('leave' as const) }),
  );

  test('whatever moves and whenever: something complete stays, and in the end it is where it should be', () => {
    fc.assert(
      fc.property(set, fc.array(step, { maxLength: 30 }), (start, steps) => {
        let partitions = ids.map((id): Partition => ({ ...on(...serving(...start)), id }));
        let wanted = start;
        for (const each of [...steps, ...endOf(NODES)]) {
          if (each.kind === 'move') {
            wanted = each.to;
            partitions = partitions.map((partition) => ({
              ...partition,
              replicas: movedTo(wanted, partition.replicas, ALIVE, SINCE),
            }));
          } else if (each.kind === 'complete') {
            const built = partitions.filter(({ id }) => each.ids.includes(id));
            partitions = withServing(partitions, each.node, built);
          } else if (each.kind === 'late') {
            partitions = withLate(partitions, new Set(each.nodes), SINCE);
          } else if (each.kind === 'unask') partitions = withUnasked(partitions);
          else partitions = withoutLeaving(partitions);
          for (const { replicas } of partitions) {
            const { asked } = groupOf({ replicas });
            const states = new Map(replicas.map(({ node, state }) => [node, state]));
            expect(asked.some((node) => states.get(node) !== 'building')).toBe(true);
            expect(new Set(replicas.map(({ node }) => node)).size).toBe(replicas.length);
          }
        }
        expect(isSettled(partitions)).toBe(true);
        for (const { replicas } of partitions) {
          expect(replicas.map(({ node }) => node).sort()).toEqual([...wanted].sort());
        }
      }),
    );
  });

  const endOf = (nodes: readonly string[]): Step[] => [
    ...nodes.map((node): Step => ({ kind: 'complete', node, ids })),
    { kind: 'unask' },
    { kind: 'leave' },
  ];
});
