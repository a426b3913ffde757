import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dedicate, type DedicateInput, type Wish } from '../../src/placement/dedicate.js';
import { NodePools } from '../../src/placement/node-pools.js';

const PINNED = Infinity;

/** Nodes in zones, some of them dead, some with much or what cannot move, and tenants that want, have or had some. */
const input = fc
  .record({
    replicas: fc.integer({ min: 1, max: 3 }),
    nodes: fc.array(
      fc.record({
        zone: fc.nat({ max: 3 }),
        isAlive: fc.boolean(),
        rows: fc.oneof(fc.nat({ max: 1_000 }), fc.constant(PINNED)),
        owner: fc.option(fc.constantFrom('a', 'b', 'c', 'gone'), { nil: undefined }),
        isThere: fc.boolean(),
      }),
      { maxLength: 12 },
    ),
    wishes: fc.uniqueArray(
      fc.record({
        tenant: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
        count: fc.integer({ min: 1, max: 4 }),
        named: fc.array(fc.constantFrom('s1', 's2', 's3'), { maxLength: 2 }),
      }),
      { selector: ({ tenant }) => tenant },
    ),
  })
  .map(({ replicas, nodes, wishes }): DedicateInput => {
    const named = nodes.map((each, i) => ({ ...each, node: `s${i + 1}` }));
    const rows = new Map(named.map((each) => [each.node, each.rows]));
    return {
      ...{ replicas, wishes },
      nodes: named
        .filter(({ isThere }) => isThere)
        .map(({ node, zone, isAlive }) => ({ node, domain: `z${zone}`, isAlive })),
      owners: new Map(named.flatMap(({ node, owner }) => (owner ? [[node, owner]] : []))),
      strain: (node) => rows.get(node) ?? 0,
    };
  });

const nodesOf = (owners: ReadonlyMap<string, string>, tenant: string): string[] =>
  [...owners].flatMap(([node, owner]) => (owner === tenant ? [node] : [])).sort();

const alive = (...nodes: string[]) => nodes.map((node) => ({ node, isAlive: true }));

const wish = (tenant: string, count: number, ...named: string[]): Wish => ({
  ...{ tenant, count, named },
});

/** As of nodes that hold nothing of anybody. */
const given = (
  nodes: DedicateInput['nodes'],
  wishes: readonly Wish[],
  more: Partial<DedicateInput> = {},
) => dedicate({ nodes, wishes, owners: new Map(), replicas: 1, strain: () => 0, ...more });

describe('whoever wants what', () => {
  test('as many nodes as there are copies are left for all, and nobody has fewer', () => {
    fc.assert(
      fc.property(input, (one) => {
        const { owners } = dedicate(one);
        const there = new Set(one.nodes.map(({ node }) => node));
        for (const node of owners.keys()) expect(there).toContain(node);
        if (owners.size > 0) expect(owners.size).toBeLessThanOrEqual(there.size - one.replicas);
        for (const tenant of new Set(owners.values())) {
          expect(nodesOf(owners, tenant).length).toBeGreaterThanOrEqual(one.replicas);
        }
      }),
    );
  });

  test('each has what it is to have, or is said to lack some; who wants nothing has nothing', () => {
    fc.assert(
      fc.property(input, (one) => {
        const { owners, missing } = dedicate(one);
        const wanting = new Set(one.wishes.map(({ tenant }) => tenant));
        for (const owner of owners.values()) expect(wanting).toContain(owner);
        for (const tenant of missing.keys()) expect(wanting).toContain(tenant);
        for (const { tenant, count } of one.wishes) {
          const wanted = Math.max(count, one.replicas);
          const has = nodesOf(owners, tenant).length;
          expect(has).toBeLessThanOrEqual(wanted);
          expect(has < wanted).toBe((missing.get(tenant) ?? 0) > 0);
        }
      }),
    );
  });

  test('nobody is given a node that is dead, or where something stays', () => {
    fc.assert(
      fc.property(input, (one) => {
        for (const [node, owner] of dedicate(one).owners) {
          if (one.owners.get(node) === owner) continue;
          expect(one.nodes.find((each) => each.node === node)?.isAlive).toBe(true);
          expect(one.strain(node, owner)).toBeLessThan(PINNED);
        }
      }),
    );
  });

  test('who has all that it wants keeps it, whoever else comes or wants more', () => {
    fc.assert(
      fc.property(input, input, (one, other) => {
        const first = dedicate(one);
        const wishes = one.wishes.map((each) => ({ ...each, named: [] }));
        const late = other.wishes.filter(
          ({ tenant }) => !wishes.some((each) => each.tenant === tenant),
        );
        const grown = wishes.map((each) =>
          first.missing.has(each.tenant) ? { ...each, count: each.count + 1 } : each,
        );
        const { owners } = dedicate({ ...one, owners: first.owners, wishes: [...grown, ...late] });
        for (const { tenant } of wishes) {
          if (first.missing.has(tenant)) continue;
          expect(nodesOf(owners, tenant)).toEqual(nodesOf(first.owners, tenant));
        }
      }),
    );
  });

  test('said again and again it comes to rest', () => {
    fc.assert(
      fc.property(input, (one) => {
        let now = dedicate(one);
        for (let round = 0; round < 6; round++) now = dedicate({ ...one, owners: now.owners });
        expect(dedicate({ ...one, owners: now.owners })).toEqual(now);
      }),
    );
  });
});

