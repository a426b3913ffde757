import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HASH_END } from '../../src/core/ids.js';
import type { Placed } from '../../src/placement/move-off.js';
import { HOT_SHARE, REST_SHARE, type NodeSample } from '../../src/placement/relief-nodes.js';
import { reliefs, type Relief } from '../../src/placement/relief.js';
import { halves } from '../../src/placement/reshape.js';
import { nodesOf } from '../../src/placement/reassign.js';
import type { Partition } from '../../src/store/store.js';
import { serving } from '../store/place.js';

const MAX_PARTITIONS = 200;
const MAX_STEPS = 2_000;

const piece = (id: string, rows: number, nodes: readonly string[], more = {}): Placed => ({
  tenant: 't',
  partition: {
    ...{ id, categories: [id], from: 0, to: HASH_END, replicas: serving(...nodes), epoch: 1 },
    ...more,
  },
  rows,
});

/** Everything is as it is placed: what a node holds follows from where the pieces are. */
interface Cluster {
  nodes: readonly { node: string; domain: string; capacityBytes: number }[];
  pieces: readonly Placed[];
  /** Bytes of a row, and how busy a node is by one. */
  bytes: number;
  load: number;
}

function samplesOf({ nodes, pieces, bytes, load }: Cluster): NodeSample[] {
  return nodes.map((each) => {
    const own = pieces.filter(({ partition }) => nodesOf(partition.replicas).includes(each.node));
    const rows = own.reduce((sum, one) => sum + one.rows, 0);
    return { ...each, isOpen: true, rows, bytes: rows * bytes, load: rows * load };
  });
}

const shareOf = ({ bytes, capacityBytes = 0, load = 0 }: NodeSample): number =>
  Math.max(bytes / capacityBytes, load);

const adviceOf = (cluster: Cluster): Relief[] => [
  ...reliefs({ nodes: samplesOf(cluster), placed: cluster.pieces, maxPartitions: MAX_PARTITIONS }),
];

/** As if the step were taken, and all had come to rest. */
function after(cluster: Cluster, step: Relief): Cluster {
  const pieces = cluster.pieces.flatMap((each): Placed[] => {
    if (step.kind === 'move' && each.partition.id === step.move.partition.id) {
      return [{ ...each, partition: { ...each.partition, replicas: serving(...step.move.to) } }];
    }
    if (step.kind !== 'split' || each.partition.id !== step.placed.partition.id) return [each];
    return halves(each.partition, each.partition.epoch + 1).map((partition) => ({
      ...each,
      partition: { ...partition, replicas: serving(...nodesOf(partition.replicas)) },
      rows: each.rows / 2,
    }));
  });
  return { ...cluster, pieces };
}

/** Copies of a partition that lie in a domain with another one. */
function together({ nodes }: Cluster, { replicas }: Partition): number {
  const domains = nodesOf(replicas).map(
    (name) => nodes.find(({ node }) => node === name)?.domain ?? name,
  );
  return domains.length - new Set(domains).size;
}

const clusters = fc
  .record({
    nodes: fc.array(
      fc.record({ zone: fc.nat({ max: 3 }), capacity: fc.integer({ min: 500, max: 3_000 }) }),
      {
        minLength: 1,
        maxLength: 7,
      },
    ),
    copies: fc.integer({ min: 1, max: 3 }),
    sizes: fc.array(
      fc.record({
        at: fc.nat({ max: 3 }),
        rows: fc.nat({ max: 700 }),
        isPinned: fc.boolean(),
      }),
      { maxLength: 25 },
    ),
    load: fc.constantFrom(0, 0.000_2, 0.000_8),
  })
  .map(({ nodes, copies, sizes, load }): Cluster => {
    const names = nodes.map((_, i) => `s${i + 1}`);
    const many = Math.min(copies, names.length);
    return {
      nodes: nodes.map(({ zone, capacity }, i) => ({
        ...{ node: `s${i + 1}`, domain: `z${zone}`, capacityBytes: capacity },
      })),
      pieces: sizes.map(({ at, rows, isPinned }, i) => {
        const on = Array.from({ length: many }, (_, n) => names[(at + n) % names.length]!);
        return piece(`p${i}`, rows, on, isPinned && i % 3 === 0 ? { isPinned: true } : {});
      }),
      ...{ bytes: 1, load },
    };
  });

