import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Filter } from '../../src/filter/filter.js';
import type { PlanStep } from '../../src/query/leaf-result.js';
import { put, ShardFixture, type SearchOptions } from './shard-fixture.js';

/** So many and so long that graphs are cheaper than scans by far, also within a category. */
const ROWS = 4_000;
const DIMENSIONS = 512;
const QUERY = pad([1]);
let shard: ShardFixture;

function pad(values: number[]): number[] {
  return [...values, ...Array<number>(DIMENSIONS - values.length).fill(0)];
}

beforeAll(async () => {
  shard = await ShardFixture.open({
    dimensions: DIMENSIONS,
    segment: {
      graphMinRows: 1_000,
      graph: { engine: 'hnswlib', M: 6, efConstruction: 20 },
      ef: { target: 0.95, min: 32, max: 32 },
    },
    merge: {
      tailRows: ROWS,
      fanout: 3,
      maxDeadShare: 0.2,
      maxSegmentRows: 1e6,
      replayEntries: 1e9,
    },
  });
  await shard.place('Mice');
  await shard.place('Pans');
  await shard.write(
    Array.from({ length: ROWS }, (_, i) =>
      put(`p${i}`, i % 2 === 0 ? 'Mice' : 'Pans', pad([Math.cos(i), Math.sin(i), i / ROWS]), {
        price: i,
      }),
    ),
  );
  for (let i = 0; i < 500 && shard.files(/all\.graph$/).length === 0; i++) await sleep(20);
  // The manifest is swapped after the files are there.
  for (let i = 0; i < 500; i++) {
    if ((await stepsOf({})).some(({ block }) => block !== 'tail')) break;
    await sleep(20);
  }
});
afterAll(() => shard.close());

async function stepsOf(options: SearchOptions): Promise<PlanStep[]> {
  const { explanation } = await shard.search(QUERY, {
    k: 5,
    exact: false,
    explain: true,
    ...options,
  });
  expect(explanation?.live).toBe(ROWS);
  return explanation?.steps ?? [];
}

const cheaper = (value: number): Filter => ({ kind: 'range', field: 'price', op: 'lt', value });

test('nothing is explained that was not asked', async () => {
  expect(await shard.search(QUERY, { k: 5, exact: false })).not.toHaveProperty('explanation');
});

test('over everything: one graph', async () => {
  const steps = await stepsOf({});
  expect(steps).toEqual([
    {
      block: expect.stringMatching(/^segment-/) as string,
      categories: null,
      plan: 'graph',
      rows: ROWS,
      matches: ROWS,
      ef: 32,
      candidates: 32,
      estimatedUs: expect.any(Number) as number,
      rowsScanned: 0,
      rescored: expect.any(Number) as number,
      tookUs: expect.any(Number) as number,
      gaveUp: false,
    },
  ]);
  expect(steps[0]?.rescored).toBeGreaterThanOrEqual(5);
});

test('within a category: its own graph', async () => {
  const { partitions } = await shard.store.placement('shop');
  const mice = partitions.filter(({ categories }) => categories.includes('Mice'));
  expect(await stepsOf({ partitions: mice })).toMatchObject([
    { categories: ['Mice'], plan: 'graph', rows: ROWS / 2, matches: ROWS / 2 },
  ]);
});

test('with a filter: a wider search, or a scan of few matches', async () => {
  const half = await stepsOf({ filter: cheaper(ROWS / 2) });
  expect(matchesOf(half)).toBe(ROWS / 2);
  for (const step of half) {
    expect(step.plan).toBe('widened');
    expect(step.candidates).toBeGreaterThan(32);
  }
  // Category by category: a slab each.
  const few = await stepsOf({ filter: cheaper(4) });
  expect(matchesOf(few)).toBe(4);
  for (const step of few) {
    expect(step.plan).toBe('scan');
    expect(step.rowsScanned).toBe(step.matches);
    expect(step).not.toHaveProperty('ef');
  }
});

test('a filter that excludes what is near the query: its matches are settled by a scan', async () => {
  const filter: Filter = { kind: 'range', field: 'price', op: 'gte', value: ROWS / 10 };
  // Products are the nearer to it the cheaper they are.
  const query = pad([0, 0, -1]);
  const found = await shard.search(query, { k: 5, exact: false, explain: true, filter });
  const exact = await shard.search(query, { k: 5, exact: true, filter });
  expect(found.hits).toEqual(exact.hits);
  const [first, second] = found.explanation?.steps ?? [];
  expect(first).toMatchObject({ plan: 'widened', gaveUp: true });
  expect(second).toMatchObject({ plan: 'scan', gaveUp: false });
});

function matchesOf(steps: readonly PlanStep[]): number {
  return steps.reduce((sum, { matches }) => sum + matches, 0);
}

test('in exact mode: every row', async () => {
  const [step] = await stepsOf({ exact: true });
  expect(step).toMatchObject({ plan: 'exact', matches: ROWS });
  expect(step?.rowsScanned).toBeGreaterThanOrEqual(ROWS);
});
