import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { firstPartition, restPartition } from '../../src/placement/partition.js';
import { cutOut, halves, joined } from '../../src/placement/reshape.js';
import { Assignment } from '../../src/shard/follow/assignment.js';
import { replicaKey } from '../../src/store/partition-map.js';
import { Readiness } from '../../src/shard/follow/readiness.js';
import type { Partition, Replica, ReplicaState } from '../../src/store/store.js';

/** What a node `s1` reads of its placement; `first` is serving, from the beginning. */
type State = ReplicaState | 'first' | 'absent';

let counter: number;
let readiness: Readiness;
beforeEach(() => {
  counter = 0;
  readiness = new Readiness();
  readiness.load([]);
  readiness.reachedEnd([]);
});

function partition(category: string, state: State, epoch = 1): Partition {
  const other: Replica = { node: 's2', state: 'serving' };
  const own: Record<State, Replica[]> = {
    first: [{ node: 's1', state: 'serving', isFirst: true }],
    serving: [{ node: 's1', state: 'serving' }],
    building: [{ node: 's1', state: 'building' }],
    leaving: [{ node: 's1', state: 'leaving' }],
    absent: [],
  };
  return { ...firstPartition(category, []), epoch, replicas: [other, ...own[state]] };
}

function adopt(states: Record<string, State>, isFresh = false): Partition[] {
  const partitions = Object.entries(states).map(([name, state]) => partition(name, state));
  counter += 1;
  readiness.adopt(new Assignment('s1', { counter, partitions }), isFresh);
  return partitions;
}

const isReady = (category: string): boolean => readiness.isReady(partition(category, 'serving'));
const keyOf = (each: Partition): string =>
  replicaKey(
    each,
    each.replicas.find(({ node }) => node === 's1'),
  );
const complete = (partitions: readonly Partition[]): void =>
  readiness.complete(partitions.map(keyOf));
/** Categories of which something is missing. */
const missing = (): string[] => {
  const keys = new Set(readiness.missing());
  const { partitions } = readiness.assignment;
  return partitions.filter((each) => keys.has(keyOf(each))).flatMap(({ categories }) => categories);
};

/** All that is written by now is read. */
const catchUp = (): void => readiness.reachedEnd(readiness.settlingKeys());

