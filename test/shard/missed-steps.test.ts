import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HASH_END } from '../../src/core/ids.js';
import { restPartition } from '../../src/placement/partition.js';
import { areTogether, canBeOne, cutOut, halves, joined } from '../../src/placement/reshape.js';
import { Assignment } from '../../src/shard/follow/assignment.js';
import { Readiness } from '../../src/shard/follow/readiness.js';
import { PartitionMap } from '../../src/store/partition-map.js';
import type { Partition } from '../../src/store/store.js';
import { place } from '../store/place.js';
import { HOSTING, put, ShardFixture } from './shard-fixture.js';

/** A node reads a placement now and then: what was changed twice in between it has seen at one step only. */

const VECTOR = [1, 0, 0, 0, 0, 0, 0, 0];
/** It is told of nothing by the clock, and by nobody: what it knows it has looked up. */
const UNTOLD = { ...HOSTING, pollMs: 1e6 };
const MANY = 300;

describe('a shard that sees a placement only as it is after several steps', () => {
  let shard: ShardFixture;
  beforeEach(async () => {
    shard = await ShardFixture.open({ hosting: UNTOLD });
  });
  afterEach(() => shard.close());

  /** One step, of which nobody is told. */
  async function step(to: (partitions: readonly Partition[], counter: number) => Partition[]) {
    const { partitions, counter } = await shard.store.placement('shop');
    const next = to(partitions, counter + 1);
    expect(await shard.store.replacePlacement('shop', next, counter)).toBe(true);
  }

  test('answers at once for what was halved and joined again: it has all of its rows', async () => {
    await shard.place('Mice', 's2');
    await shard.write(Array.from({ length: MANY }, (_, i) => put(`m${i}`, 'Mice', VECTOR)));
    // Not the first there: nothing is complete on the node but by what it has read.
    await shard.move('Mice', 's1');
    await shard.settle();
    await step(([mice], counter) => halves(mice as Partition, counter));
    await step(([a, b], counter) => [joined(a as Partition, b as Partition, counter)]);
    const { refused, matches } = await shard.search(VECTOR);
    expect([refused, matches]).toEqual([[], MANY]);
  });

  test('counts no words of what was cut out and moved away meanwhile, though it holds the rows still', async () => {
    await place(shard.store, 'shop', [restPartition(['s1'])]);
    await shard.write([put('m', 'Mice', VECTOR), put('p', 'Pans', VECTOR)]);
    await shard.settle();
    const words = ['m', 'p'];
    expect(await shard.count({ words })).toMatchObject({ df: [1, 1], live: 2 });
    await step((partitions, counter) => cutOut(partitions, ['Mice'], counter));
    await shard.move('Mice', 's2');
    expect(await shard.count({ words })).toMatchObject({ df: [0, 1], live: 1, ready: true });
  });
});

const CUT = ['Mice', 'Pans', 'Toys'];
const CATEGORIES = [...CUT, 'Odds'];
const RANGES = 8;
const NODE = 's1';

const anyStep = fc.oneof(
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat(CUT.length - 1) }),
  fc.record({ kind: fc.constantFrom('halve', 'join', 'give', 'take'), at: fc.nat(40) }),
  fc.record({ kind: fc.constantFrom('look', 'look and fill'), at: fc.constant(0) }),
);

/** A tenant's partitions, as steps change them, and what a node that looks at some of them makes of it. */
class Watched {
  partitions: readonly Partition[];
  counter = 1;
  private readonly readiness = new Readiness();
  /** Category and range of what is complete on the node, by what it last saw; and of all rows that it holds. */
  private complete = new Set<string>();
  private held = new Set<string>();

  constructor() {
    const replicas = [{ node: NODE, state: 'serving', since: 1 }] as const;
    this.partitions = [{ ...restPartition([]), replicas }];
    this.readiness.load([]);
    this.look();
    this.fill();
  }

  take({ kind, at }: { kind: string; at: number }): void {
    const { partitions } = this;
    const counter = this.counter + 1;
    const one = partitions[at % partitions.length] as Partition;
    if (kind === 'look' || kind === 'look and fill') {
      this.look();
      if (kind === 'look and fill') this.fill();
    } else if (kind === 'cut') {
      const category = CUT[at] as string;
      if (partitions.some(({ categories }) => categories.includes(category))) return;
      this.change(cutOut(partitions, [category], counter));
    } else if (kind === 'halve') {
      if (one.to - one.from <= HASH_END / RANGES) return;
      this.change(partitions.flatMap((each) => (each === one ? halves(one, counter) : [each])));
    } else if (kind === 'join') {
      const isOther = (each: Partition) =>
        each !== one && canBeOne(one, each, partitions) && areTogether(one, each);
      const other = partitions.find(isOther);
      if (other === undefined) return;
      const rest = partitions.filter((each) => each !== one && each !== other);
      this.change([...rest, joined(one, other, counter)]);
    } else {
      const node = kind === 'give' ? 's2' : NODE;
      if (one.replicas[0]?.node === node) return;
      const replicas = [{ node, state: 'serving', since: counter }] as const;
      this.change(partitions.map((each) => (each === one ? { ...one, replicas } : each)));
    }
  }

  private change(partitions: readonly Partition[]): void {
    this.partitions = partitions;
    this.counter += 1;
  }

  /** The node reads the placement: what it takes for complete is what was complete there. */
  private look(): void {
    const { readiness } = this;
    readiness.adopt(new Assignment(NODE, this), false);
    readiness.reachedEnd(readiness.settlingKeys());
    const ready = this.here().filter((each) => readiness.isReady(each));
    const wholes = this.here().filter((each) => this.in([each]).every((c) => this.complete.has(c)));
    expect(ready).toEqual(wholes);
    this.complete = new Set(this.in(ready));
    const owned = new Set(this.in(this.here()));
    const isForeign = [...this.held].some((cell) => !owned.has(cell));
    if (isForeign) expect(readiness.hasForeignRows).toBe(true);
    readiness.hasForeignRows = false;
    this.held = owned;
  }

  /** What is missing was looked for. */
  private fill(): void {
    this.readiness.complete(this.readiness.missing());
    this.complete = new Set(this.in(this.here()));
  }

  private here(): Partition[] {
    return this.partitions.filter(({ replicas }) => replicas.some(({ node }) => node === NODE));
  }

  /** Category and range, of all that belongs to some of the partitions. */
  private in(some: readonly Partition[]): string[] {
    const map = new PartitionMap(this);
    return CATEGORIES.flatMap((category) =>
      Array.from({ length: RANGES }, (_, i) => i * (HASH_END / RANGES))
        .filter((hash) => some.includes(map.of(category, hash) as Partition))
        .map((hash) => `${category} ${hash}`),
    );
  }
}

test('however many steps it has missed, a node takes for complete what was complete there, no more and no less', () => {
  let reshaped = 0;
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 30 }), (steps) => {
      const watched = new Watched();
      for (const each of [...steps, { kind: 'look', at: 0 }]) watched.take(each);
      if (watched.partitions.length > 1) reshaped += 1;
    }),
    { numRuns: 500 },
  );
  expect(reshaped).toBeGreaterThan(100);
});
