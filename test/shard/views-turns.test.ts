import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Budget } from '../../src/core/budget.js';
import { Deadline } from '../../src/core/deadline.js';
import { HASH_END } from '../../src/core/ids.js';
import type { LeafView } from '../../src/query/result-set.js';
import type { TenantIndex } from '../../src/shard/index/tenant-index.js';
import { CostModel } from '../../src/shard/leaf/cost-model.js';
import { PartitionSet } from '../../src/shard/leaf/partition-set.js';
import { searchViews } from '../../src/shard/leaf/views/search-views.js';
import { directionOf, indexOf, type Made } from './words-fixture.js';

const PRODUCTS = 1_500;
let folder: string;
let index: TenantIndex;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'omnisearch-turns-'));
  const all = Array.from({ length: PRODUCTS }, (_, i): Made => {
    const product = { id: `P-${i}`, title: 'x', category: 'Mice', brand: `B ${i}`, price: i };
    return { product, vector: directionOf(0), block: 0, isDead: false };
  });
  index = await indexOf(folder, 'turns', all, { blocks: 1, merged: true });
});
afterAll(async () => {
  for (const segment of index.segments) await segment.close();
  rmSync(folder, { recursive: true });
});

/** How often others had a turn while a view was looked at, by who gives every turn away that it may. */
async function turnsOf(view: LeafView): Promise<number> {
  const budget = new Budget(Deadline.after(Infinity), { turnMs: 0 });
  const searcher = index.searcher();
  try {
    const { views } = await searchViews(
      searcher,
      new PartitionSet(() => [{ from: 0, to: HASH_END }]),
      {
        ...{ vector: undefined, text: undefined, boosts: [], choose: undefined, set: undefined },
        ...{
          hidden: undefined,
          within: undefined,
          until: undefined,
          exact: true,
          trace: undefined,
        },
        ...{ views: [view], costs: new CostModel() },
      },
      budget,
    );
    expect(views[0]?.hits).toHaveLength(view.k);
    return budget.yields;
  } finally {
    searcher.release();
  }
}

test('invariant 12: others have turns while the values of many hits are read', async () => {
  const sort = ['price', 'brand'].map((field) => ({ field, order: 'desc' as const }));
  const few = await turnsOf({ k: 10, sort });
  expect(await turnsOf({ k: PRODUCTS, sort })).toBeGreaterThan(few + 8);
});

test.each([1, 2])('and while many groups of %i are found', async (limit) => {
  const group = { field: 'brand', limit };
  const few = await turnsOf({ k: 10, group });
  expect(await turnsOf({ k: PRODUCTS, group })).toBeGreaterThan(few + 8);
});