describe('a partition that is cut or joined', () => {
  const on = (replica: Omit<Replica, 'node'>): Partition => ({
    ...restPartition([]),
    replicas: [{ node: 's1', ...replica }],
  });
  const adoptAll = (partitions: readonly Partition[]): void => {
    counter += 1;
    readiness.adopt(new Assignment('s1', { counter, partitions }), false);
  };
  const areReady = (partitions: readonly Partition[]): boolean[] =>
    partitions.map((each) => readiness.isReady(each));

  test('is complete at once where what it is made of was, also time and again', () => {
    const whole = on({ state: 'serving', since: 1 });
    adoptAll([whole]);
    readiness.complete([keyOf(whole)]);
    const cut = cutOut([whole], ['Mice'], 2);
    adoptAll(cut);
    expect([areReady(cut), areReady([whole]), missing()]).toEqual([[true, true], [false], []]);
    const [left, mice] = cut as [Partition, Partition];
    const ranges = halves(mice, 3);
    adoptAll([left, ...ranges]);
    expect(areReady([left, ...ranges])).toEqual([true, true, true]);
    const again = joined(left, joined(...ranges, 4), 5);
    adoptAll([left, joined(...ranges, 4)]);
    adoptAll([again]);
    expect(areReady([again])).toEqual([true]);
  });

  test('is looked for where what it is made of was not complete', () => {
    const whole = on({ state: 'serving', since: 1 });
    adoptAll([whole]);
    const cut = cutOut([whole], ['Mice'], 2);
    adoptAll(cut);
    expect(areReady(cut)).toEqual([false, false]);
    expect(missing()).toHaveLength(2);
  });

  test('is looked for where a step was missed by a node that was away: its manifest has no shapes', () => {
    const whole = on({ state: 'serving', since: 1 });
    const cut = cutOut([whole], ['Mice'], 2);
    const later = cut.flatMap((each) => halves(each, 3));
    for (const [next, isComplete] of [[cut, true] as const, [later, false] as const]) {
      readiness = new Readiness();
      readiness.load([keyOf(whole)]);
      catchUp();
      adoptAll(next);
      expect(areReady(next)).toEqual(next.map(() => isComplete));
    }
  });

  test('has to settle where a step was not seen since its whole was only built', () => {
    const [other, own]: Replica[] = [
      { node: 's2', state: 'serving' },
      { node: 's1', state: 'building', since: 1 },
    ];
    const building = { ...restPartition([]), replicas: [other, own] as Replica[] };
    adoptAll([building]);
    readiness.complete([keyOf(building)]);
    const cut = cutOut([on({ state: 'serving', since: 1 })], ['Mice'], 9);
    const later = cut.flatMap((each) => halves(each, 10));
    adoptAll(later);
    expect([missing(), areReady(later)]).toEqual([[], [false, false, false, false]]);
    catchUp();
    expect(areReady(later)).toEqual([true, true, true, true]);
  });

  test('is not searched before all is read that was written while its whole was only built', () => {
    const states = (replicas: Replica[]): Partition => ({ ...restPartition([]), replicas });
    const other: Replica = { node: 's2', state: 'serving' };
    const building = states([other, { node: 's1', state: 'building', since: 1 }]);
    const flipped = states([{ node: 's1', state: 'serving', since: 1 }]);
    for (const seen of [[building, flipped], [building]]) {
      readiness = new Readiness();
      readiness.load([]);
      readiness.reachedEnd([]);
      adoptAll([building]);
      readiness.complete([keyOf(building)]);
      for (const each of seen.slice(1)) adoptAll([each]);
      const cut = cutOut([flipped], ['Mice'], 9);
      adoptAll(cut);
      expect(areReady(cut)).toEqual([false, false]);
      catchUp();
      expect(areReady(cut)).toEqual([true, true]);
    }
  });

  test('is told of once, so that a manifest has it', () => {
    const whole = on({ state: 'serving', since: 1 });
    adoptAll([whole]);
    readiness.complete([keyOf(whole)]);
    const next = { counter: ++counter, partitions: cutOut([whole], ['Mice'], 2) };
    const assignment = new Assignment('s1', next);
    expect([readiness.adopt(assignment, false), readiness.adopt(assignment, false)]).toEqual([
      true,
      false,
    ]);
  });

  test('of one that was the first of its node needs no look', () => {
    const cut = cutOut([on({ state: 'serving', isFirst: true })], ['Mice'], 2);
    adoptAll(cut.flatMap((each) => halves(each, 3)));
    expect(missing()).toEqual([]);
  });
});

