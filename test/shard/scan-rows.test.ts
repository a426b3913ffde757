import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TopK } from '../../src/core/top-k.js';
import { normalise, score } from '../../src/core/vector.js';
import { CostModel } from '../../src/shard/leaf/cost-model.js';
import { Bitset } from '../../src/shard/index/bitset.js';
import type { LeafHit } from '../../src/shard/leaf/leaf-hit.js';
import { scanRows } from '../../src/shard/leaf/scan-rows.js';
import { SegmentView } from '../../src/shard/index/segment-view.js';
import { unlimited } from './leaf-fixture.js';
import { WriteBuffer } from '../../src/shard/index/write-buffer.js';
import { seeded } from '../e2e/catalogue.js';
import { append } from './indexed.js';

const DIMENSIONS = 4;
/** So many that codes round, and kernels sum in an order of their own. */
const MANY_DIMENSIONS = 64;

/** Coarse values, so that equal vectors and equal scores are common. */
function coarseVector(random: () => number): Float32Array {
  const values = Array.from({ length: DIMENSIONS }, () => Math.floor(random() * 3) - 1);
  return normalise(values) ?? Float32Array.of(1, 0, 0, 0);
}

test('invariant 3: a scan is exact: ties, equal vectors, k above the rows, masks of any density', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 2_500 }),
      fc.constantFrom(1, 3, 40, 4_000),
      fc.constantFrom(0.001, 0.05, 0.29, 0.31, 1),
      fc.constantFrom(0, 0.3, 0.95),
      fc.boolean(),
      fc.nat(),
      async (rows, k, density, deadShare, masked, seed) => {
        const random = seeded(seed);
        const tail = new WriteBuffer(DIMENSIONS);
        const mask = new Bitset(rows);
        const query = coarseVector(random);
        const view = new SegmentView(tail);
        const truth = new TopK<LeafHit>(k);
        for (let row = 0; row < rows; row++) {
          const vector = coarseVector(random);
          const id = `p${Math.floor(random() * 1e9)}-${row}`;
          append(tail, { id, title: id, category: 'c' }, row, vector);
          if (random() < deadShare) tail.kill(row);
          const isIn = !tail.dead.has(row) && (!masked || random() < density);
          if (isIn) mask.add(row);
          if (isIn) truth.offer({ id, version: row, score: score(query, vector), view, row });
        }
        const top = new TopK<LeafHit>(k);
        const selection = {
          count: mask.count(),
          mask: masked ? mask : undefined,
          ranges: undefined,
        };
        const leaf = {
          vector: query,
          k,
          ef: 10,
          exact: true,
          filtered: false,
          budget: unlimited(),
          costs: new CostModel(),
        };
        await scanRows(new SegmentView(tail), selection, leaf, top);
        const told = ({ id, version, row, score: own }: LeafHit) => [id, version, row, own];
        expect(top.sorted().map(told)).toEqual(truth.sorted().map(told));
      },
    ),
    { numRuns: 60, seed: 3 },
  );
});

/** Of a few directions, each vector a little beside one of them; some have one large value. */
function nearVectors(count: number, away: number, random: () => number): Float32Array[] {
  const values = (): number[] => Array.from({ length: MANY_DIMENSIONS }, () => random() - 0.5);
  const centres = Array.from({ length: 5 }, values);
  return Array.from({ length: count }, () => {
    const centre = centres[Math.floor(random() * centres.length)] as number[];
    const vector = centre.map((value) => value + away * (random() - 0.5));
    if (random() < 0.01) vector[Math.floor(random() * MANY_DIMENSIONS)] = 5;
    return normalise(vector) as Float32Array;
  });
}

test('invariant 3: a scan is exact among rows whose codes are equal, or in another order than they are', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1_000, max: 4_500 }),
      fc.constantFrom(1, 10, 100),
      fc.constantFrom(0.001, 0.02, 0.5),
      fc.constantFrom(0, 0.3, 0.8),
      fc.nat(),
      async (rows, k, away, deadShare, seed) => {
        const random = seeded(seed);
        const tail = new WriteBuffer(MANY_DIMENSIONS);
        const view = (): SegmentView => new SegmentView(tail);
        const [query, ...vectors] = nearVectors(rows + 1, away, random) as [
          Float32Array,
          ...Float32Array[],
        ];
        const truth = new TopK<{ id: string; score: number }>(k);
        for (const [row, vector] of vectors.entries()) {
          const id = `p${row}`;
          append(tail, { id, title: id, category: 'c' }, row, vector);
          if (random() < deadShare) tail.kill(row);
          else truth.offer({ id, score: score(query, vector) });
        }
        const top = new TopK<LeafHit>(k);
        const costs = new CostModel();
        const leaf = { vector: query, k, ef: 10, exact: true, filtered: false, costs };
        const selection = { count: view().rows, mask: undefined, ranges: undefined };
        await scanRows(view(), selection, { ...leaf, budget: unlimited() }, top);
        const told = ({ id, score: own }: { id: string; score: number }) => [id, own];
        expect(top.sorted().map(told)).toEqual(truth.sorted().map(told));
      },
    ),
    { numRuns: 40, seed: 5 },
  );
});
