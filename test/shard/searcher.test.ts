import { expect, test } from 'vitest';
import { Budget } from '../../src/core/budget.js';
import { Deadline } from '../../src/core/deadline.js';
import { searchViews } from '../../src/shard/leaf/views/search-views.js';
import type { TenantIndex } from '../../src/shard/index/tenant-index.js';
import { Deletes } from '../../src/shard/index/deletes.js';
import { storedRow } from '../store/place.js';
import { newIndex, upsert } from './indexed.js';
import { EVERYTHING, viewRequest } from './leaf-fixture.js';

const DIMENSIONS = 512;

function add(index: TenantIndex, id: string, version: number): void {
  const text = new Float32Array(DIMENSIONS);
  text[version % DIMENSIONS] = 1;
  const product = { id, title: id, category: 'c' };
  upsert(index, storedRow({ version, model: 'm', product, vectors: { text } }));
}

test('a searcher sees the rows of its turn, whatever is written, deleted or merged while it waits', async () => {
  const index = newIndex(DIMENSIONS);
  for (let i = 0; i < 20_000; i++) add(index, `p${i}`, i + 1);
  index.drop('p3', 1e9);
  const searcher = index.searcher();
  const truth = searcher.live;
  expect(truth).toBe(19_999);
  let yields = 0;
  const budget = new Budget(Deadline.after(Infinity), {
    turnMs: 0,
    yieldTurn: async () => {
      yields += 1;
      // Whatever a turn of others may do.
      index.drop(`p${yields + 10}`, 1e9);
      for (let i = 0; i < 1_100; i++) add(index, `new${yields}-${i}`, 100_000 + i);
      if (yields === 2) index.freeze(true);
      if (yields === 3) index.swap([], undefined);
    },
  });
  const vector = new Float32Array(DIMENSIONS).fill(1 / Math.sqrt(DIMENSIONS));
  // The codes of all rows are compared in one turn: for each of these again.
  const request = viewRequest({ vector, views: Array.from({ length: 6 }, () => ({ k: 30_000 })) });
  const { views } = await searchViews(searcher, EVERYTHING, request, budget);
  expect(yields).toBeGreaterThan(3);
  for (const { hits } of views) {
    const ids = new Set(hits.map(({ id }) => id));
    expect(ids.size).toBe(truth);
    expect(ids.has('p3')).toBe(false);
    expect(ids.has('p11')).toBe(true);
    expect([...ids].some((id) => id.startsWith('new'))).toBe(false);
  }
  searcher.release();
});

test('deletes that a searcher was given stay as they are, and without one none is copied', () => {
  const deletes = new Deletes(100);
  deletes.add(1);
  const { rows: before } = deletes;
  deletes.add(2);
  expect(deletes.rows).toBe(before);
  const seen = deletes.snapshot();
  deletes.add(3);
  const { rows: copy } = deletes;
  deletes.add(4);
  expect(deletes.rows).toBe(copy);
  expect([...seen.rows()]).toEqual([1, 2]);
  expect([...deletes.rows.rows()]).toEqual([1, 2, 3, 4]);
  expect(deletes.count).toBe(4);
  expect(deletes.add(4)).toBe(false);
});
