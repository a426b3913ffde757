import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { normalise } from '../../src/core/vector.js';
import { chooseEf } from '../../src/shard/build/choose-ef.js';
import { ENGINES } from '../../src/shard/engine/engines.js';
import type { EngineName, Graph, GraphRows } from '../../src/shard/engine/graph.js';
import type { SearchedVector } from '../../src/shard/index/recent-queries.js';
import { randomVector, seeded } from '../e2e/catalogue.js';

const DIMENSIONS = 24;
const COUNT = 2_000;
const OPTIONS = { target: 0.98, min: 16, max: 512 };
const going = (): boolean => false;
const folder = mkdtempSync(join(tmpdir(), 'omnisearch-ef-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Of a tenant that one shard has alone. */
function searched(list: readonly Float32Array[]): SearchedVector[] {
  return list.map((vector) => ({ vector, reach: -Infinity }));
}

const random = seeded(3);
const vectors = Array.from(
  { length: COUNT },
  () => normalise(randomVector(random, DIMENSIONS)) as Float32Array,
);
const rows: GraphRows = {
  dimensions: DIMENSIONS,
  count: COUNT,
  vectorAt: (row) => vectors[row] as Float32Array,
};
const queries = searched(
  Array.from({ length: 48 }, () => normalise(randomVector(random, DIMENSIONS)) as Float32Array),
);

/** The same in fifty groups, as products are. */
const groups = vectors.slice(0, 50);
const grouped = vectors.map((vector, i) => {
  const group = groups[Math.floor((i * groups.length) / COUNT)] as Float32Array;
  return normalise(vector.map((value, d) => 0.4 * value + (group[d] as number))) as Float32Array;
});
const products: GraphRows = { ...rows, vectorAt: (row) => grouped[row] as Float32Array };

async function graphOf(
  engine: EngineName,
  M: number,
  efConstruction: number,
  of = rows,
): Promise<Graph> {
  const file = join(folder, `${engine}-${M}-${of === rows ? 'rows' : 'products'}`);
  ENGINES[engine].build(file, of, { engine, M, efConstruction }, going);
  return ENGINES[engine].open(file, { dimensions: DIMENSIONS, firstRow: 0, bytes: 0, ef: 1 });
}

test.each<EngineName>(['usearch', 'hnswlib'])(
  'a worse graph of %s gets a greater width, and the same each time',
  async (engine) => {
    const good = chooseEf(await graphOf(engine, 16, 200), rows, queries, OPTIONS, going);
    const poor = await graphOf(engine, 4, 12);
    const chosen = chooseEf(poor, rows, queries, OPTIONS, going);
    expect(good.recall).toBeGreaterThanOrEqual(0.985);
    expect(chosen.ef).toBeGreaterThan(good.ef);
    expect(chooseEf(poor, rows, queries, OPTIONS, going)).toEqual(chosen);
  },
);

test('what was searched for counts: a graph that misses it gets a greater width', async () => {
  const graph = await graphOf('hnswlib', 6, 20);
  const ofRows = chooseEf(graph, rows, searched(vectors.slice(0, 48)), OPTIONS, going);
  const ofQueries = chooseEf(graph, rows, queries, OPTIONS, going);
  expect(ofQueries.ef).toBeGreaterThanOrEqual(ofRows.ef);
});

test('before anybody has searched, words that lie between products count more than the products', async () => {
  const graph = await graphOf('usearch', 16, 100, products);
  const words = chooseEf(graph, products, [], OPTIONS, going);
  const ofRows = chooseEf(graph, products, searched(grouped.slice(0, 48)), OPTIONS, going);
  const alike = chooseEf(graph, products, [], { ...OPTIONS, vectorsOnly: true }, going);
  expect(words.ef).toBeGreaterThan(ofRows.ef);
  // Where there are no words, searches are not made dear for them.
  expect(alike.ef).toBeLessThan(words.ef);
  expect(chooseEf(graph, products, [], OPTIONS, going)).toEqual(words);
});

test('a width that no graph can do with is not widened for nothing, and its recall is told', async () => {
  const graph = await graphOf('usearch', 16, 100);
  // As one whose compressed vectors all look alike: wherever it is asked, it knows ten rows.
  const blind: Graph = { ...graph, size: COUNT, search: (query) => graph.search(query, 4) };
  const { ef, recall } = chooseEf(blind, rows, queries, OPTIONS, going);
  expect(ef).toBe(OPTIONS.min);
  expect(recall).toBeLessThan(0.5);
});

test('of a query that others answer better no more is wanted than what is among the best of all', async () => {
  const graph = await graphOf('hnswlib', 6, 20);
  const whole = chooseEf(graph, rows, queries, OPTIONS, going);
  const best = (vector: Float32Array): number =>
    Math.max(
      ...vectors.map((row) =>
        row.reduce((sum, value, d) => sum + value * (vector[d] as number), 0),
      ),
    );
  const firsts = queries.map(({ vector }) => ({ vector, reach: best(vector) - 1e-6 }));
  const ofFirst = chooseEf(graph, rows, firsts, OPTIONS, going);
  expect(ofFirst.ef).toBeLessThan(whole.ef);
  expect(ofFirst.recall).toBeGreaterThanOrEqual(OPTIONS.target);
});

test('a choice that is called off ends at once', async () => {
  const graph = await graphOf('usearch', 8, 40);
  expect(() => chooseEf(graph, rows, queries, OPTIONS, () => true)).toThrow(/called off/);
});
