import { describe, expect, it } from 'vitest';
import { dot, exactNeighbours } from '../../bench/lib/exact.js';
import { localDimensionality } from '../../bench/lib/hardness.js';
import { Random } from '../../bench/lib/random.js';
import { filterCases, rowAttributes } from '../../bench/lib/selectivity.js';
import { rowOf, type VectorSet } from '../../bench/lib/synthetic.js';
import { vectorJson, vectorProduct } from '../../bench/lib/vector-json.js';

/** Random vectors of multiples of 1e-6, as the synthetic data are. */
function randomSet(count: number, dimensions: number, seed: number): VectorSet {
  const random = new Random(seed, 'test');
  const vectors = Float32Array.from({ length: count * dimensions }, () => {
    return Math.round(random.gaussian() * 1e5) / 1e6;
  });
  const categories = Uint8Array.from({ length: count }, () => random.below(3));
  return { count, dimensions, vectors, categories };
}

describe('exact neighbours', () => {
  const base = randomSet(500, 16, 1);
  const queries = Array.from({ length: 20 }, (_, i) => rowOf(randomSet(20, 16, 2), i));
  const bruteForce = (query: Float32Array, rows: number[], k: number): number[] =>
    rows
      .map((row) => ({ row, score: dot(query, rowOf(base, row)) }))
      .sort((a, b) => b.score - a.score || a.row - b.row)
      .slice(0, k)
      .map(({ row }) => row);

  it('are those of a brute-force scan, over all rows and over some', () => {
    const all = Array.from({ length: 500 }, (_, row) => row);
    const some = all.filter((row) => row % 7 === 3);
    exactNeighbours(base, queries, 10).forEach(({ rows }, i) => {
      expect(rows).toEqual(bruteForce(queries[i]!, all, 10));
    });
    exactNeighbours(base, queries, 10, Uint32Array.from(some)).forEach(({ rows }, i) => {
      expect(rows).toEqual(bruteForce(queries[i]!, some, 10));
    });
  });

  it('are all of them when there are fewer than k', () => {
    const [first] = exactNeighbours(base, queries, 10, Uint32Array.from([4, 9]));
    expect(first?.rows.toSorted((a, b) => a - b)).toEqual([4, 9]);
  });
});

it('vectors as JSON text read back as the same float32 values', () => {
  const set = randomSet(50, 33, 3);
  for (let row = 0; row < set.count; row += 1) {
    const parsed = JSON.parse(vectorJson(rowOf(set, row)).toString()) as number[];
    expect(Float32Array.from(parsed)).toEqual(Float32Array.from(rowOf(set, row)));
  }
  const edges = Float32Array.from([0, 1, -1, 0.000001, -0.5]);
  expect(JSON.parse(vectorJson(edges).toString())).toEqual([0, 1, -1, 0.000001, -0.5]);
  const product = JSON.parse(vectorProduct(set, 7, { colour: 'red' }).toString()) as object;
  expect(product).toMatchObject({ id: 'v7', attributes: { colour: 'red' } });
});

it('local intrinsic dimensionality is that of uniform points', () => {
  for (const dimensions of [2, 8, 20]) {
    const random = new Random(4, 'ball');
    // Distances of uniform points in a unit ball are distributed as u^(1/d).
    const distances = Array.from({ length: 5000 }, () => random.next() ** (1 / dimensions));
    const estimate = localDimensionality(distances.sort((a, b) => a - b));
    expect(Math.abs(estimate / dimensions - 1)).toBeLessThan(0.06);
  }
});

describe('filters by selectivity', () => {
  const base = randomSet(2000, 16, 5);
  const queries = Array.from({ length: 40 }, (_, i) => rowOf(randomSet(40, 16, 6), i));
  const data = { base, queries, queryCategories: new Uint8Array(40) };
  const cases = filterCases(data, 1);

  it('match exactly the rows that they name, by the attributes of the products', () => {
    for (const { groups } of cases.list) {
      for (const { filter, rows } of groups) {
        const [[field, bounds]] = Object.entries(filter ?? {}) as [
          [string, Record<string, number>],
        ];
        const name = field.replace('attributes.', '');
        const matching = Array.from({ length: base.count }, (_, row) => row).filter((row) => {
          const value = (rowAttributes(cases, row) as Record<string, number>)[name]!;
          return value < (bounds['lt'] ?? Infinity) && value >= (bounds['gte'] ?? -Infinity);
        });
        expect(Array.from(rows!)).toEqual(matching);
      }
    }
  });

  it('have the selectivity that their names say', () => {
    const sizes = cases.list.map(({ name, groups }) => [name, groups[0]?.rows?.length]);
    expect(sizes).toContainEqual(['0.1 % random', 2]);
    expect(sizes).toContainEqual(['25 % correlated', 500]);
    expect(sizes).toContainEqual(['100 % anti-correlated', 2000]);
  });
});