describe('a partition', () => {
  test('that was placed first on a node, or that it finds when it begins, is complete', () => {
    adopt({ Mice: 'first' });
    expect([isReady('Mice'), missing()]).toEqual([true, []]);
    readiness = new Readiness();
    readiness.load([]);
    adopt({ Mice: 'serving' }, true);
    // Once all was read that there was.
    expect(isReady('Mice')).toBe(false);
    catchUp();
    expect(isReady('Mice')).toBe(true);
  });

  test('that comes later is looked for, and complete when it was found', () => {
    adopt({ Mice: 'first' });
    const [, pans] = adopt({ Mice: 'first', Pans: 'serving' });
    expect([isReady('Mice'), isReady('Pans'), missing()]).toEqual([true, false, ['Pans']]);
    complete([pans as Partition]);
    expect([isReady('Pans'), missing()]).toEqual([true, []]);
  });

  test('that was built and comes to serve is not searched before all is read that was written by then', () => {
    const built = adopt({ Mice: 'building' });
    complete(built);
    // Who has it serve has to know that it is complete.
    expect([isReady('Mice'), readiness.isSettled]).toEqual([true, true]);
    const toldBefore = readiness.settlingKeys();
    adopt({ Mice: 'serving' });
    expect([isReady('Mice'), readiness.isSettled]).toEqual([false, false]);
    // A round that began before may have missed what was written since.
    readiness.reachedEnd(toldBefore);
    expect([isReady('Mice'), readiness.isSettled]).toEqual([false, false]);
    catchUp();
    expect([isReady('Mice'), readiness.isSettled]).toEqual([true, true]);
    adopt({ Mice: 'leaving' });
    adopt({ Mice: 'serving' });
    expect(isReady('Mice')).toBe(true);
  });

  test('that was built and is next heard of as it leaves again has to settle as well', () => {
    complete(adopt({ Mice: 'building' }));
    adopt({ Mice: 'leaving' });
    expect(isReady('Mice')).toBe(false);
    catchUp();
    expect(isReady('Mice')).toBe(true);
  });

  test('that is completed after it went is not, nor one of another epoch', () => {
    const [mice] = adopt({ Mice: 'building', Pans: 'first' }) as [Partition];
    adopt({ Pans: 'first' });
    complete([mice]);
    adopt({ Mice: 'building', Pans: 'first' });
    expect(missing()).toEqual(['Mice']);
    complete([{ ...mice, epoch: 2 }]);
    expect(missing()).toEqual(['Mice']);
    complete([mice]);
    expect(missing()).toEqual([]);
    expect(readiness.readyKeys()).toHaveLength(2);
  });

  test('that went and comes back is looked for anew', () => {
    complete(adopt({ Mice: 'serving' }));
    adopt({});
    adopt({ Mice: 'building' });
    expect([isReady('Mice'), missing()]).toEqual([false, ['Mice']]);
  });

  test('that a manifest names from an earlier time is not the one that came later', () => {
    readiness = new Readiness();
    const { id } = partition('Mice', 'serving');
    readiness.load([`${id}@1`]);
    const replicas: Replica[] = [{ node: 's1', state: 'building', since: 9 }];
    const partitions = [{ ...partition('Mice', 'absent'), replicas }];
    readiness.adopt(new Assignment('s1', { counter: 9, partitions }), false);
    expect(missing()).toEqual(['Mice']);
    complete(partitions);
    expect(readiness.readyKeys()).toEqual([`${id}@1@9`]);
  });

  test('that a manifest names is complete, if it is still here', () => {
    readiness = new Readiness();
    const { id } = partition('Mice', 'serving');
    readiness.load([`${id}@1`, 'elsewhere@3']);
    adopt({ Mice: 'serving' });
    expect([isReady('Mice'), missing()]).toEqual([false, []]);
    catchUp();
    expect(isReady('Mice')).toBe(true);
    expect(readiness.readyKeys()).toEqual([`${id}@1`]);
  });
});

test('a node is ready when all is that it may be asked for: not what it builds while others serve', () => {
  const [, pans] = adopt({ Mice: 'first', Pans: 'building' });
  expect(readiness.allReady).toBe(true);
  complete([pans as Partition]);
  adopt({ Mice: 'first', Pans: 'serving' });
  expect(readiness.allReady).toBe(false);
  catchUp();
  expect(readiness.allReady).toBe(true);
  readiness.caughtUp = false;
  expect([readiness.allReady, readiness.readyCount]).toEqual([false, 0]);
});

test('rows may be here that belong to others from the start on, and when a partition went', () => {
  expect(readiness.hasForeignRows).toBe(false);
  adopt({ Mice: 'first', Pans: 'first' });
  expect(readiness.hasForeignRows).toBe(true);
  readiness.hasForeignRows = false;
  adopt({ Mice: 'leaving', Pans: 'first' });
  expect(readiness.hasForeignRows).toBe(false);
  adopt({ Mice: 'absent', Pans: 'first' });
  expect(readiness.hasForeignRows).toBe(true);
});

type Step =
  { kind: 'adopt'; states: Record<string, State> } | { kind: 'complete' | 'catch up' | 'doubt' };

const CATEGORIES = ['Mice', 'Pans', 'Toys'];
const state = fc.constantFrom<State>('first', 'serving', 'building', 'leaving', 'absent');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('adopt' as const),
    states: fc.record({ Mice: state, Pans: state, Toys: state }),
  }),
  fc.record({ kind: fc.constantFrom('complete', 'catch up', 'doubt') }),
);

test('the count of what is ready is the number of partitions that are', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      readiness = new Readiness();
      readiness.load([]);
      for (const each of steps) {
        if (each.kind === 'adopt') adopt(each.states);
        else if (each.kind === 'complete') readiness.complete(readiness.missing());
        else if (each.kind === 'catch up') catchUp();
        else readiness.caughtUp = false;
        expect(readiness.readyCount).toBe(CATEGORIES.filter(isReady).length);
      }
    }),
  );
});