test('those from which the least has to move away, of different domains where there are copies', () => {
  const rows: Record<string, number> = { s1: 500, s2: 10, s3: 20, s4: 300 };
  const strain = (node: string): number => rows[node] ?? 0;
  expect(given(alive('s1', 's2', 's3'), [wish('t', 1)], { strain }).owners).toEqual(
    new Map([['s2', 't']]),
  );
  const zones = ['a', 'b', 'b', 'c'].map((domain, i) => ({
    ...{ node: `s${i + 1}`, domain, isAlive: true },
  }));
  const two = given(zones, [wish('t', 2)], { strain, replicas: 2 });
  expect(nodesOf(two.owners, 't')).toEqual(['s2', 's4']);
});

test('named ones where they may be had, else others', () => {
  const nodes = alive('s1', 's2', 's3', 's4');
  expect(nodesOf(given(nodes, [wish('t', 1, 's3')]).owners, 't')).toEqual(['s3']);
  const owners = new Map([['s3', 'u']]);
  const { owners: now } = given(nodes, [wish('t', 1, 's3'), wish('u', 1)], { owners });
  expect([nodesOf(now, 't'), nodesOf(now, 'u')]).toEqual([['s1'], ['s3']]);
});

test('too few: it is said how many are missing, and it waits without holding up smaller ones', () => {
  const { owners, missing } = given(alive('s1', 's2'), [wish('a', 3), wish('b', 1)]);
  expect([...owners]).toEqual([['s1', 'b']]);
  expect([...missing]).toEqual([['a', 2]]);
  expect(given(alive('s1'), [wish('a', 1)]).missing).toEqual(new Map([['a', 1]]));
});

test('one that is to have more keeps what it has; one that lost a node gets another, or shares', () => {
  const owners = new Map([
    ['s1', 't'],
    ['s2', 't'],
  ]);
  const more = given(alive('s1', 's2', 's3'), [wish('t', 4)], { owners });
  expect([nodesOf(more.owners, 't'), more.missing.get('t')]).toEqual([['s1', 's2'], 2]);
  const replaced = given(alive('s1', 's3', 's4'), [wish('t', 2)], { owners });
  expect([nodesOf(replaced.owners, 't').length, replaced.missing.size]).toEqual([2, 0]);
  expect(nodesOf(replaced.owners, 't')).toContain('s1');
  const shared = given(alive('s1', 's3'), [wish('t', 2)], { owners });
  expect([shared.owners.size, shared.missing.get('t')]).toEqual([0, 1]);
});

test('pools: who has nodes has these alone, all others share the rest, and all where there is no rest', () => {
  const nodes = [{ node: 's1', owner: 't' }, { node: 's2' }, { node: 's3' }];
  const pools = new NodePools(nodes, 1);
  expect(pools.of('t').sets).toEqual([['s1']]);
  expect(pools.of('u').sets).toEqual([['s2'], ['s3']]);
  expect(pools.of('u')).toBe(pools.of('v'));
  expect(new NodePools(nodes.slice(0, 1), 1).of('u').sets).toEqual([['s1']]);
});
