import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HASH_END } from '../../src/core/ids.js';
import { MovesOff, type MoveOffOptions, type Placed } from '../../src/placement/move-off.js';
import { nodesOf, type Move } from '../../src/placement/reassign.js';
import { serving } from '../store/place.js';

function movesOff(pieces: readonly Placed[], options: MoveOffOptions): Move[] {
  const off = new MovesOff(options);
  for (const each of pieces) off.add(each);
  return off.moves();
}

const piece = (id: string, rows: number, nodes: readonly string[]): Placed => ({
  tenant: 't',
  partition: { id, categories: [id], from: 0, to: HASH_END, replicas: serving(...nodes), epoch: 1 },
  rows,
});

interface Cluster {
  nodes: string[];
  zones: ReadonlyMap<string, string>;
  pieces: Placed[];
  leaving: Set<string>;
}

/** Nodes in zones, partitions on as many of them as there are copies, and some nodes to be emptied. */
const cluster = fc
  .record({
    zones: fc.array(fc.nat({ max: 3 }), { minLength: 2, maxLength: 9 }),
    copies: fc.integer({ min: 1, max: 3 }),
    sizes: fc.array(fc.tuple(fc.nat(), fc.nat({ max: 1_000 })), { maxLength: 60 }),
    going: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ zones, copies, sizes, going }): Cluster => {
    const nodes = zones.map((_, i) => `s${i + 1}`);
    const many = Math.min(copies, nodes.length);
    const pieces = sizes.map(([at, rows], i) =>
      piece(
        `p${i}`,
        rows,
        Array.from({ length: many }, (_, n) => nodes[(at + n) % nodes.length]!),
      ),
    );
    return {
      nodes,
      zones: new Map(nodes.map((node, i) => [node, `z${zones[i]}`])),
      pieces,
      leaving: new Set(nodes.slice(0, Math.min(going, nodes.length - 1))),
    };
  });

const optionsOf = (
  { nodes, zones, leaving }: Cluster,
  more: Partial<MoveOffOptions> = {},
): MoveOffOptions => ({
  from: leaving,
  to: nodes.map((node) => ({ node, domain: zones.get(node) })),
  domainOf: (node) => zones.get(node) ?? node,
  ...{ mayShrink: true, withPinned: true },
  ...more,
});

/** Where everything lies afterwards. */
const after = (pieces: readonly Placed[], moves: ReturnType<typeof movesOff>) => {
  const to = new Map(moves.map((move) => [move.partition.id, move.to]));
  return pieces.map(({ partition, rows }) => ({
    rows,
    nodes: to.get(partition.id) ?? nodesOf(partition.replicas),
  }));
};