/** The least rows that one copy must have to be enough, by trying all; undefined: none is. */
function leastEnough(cluster: Cluster, hot: string): number | undefined {
  const samples = samplesOf(cluster);
  const source = samples.find(({ node }) => node === hot)!;
  const fits = (sample: NodeSample, rows: number): boolean =>
    shareOf({
      ...sample,
      bytes: sample.bytes + rows * cluster.bytes,
      load: (sample.load ?? 0) + rows * cluster.load,
    }) <= REST_SHARE;
  const rows = cluster.pieces.flatMap((each) => {
    const { partition } = each;
    const on = nodesOf(partition.replicas);
    if (partition.isPinned === true || !on.includes(hot) || each.rows === 0) return [];
    if (!fits(source, -each.rows)) return [];
    const isPossible = samples.some((sample) => {
      const to = on.map((node) => (node === hot ? sample.node : node));
      const moved = { ...partition, replicas: serving(...to) };
      const isNew = !on.includes(sample.node);
      return (
        isNew && fits(sample, each.rows) && together(cluster, moved) <= together(cluster, partition)
      );
    });
    return isPossible ? [each.rows] : [];
  });
  return rows.length === 0 ? undefined : Math.min(...rows);
}

describe('what would relieve nodes', () => {
  test('followed until there is nothing more to do it ends, raises no maximum, and leaves alone what it must', () => {
    let [moves, splits] = [0, 0];
    fc.assert(
      fc.property(clusters, (first) => {
        let cluster = first;
        for (let steps = 0; ; steps++) {
          expect(steps).toBeLessThan(MAX_STEPS);
          const step = adviceOf(cluster).find(({ kind }) => kind === 'move' || kind === 'split');
          if (step === undefined) break;
          const next = after(cluster, step);
          const most = Math.max(...samplesOf(cluster).map(shareOf));
          expect(Math.max(...samplesOf(next).map(shareOf))).toBeLessThanOrEqual(most + 1e-9);
          if (step.kind === 'move') {
            moves += 1;
            const { partition, to } = step.move;
            expect(partition.isPinned).toBeUndefined();
            expect(new Set(to).size).toBe(nodesOf(partition.replicas).length);
            const replicas = serving(...to);
            expect(together(cluster, { ...partition, replicas })).toBeLessThanOrEqual(
              together(cluster, partition),
            );
            // Who took it is not hot by it, and who gave it has less.
            const taker = samplesOf(next).find(({ node }) => node === step.target)!;
            expect(shareOf(taker)).toBeLessThanOrEqual(REST_SHARE + 1e-9);
            const source = samplesOf(next).find(({ node }) => node === step.hot.node)!;
            expect(shareOf(source)).toBeLessThan(step.hot.share);
            expect(step.share).toBeCloseTo(shareOf(source), 6);
          } else if (step.kind === 'split') {
            splits += 1;
            expect(step.placed.partition.isPinned).toBeUndefined();
          }
          cluster = next;
        }
        // At rest: nobody is hot, or it is said why.
        const hot = samplesOf(cluster).filter((sample) => shareOf(sample) >= HOT_SHARE);
        const said = adviceOf(cluster).flatMap((each) =>
          each.kind === 'add' ? each.hot.map(({ node }) => node) : [each.kind],
        );
        expect(said.length).toBe(hot.length);
      }),
      { numRuns: 300, seed: 84 },
    );
    expect([moves > 100, splits > 10]).toEqual([true, true]);
  });

  test('the fewest rows that are enough move, where one move is enough', () => {
    let compared = 0;
    fc.assert(
      fc.property(clusters, (cluster) => {
        const [step] = adviceOf(cluster);
        if (step === undefined || step.kind === 'add') return;
        const least = leastEnough(cluster, step.hot.node);
        if (least === undefined) return;
        compared += 1;
        expect(step).toMatchObject({ kind: 'move', move: { rows: least } });
      }),
      { numRuns: 500, seed: 84 },
    );
    expect(compared).toBeGreaterThan(50);
  });

  test('the same samples in another order give the same advice', () => {
    fc.assert(
      fc.property(clusters, (cluster) => {
        const turned = {
          ...cluster,
          nodes: [...cluster.nodes].reverse(),
          pieces: [...cluster.pieces].reverse(),
        };
        expect(adviceOf(turned)).toEqual(adviceOf(cluster));
      }),
      { numRuns: 200, seed: 84 },
    );
  });
});

