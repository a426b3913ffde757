import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HASH_END } from '../../src/core/ids.js';
import { DEFAULT_TEXT_SETTINGS } from '../../src/text/default-settings.js';
import { normalise, score } from '../../src/core/vector.js';
import { parseFilter } from '../../src/filter/parse-filter.js';
import { ENGINES } from '../../src/shard/engine/engines.js';
import type { EngineName } from '../../src/shard/engine/graph.js';
import { look, partitionSet, unlimited } from './leaf-fixture.js';
import { openSegment } from '../../src/shard/index/open-segment.js';
import { WriteBuffer } from '../../src/shard/index/write-buffer.js';
import { TenantIndex } from '../../src/shard/index/tenant-index.js';
import { writeSegment } from '../../src/shard/build/write-segment.js';
import type { Partition } from '../../src/store/store.js';
import { randomVector, seeded } from '../e2e/catalogue.js';
import { serving } from '../store/place.js';
import { append } from './indexed.js';

const DIMENSIONS = 64;
const ROWS = 6_000;
const K = 10;
const CATEGORIES = ['large', 'middle', 'small'];

/** Clustered vectors; `price` is evenly spread, `near` grows with the likeness to cluster 0. */
const random = seeded(3);
const centres = Array.from({ length: 30 }, () => randomVector(random, DIMENSIONS));
const draw = (cluster: number): Float32Array => {
  const noise = randomVector(random, DIMENSIONS);
  const centre = centres[cluster] as number[];
  return normalise(centre.map((value, i) => value + 0.8 * (noise[i] as number))) as Float32Array;
};
const rows = Array.from({ length: ROWS }, (_, i) => {
  const vector = draw(i % 30);
  const category = CATEGORIES[i % 10 < 6 ? 0 : i % 10 < 9 ? 1 : 2] as string;
  const near = score(vector, normalise(centres[0] as number[]) as Float32Array);
  return { id: `p${i}`, title: 't', category, price: (i * 7919) % ROWS, near, vector };
});
const queries = Array.from({ length: 40 }, (_, i) => draw(i % 3));
const partitions = CATEGORIES.map((category): Partition => ({
  id: category,
  categories: [category],
  from: 0,
  to: HASH_END,
  replicas: serving('s1'),
  epoch: 1,
}));
const byNearness = rows.map(({ near }) => near).sort((a, b) => b - a);

/** Filters from 0.1 to 100 %: spread evenly, all near the queries, all far from them. */
const FILTERS: [name: string, wire: Record<string, unknown> | undefined][] = [
  ['none', undefined],
  ...[0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.9].flatMap(
    (share): [string, Record<string, unknown>][] => [
      [`${share} of all`, { price: { lt: share * ROWS } }],
      [
        `the nearest ${share}`,
        { 'attributes.near': { gte: byNearness[Math.round(share * ROWS)] } },
      ],
      [
        `the farthest ${share}`,
        { 'attributes.near': { lt: byNearness[Math.round((1 - share) * ROWS)] } },
      ],
    ],
  ),
];

describe.each<EngineName>(['usearch', 'hnswlib'])('engine %s', (engine) => {
  const folder = mkdtempSync(join(tmpdir(), 'omnisearch-engine-'));
  const options = {
    dimensions: DIMENSIONS,
    graphMinRows: 500,
    graph: { engine, M: 16, efConstruction: 100 },
    ef: { target: 0.95, min: 64, max: 64 },
  };
  const index = new TenantIndex('shop', 'm', DIMENSIONS, DEFAULT_TEXT_SETTINGS);

  beforeAll(async () => {
    const tail = new WriteBuffer(DIMENSIONS);
    rows.forEach(({ near, vector, ...product }, i) =>
      append(tail, { ...product, attributes: { near } }, i + 1, vector),
    );
    const record = await writeSegment(folder, 's', [tail], options);
    if (record === undefined) throw new Error('no row is live');
    index.segments = [await openSegment(folder, record)];
  });
  afterAll(async () => {
    for (const segment of index.segments) await segment.close();
    rmSync(folder, { recursive: true });
  });

  const search = async (
    vector: Float32Array,
    wire: Record<string, unknown> | undefined,
    asked: readonly Partition[],
    exact: boolean,
  ): Promise<string[]> => {
    const view = wire === undefined ? { k: K } : { k: K, filter: parseFilter(wire) };
    const query = { vector, exact, views: [view] };
    const { views } = await look(index, query, unlimited(), partitionSet(asked));
    return views[0]?.hits.map(({ id }) => id) ?? [];
  };

  test.each([
    ['all categories', partitions],
    ['one category with a graph', partitions.slice(1, 2)],
    ['one without and one with', partitions.slice(1)],
  ])('keeps recall@10 at 0.95 under every filter: %s', async (_, asked) => {
    for (const [name, wire] of FILTERS) {
      let found = 0;
      let wanted = 0;
      for (const vector of queries) {
        const truth = await search(vector, wire, asked, true);
        const hits = await search(vector, wire, asked, false);
        expect(hits.length, name).toBe(truth.length);
        found += hits.filter((id) => truth.includes(id)).length;
        wanted += truth.length;
      }
      expect(found, name).toBeGreaterThanOrEqual(0.95 * wanted);
    }
  });

  test('two builds of the same rows are the same file, and one that is stopped throws', () => {
    const graphRows = {
      dimensions: DIMENSIONS,
      count: 1_000,
      vectorAt: (row: number) => (rows[row] as (typeof rows)[0]).vector,
    };
    const files = ['a', 'b'].map((name) => join(folder, name));
    for (const file of files) ENGINES[engine].build(file, graphRows, options.graph, () => false);
    const [first, second] = files.map((file) => readFileSync(file));
    expect(first?.equals(second as Buffer)).toBe(true);
    const stopped = join(folder, 'stopped');
    expect(() => {
      ENGINES[engine].build(stopped, graphRows, options.graph, () => true);
    }).toThrow('called off');
  });

  test('a graph over one category gives rows of that category, each once', () => {
    const range = index.segments[0]?.ranges.find(({ category }) => category === 'middle');
    const found = range?.graph?.search(queries[0] as Float32Array, 100_000).rows ?? [];
    expect(new Set(found).size).toBe(found.length);
    expect(found.length).toBeGreaterThan(0.99 * ROWS * 0.3);
    for (const row of found) {
      expect(row).toBeGreaterThanOrEqual(range?.from as number);
      expect(row).toBeLessThan(range?.to as number);
    }
  });
});
