import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Filter } from '../../src/filter/filter.js';
import type { PlanStep } from '../../src/protocol/messages.js';
import { put, ShardFixture, type SearchOptions } from './shard-fixture.js';

const ROWS = 400;
const QUERY = [1, 0, 0, 0, 0, 0, 0, 0];
let shard: ShardFixture;

beforeAll(async () => {
  shard = await ShardFixture.open({ merge: { tailRows: ROWS, fanout: 3, maxDeadShare: 0.2 } });
  await shard.place('Mice');
  await shard.place('Pans');
  await shard.write(
    Array.from({ length: ROWS }, (_, i) =>
      put(
        `p${i}`,
        i % 2 === 0 ? 'Mice' : 'Pans',
        [Math.cos(i), Math.sin(i), i / ROWS, 0, 0, 0, 0, 0],
        {
          price: i,
        },
      ),
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
      ef: 64,
      candidates: 5,
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
  const mice = partitions.filter(({ category }) => category === 'Mice');
  expect(await stepsOf({ partitions: mice })).toMatchObject([
    { categories: ['Mice'], plan: 'graph', rows: ROWS / 2, matches: ROWS / 2 },
  ]);
});

test('with a filter: a wider search, or a scan of few matches', async () => {
  const half = await stepsOf({ filter: cheaper(ROWS / 2) });
  expect(half[0]).toMatchObject({ plan: 'widened', matches: ROWS / 2 });
  expect(half[0]?.candidates).toBeGreaterThan(5);
  const [few] = await stepsOf({ filter: cheaper(4) });
  expect(few).toMatchObject({ plan: 'scan', matches: 4 });
  expect(few?.rowsScanned).toBeGreaterThanOrEqual(4);
  expect(few).not.toHaveProperty('ef');
});

test('in exact mode: every row', async () => {
  const [step] = await stepsOf({ exact: true });
  expect(step).toMatchObject({ plan: 'exact', matches: ROWS });
  expect(step?.rowsScanned).toBeGreaterThanOrEqual(ROWS);
});