describe('a node past 80 %', () => {
  const nodes = (...capacities: number[]) =>
    capacities.map((capacityBytes, i) => ({
      ...{ node: `s${i + 1}`, domain: `z${i + 1}`, capacityBytes },
    }));
  const of = (capacities: number[], pieces: Placed[], load = 0): Cluster => ({
    ...{ nodes: nodes(...capacities), pieces, bytes: 1, load },
  });

  test('below that nothing is said, though another one is empty', () => {
    expect(adviceOf(of([1_000, 1_000], [piece('a', 799, ['s1'])]))).toEqual([]);
  });

  test('by its load as well', () => {
    const pieces = [piece('a', 60, ['s1']), piece('b', 30, ['s1'])];
    expect(adviceOf(of([1_000, 1_000], pieces, 0.01))).toMatchObject([
      {
        kind: 'move',
        hot: { node: 's1', cause: 'load', share: 0.9 },
        ...{ target: 's2', move: { partition: { id: 'b' }, to: ['s2'] } },
      },
    ]);
  });

  test('one partition that fits nowhere else is split first', () => {
    const [split] = adviceOf(of([1_000, 700], [piece('a', 900, ['s1'])]));
    expect(split).toMatchObject({ kind: 'split', placed: { partition: { id: 'a' } } });
    const full = of([1_000, 700], [piece('a', 900, ['s1']), piece('b', 520, ['s2'])]);
    expect(adviceOf(full)).toMatchObject([{ kind: 'add' }]);
  });

  test('when all are, a node is to be added, as large as brings all back', () => {
    const pieces = [piece('a', 900, ['s1']), piece('b', 850, ['s2'])];
    const [add, ...others] = adviceOf(of([1_000, 1_000], pieces));
    expect(others).toEqual([]);
    expect(add).toMatchObject({ kind: 'add', hot: [{ node: 's1' }, { node: 's2' }] });
    const bytes = (add as Relief & { kind: 'add' }).bytes;
    expect(1_750 / (2_000 + bytes)).toBeCloseTo(REST_SHARE, 2);
  });

  test('with nothing but what is pinned, an operator is asked', () => {
    const pieces = [piece('a', 900, ['s1'], { isPinned: true })];
    expect(adviceOf(of([1_000, 1_000], pieces))).toMatchObject([
      { kind: 'unpin', hot: { node: 's1' } },
    ]);
  });

  test('while something moves there, or to the only one that could take it, that is waited for', () => {
    const moving = (from: string, to: string) => ({
      replicas: [
        { node: to, state: 'building' } as const,
        { node: from, state: 'leaving' } as const,
      ],
    });
    const here = [piece('a', 850, ['s1']), piece('b', 10, [], moving('s1', 's2'))];
    expect(adviceOf(of([1_000, 1_000], here))).toMatchObject([{ kind: 'wait' }]);
    const there = [
      piece('a', 500, ['s1']),
      piece('b', 400, ['s1']),
      piece('c', 10, [], moving('s3', 's2')),
    ];
    expect(adviceOf(of([1_000, 1_000, 100], there))).toMatchObject([{ kind: 'wait' }]);
    expect(adviceOf(of([1_000, 1_000, 100, 1_000], there))).toMatchObject([{ target: 's4' }]);
  });

  test('copies stay in different zones, and go to a set of nodes where they can', () => {
    const zones = { s1: 'a', s2: 'b', s3: 'b', s4: 'a' };
    const cluster: Cluster = {
      nodes: Object.entries(zones).map(([node, domain]) => ({
        node,
        domain,
        capacityBytes: 1_000,
      })),
      pieces: [piece('a', 500, ['s1', 's2']), piece('b', 400, ['s1', 's2'])],
      ...{ bytes: 1, load: 0 },
    };
    // s1 is in the zone a: s3 has as much room as s4, and would put both copies into b.
    const [move] = adviceOf(cluster);
    expect(move).toMatchObject({ hot: { node: 's1' }, target: 's4' });
  });
});

test("what is one tenant's alone is relieved by its own nodes, and takes nothing of others'", () => {
  const nodes = ['s1', 's2', 's3'].map((node) => ({ node, domain: node, capacityBytes: 1_000 }));
  const pieces = [piece('a', 500, ['s1']), piece('b', 400, ['s1']), piece('c', 10, ['s2'])];
  const samples = samplesOf({ nodes, pieces, bytes: 1, load: 0 });
  const advised = (...owned: readonly string[]): Relief[] => [
    ...reliefs({
      nodes: samples.map((each) => (owned.includes(each.node) ? { ...each, owner: 't' } : each)),
      ...{ placed: pieces, maxPartitions: MAX_PARTITIONS },
    }),
  ];
  expect(advised()).toMatchObject([{ kind: 'move', target: 's3' }]);
  expect(advised('s1', 's2')).toMatchObject([{ kind: 'move', target: 's2' }]);
  expect(advised('s3')).toMatchObject([{ kind: 'move', target: 's2' }]);
  expect(advised('s1')).toMatchObject([{ kind: 'add' }]);
});
