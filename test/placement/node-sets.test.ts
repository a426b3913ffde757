import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodeSets, type PlaceableNode } from '../../src/placement/node-sets.js';

/** Nodes of some domains, by how many each domain has. */
const cluster = fc
  .array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 8 })
  .map((sizes): PlaceableNode[] => {
    let n = 0;
    return sizes.flatMap((size, domain) =>
      Array.from({ length: size }, () => ({ node: `s${++n}`, domain: `zone${domain}` })),
    );
  });
const copies = fc.integer({ min: 1, max: 5 });

const countOf = (values: readonly string[]): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
};

describe('sets of nodes', () => {
  test('are few, of as many nodes as there are copies, and every node is in as many as any other', () => {
    fc.assert(
      fc.property(cluster, copies, (nodes, replicas) => {
        const sets = nodeSets(nodes, replicas);
        const size = Math.min(replicas, nodes.length);
        for (const set of sets) {
          expect(set).toHaveLength(size);
          expect(new Set(set).size).toBe(size);
        }
        const divides = nodes.length % size === 0;
        expect(sets).toHaveLength(divides ? nodes.length / size : nodes.length);
        const counts = countOf(sets.flat());
        expect([...counts.keys()].sort()).toEqual(nodes.map(({ node }) => node).sort());
        expect(new Set(counts.values())).toEqual(new Set([divides ? 1 : size]));
      }),
    );
  });

  test('are the same whatever the order in which the nodes are told', () => {
    fc.assert(
      fc.property(
        cluster.chain((nodes) =>
          fc.tuple(fc.constant(nodes), fc.shuffledSubarray(nodes, { minLength: nodes.length })),
        ),
        copies,
        ([nodes, shuffled], replicas) => {
          expect(nodeSets(shuffled, replicas)).toEqual(nodeSets(nodes, replicas));
        },
      ),
    );
  });

  test('are of different domains where each domain is small enough', () => {
    fc.assert(
      fc.property(cluster, copies, (nodes, replicas) => {
        const sizes = [...countOf(nodes.map(({ domain }) => domain ?? '')).values()];
        // So that sets that share no node can be cut, each with at most one of a domain.
        fc.pre(nodes.length % replicas === 0);
        fc.pre(Math.max(...sizes) <= nodes.length / replicas);
        const domains = new Map(nodes.map(({ node, domain }) => [node, domain]));
        for (const set of nodeSets(nodes, replicas)) {
          expect(new Set(set.map((node) => domains.get(node))).size).toBe(replicas);
        }
      }),
    );
  });

  test('without domains each node stands for itself', () => {
    const nodes = Array.from({ length: 12 }, (_, i) => ({ node: `s${i + 1}` }));
    expect(nodeSets(nodes, 3)).toEqual([
      ['s1', 's2', 's3'],
      ['s4', 's5', 's6'],
      ['s7', 's8', 's9'],
      ['s10', 's11', 's12'],
    ]);
    expect(nodeSets(nodes.slice(0, 2), 3)).toEqual([['s1', 's2']]);
    expect(nodeSets([], 3)).toEqual([]);
  });
});