describe('emptying nodes', () => {
  test('leaves nothing there, moves nothing else, and keeps copies on different nodes', () => {
    fc.assert(
      fc.property(cluster, (c) => {
        const moves = movesOff(c.pieces, optionsOf(c));
        for (const { partition, to } of moves) {
          const before = nodesOf(partition.replicas);
          expect(before.some((node) => c.leaving.has(node))).toBe(true);
          // What is elsewhere stays.
          for (const node of before) if (!c.leaving.has(node)) expect(to).toContain(node);
          expect(new Set(to).size).toBe(to.length);
          expect(to.length).toBe(Math.min(before.length, c.nodes.length - c.leaving.size));
        }
        for (const { nodes } of after(c.pieces, moves)) {
          expect(nodes.filter((node) => c.leaving.has(node))).toEqual([]);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('takes a node of another zone while there is one', () => {
    fc.assert(
      fc.property(cluster, (c) => {
        for (const { partition, to } of movesOff(c.pieces, optionsOf(c))) {
          const before = nodesOf(partition.replicas);
          const zones = to.map((node) => c.zones.get(node));
          for (const [i, node] of to.entries()) {
            const isNew = !before.includes(node);
            const shares = zones.some((zone, j) => j !== i && zone === zones[i]);
            if (!isNew || !shares) continue;
            const fresh = c.nodes.filter(
              (other) =>
                !c.leaving.has(other) && !to.includes(other) && !zones.includes(c.zones.get(other)),
            );
            expect(fresh).toEqual([]);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  test('spreads what it moves: no node gets above the mean by more than the largest piece', () => {
    fc.assert(
      fc.property(cluster, (c) => {
        // With one copy and no zones every other node may take it.
        const pieces = c.pieces.map(({ partition, rows }) =>
          piece(partition.id, rows, nodesOf(partition.replicas).slice(0, 1)),
        );
        const options = optionsOf(c, { domainOf: (node) => node });
        const loads = new Map<string, number>();
        const taken = new Set<string>();
        const moves = movesOff(pieces, options);
        for (const { rows, nodes } of after(pieces, moves)) {
          for (const node of nodes) loads.set(node, (loads.get(node) ?? 0) + rows);
        }
        for (const { to } of moves) for (const node of to) taken.add(node);
        const total = pieces.reduce((sum, { rows }) => sum + rows, 0);
        const mean = total / (c.nodes.length - c.leaving.size);
        const largest = Math.max(0, ...moves.map(({ rows }) => rows));
        for (const node of taken) {
          expect(loads.get(node)).toBeLessThanOrEqual(mean * 1.05 + largest);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('of a node that is gone: what is pinned, and what nobody can take, stays', () => {
    fc.assert(
      fc.property(cluster, fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }), (c, pins) => {
        const pieces = c.pieces.map((each, i) => ({
          ...each,
          partition: pins[i] ? { ...each.partition, isPinned: true as const } : each.partition,
        }));
        const moves = movesOff(pieces, optionsOf(c, { mayShrink: false, withPinned: false }));
        for (const { partition, to } of moves) {
          expect(partition.isPinned).toBeUndefined();
          expect(to.length).toBe(partition.replicas.length);
          expect(new Set(to).size).toBe(to.length);
        }
        // Once is enough.
        const settled = pieces.map((each) => {
          const moved = moves.find(({ partition }) => partition.id === each.partition.id);
          if (moved === undefined) return each;
          return { ...each, partition: { ...each.partition, replicas: serving(...moved.to) } };
        });
        const again = movesOff(settled, optionsOf(c, { mayShrink: false, withPinned: false }));
        expect(again).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test('pairs go on being few: what lay on one pair goes to the neighbours of the other node', () => {
    const nodes = Array.from({ length: 6 }, (_, i) => `s${i + 1}`);
    const pairs = [0, 2, 4].map((i) => [nodes[i]!, nodes[i + 1]!]);
    const pieces = Array.from({ length: 300 }, (_, i) => piece(`p${i}`, 10, pairs[i % 3]!));
    const moves = movesOff(pieces, {
      from: new Set(['s1']),
      to: nodes.map((node) => ({ node })),
      domainOf: (node) => node,
      ...{ mayShrink: true, withPinned: true },
    });
    expect(moves).toHaveLength(100);
    const loads = new Map<string, number>();
    for (const { nodes: on } of after(pieces, moves)) {
      for (const node of on) loads.set(node, (loads.get(node) ?? 0) + 1);
    }
    // s2 keeps what it has, the others share what s1 had.
    expect(Math.max(...loads.values())).toBeLessThanOrEqual(128);
    expect(Math.min(...loads.values())).toBe(100);
  });

  test('with nobody to take it nothing moves', () => {
    const options = { domainOf: (node: string) => node, withPinned: true };
    const only = [piece('p', 1, ['s1'])];
    const from = new Set(['s1']);
    expect(movesOff(only, { ...options, from, to: [], mayShrink: true })).toEqual([]);
    expect(movesOff(only, { ...options, from, to: [{ node: 's1' }], mayShrink: false })).toEqual(
      [],
    );
  });
});
