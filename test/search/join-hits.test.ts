import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { matchesProduct } from '../../src/filter/evaluate.js';
import { MATCH_ALL, type Filter } from '../../src/filter/filter.js';
import { Deadline } from '../../src/core/deadline.js';
import { joinHits, type JoinQuery } from '../../src/search/join-hits.js';
import { ReplyBudget } from '../../src/search/reply-budget.js';
import type { Hit } from '../../src/search/search-types.js';
import type { PartialHit } from '../../src/shard-client/shard-fleet.js';
import { openLmdbStore } from '../../src/store/lmdb/open.js';
import type { Store } from '../../src/store/store.js';
import { put } from '../shard/shard-fixture.js';

const PRODUCTS = 40;
let dir: string;
let store: Store;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'omnisearch-join-'));
  store = await openLmdbStore({ dir });
  const writes = Array.from({ length: PRODUCTS }, (_, i) =>
    put(`p${i}`, 'c', [1, i, 0, 0, 0, 0, 0, 0], { price: i % 10, note: null }),
  );
  await store.write('t', writes);
});
afterAll(async () => {
  await store.close();
  rmSync(dir, { recursive: true });
});

async function joined(query: JoinQuery, partial: readonly PartialHit[]): Promise<Hit[]> {
  const { hits, late } = await joinHits(
    store,
    query,
    partial,
    new ReplyBudget(),
    Deadline.after(10_000),
  );
  expect(late).toBe(false);
  return hits;
}

test('invariant 2: the join keeps the order, drops what is gone or no longer matches, and refills', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.nat(2 * PRODUCTS), { maxLength: 60 }),
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 0, max: 10 }),
      async (numbers, topK, price) => {
        const filter: Filter = { kind: 'range', field: 'price', op: 'lt', value: price };
        const partial = numbers.map((n, i) => ({ id: `p${n}`, version: 1, score: 1 - i / 100 }));
        const hits = await joined({ tenant: 't', topK, filter, fields: undefined }, partial);
        const kept = partial.filter(
          ({ id }) => Number(id.slice(1)) < PRODUCTS && Number(id.slice(1)) % 10 < price,
        );
        expect(hits.map(({ id, score }) => ({ id, score }))).toEqual(
          kept.slice(0, topK).map(({ id, score }) => ({ id, score })),
        );
        for (const hit of hits) {
          const product = hit.product as Parameters<typeof matchesProduct>[1];
          expect(matchesProduct(filter, product)).toBe(true);
        }
      },
    ),
  );
});

test('fields choose what is returned; the vector only when it is named', async () => {
  const partial = [{ id: 'p3', version: 1, score: 0.5 }];
  const ask = async (fields: string[] | undefined): Promise<unknown> => {
    const query = { tenant: 't', topK: 1, filter: MATCH_ALL, fields };
    return (await joined(query, partial))[0]?.product;
  };
  expect(await ask(undefined)).toEqual({
    id: 'p3',
    title: 'p3',
    category: 'c',
    price: 3,
    note: null,
  });
  expect(await ask([])).toEqual({});
  expect(await ask(['price', 'note', 'absent', 'toString'])).toEqual({ price: 3, note: null });
  expect(await ask(['vector'])).toEqual({ vector: expect.any(Array) as unknown });
});

test('a product of another tenant is never joined', async () => {
  const query = { tenant: 'other', topK: 5, filter: MATCH_ALL, fields: undefined };
  expect(await joined(query, [{ id: 'p1', version: 1, score: 1 }])).toEqual([]);
});

test('invariant 6: a join that runs out of time says so, and keeps what it has', async () => {
  const partial = Array.from({ length: PRODUCTS }, (_, i) => ({
    id: `p${i}`,
    version: 1,
    score: 1,
  }));
  const query = { tenant: 't', topK: PRODUCTS, filter: MATCH_ALL, fields: undefined };
  const spent = Deadline.after(0, () => 0);
  const { hits, late } = await joinHits(store, query, partial, new ReplyBudget(), spent);
  expect(late).toBe(true);
  expect(hits.length).toBeGreaterThan(0);
  expect(hits.length).toBeLessThan(PRODUCTS);
});

test('invariant 8: documents beyond what a reply may hold are refused, not gathered', () => {
  const budget = new ReplyBudget();
  const megabyte = { id: 'a', description: 'x'.repeat(1024 * 1024) };
  expect(() => {
    for (let i = 0; i < 100; i++) budget.take(megabyte);
  }).toThrow(/64 MiB/);
});
