import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseReplica, type Wish } from '../../../src/shard-client/replicas/choose-replica.js';
import { seeded } from './simulated-replicas.js';

interface Known {
  load: number;
  isLeftAlone: boolean;
}

const names = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/), {
  minLength: 1,
  maxLength: 6,
});
const known = fc.record({
  load: fc.double({ min: 0.1, max: 100, noNaN: true }),
  isLeftAlone: fc.boolean(),
});
const nodes = names.chain((list) =>
  fc
    .array(known, { minLength: list.length, maxLength: list.length })
    .map((all) => new Map(list.map((name, i) => [name, all[i]!]))),
);
const wish = fc.record({
  prefer: fc.option(fc.stringMatching(/^[a-z]$/), { nil: undefined }),
  stickyKey: fc.option(fc.integer({ min: 0, max: 0xffffffff }), { nil: undefined }),
});

function choose(all: ReadonlyMap<string, Known>, wished: Wish = {}, seed = 1): string {
  const loads = {
    load: (node: string) => all.get(node)!.load,
    isLeftAlone: (node: string) => all.get(node)!.isLeftAlone,
  };
  return chooseReplica([...all.keys()], loads, wished, seeded(seed));
}

function equal(...list: string[]): Map<string, Known> {
  return new Map(list.map((name) => [name, { load: 1, isLeftAlone: false }]));
}

describe('chooseReplica', () => {
  it('takes one of the healthy, and any only where none is', () => {
    fc.assert(
      fc.property(nodes, wish, fc.nat(), (all, wished, seed) => {
        const chosen = all.get(choose(all, wished, seed));
        expect(chosen).toBeDefined();
        expect(chosen!.isLeftAlone).toBe([...all.values()].every((node) => node.isLeftAlone));
      }),
    );
  });

  it('takes the preferred node while it is healthy, however busy', () => {
    const all = equal('s1', 's2', 's3');
    all.get('s2')!.load = 1_000;
    for (let seed = 0; seed < 50; seed++) expect(choose(all, { prefer: 's2' }, seed)).toBe('s2');
    all.get('s2')!.isLeftAlone = true;
    for (let seed = 0; seed < 50; seed++)
      expect(choose(all, { prefer: 's2' }, seed)).not.toBe('s2');
  });

  it('never takes the busiest of all, and takes the less busy of two', () => {
    const all = equal('s1', 's2', 's3');
    all.get('s3')!.load = 9;
    for (let seed = 0; seed < 200; seed++) expect(choose(all, {}, seed)).not.toBe('s3');
  });

  it('draws evenly where all are as busy', () => {
    const counts = new Map<string, number>();
    const random = seeded(3);
    const loads = { load: () => 1, isLeftAlone: () => false };
    for (let i = 0; i < 9_000; i++) {
      const chosen = chooseReplica(['s1', 's2', 's3'], loads, {}, random);
      counts.set(chosen, (counts.get(chosen) ?? 0) + 1);
    }
    for (const count of counts.values()) expect(Math.abs(count - 3_000)).toBeLessThan(200);
  });
});

describe('a sticky key', () => {
  const keys = fc.integer({ min: 0, max: 0xffffffff });

  it('leads to the same node whatever the order of nodes and the chance', () => {
    fc.assert(
      fc.property(names, keys, fc.nat(), (list, stickyKey, seed) => {
        const chosen = choose(equal(...list), { stickyKey }, 1);
        expect(choose(equal(...list.toReversed()), { stickyKey }, seed)).toBe(chosen);
      }),
    );
  });

  it('stays where it was when another node comes or goes', () => {
    fc.assert(
      fc.property(names, keys, (list, stickyKey) => {
        const chosen = choose(equal(...list), { stickyKey });
        const others = list.filter((name) => name === chosen || name < 'm');
        expect(choose(equal(...others), { stickyKey })).toBe(chosen);
        expect([chosen, 'new']).toContain(choose(equal(...list, 'new'), { stickyKey }));
      }),
    );
  });

  it('is spread evenly over nodes whose names differ little', () => {
    for (const list of [
      ['s1a', 's1b'],
      ['shard-0', 'shard-1', 'shard-2'],
    ]) {
      const all = equal(...list);
      const random = seeded(5);
      const counts = new Map<string, number>();
      for (let i = 0; i < 6_000; i++) {
        const chosen = choose(all, { stickyKey: Math.floor(random() * 2 ** 32) });
        counts.set(chosen, (counts.get(chosen) ?? 0) + 1);
      }
      const share = 6_000 / list.length;
      for (const count of counts.values()) expect(Math.abs(count - share)).toBeLessThan(share / 10);
    }
  });

  it('yields where its node is busier than half as much again and a little', () => {
    const all = equal('s1', 's2');
    const first = choose(all, { stickyKey: 77 });
    const second = first === 's1' ? 's2' : 's1';
    all.get(first)!.load = 2;
    expect(choose(all, { stickyKey: 77 })).toBe(first);
    all.get(first)!.load = 2.01;
    expect(choose(all, { stickyKey: 77 })).toBe(second);
  });
});
