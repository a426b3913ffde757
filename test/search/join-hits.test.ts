import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { DocumentFilter } from '../../src/filter/evaluate.js';
import { MATCH_ALL, type Filter } from '../../src/filter/filter.js';
import { ByteBudget } from '../../src/core/byte-budget.js';
import { Deadline } from '../../src/core/deadline.js';
import type { Product } from '../../src/core/product.js';
import { Join, type JoinRequest } from '../../src/search/join-hits.js';
import { anyCaller } from './caller.js';
import type { Hit } from '../../src/search/search-types.js';
import type { PartialHit } from '../../src/query/leaf-result.js';
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

async function joined(request: JoinRequest, partial: readonly PartialHit[]): Promise<Hit[]> {
  const { hits, missing } = await new Join(
    store,
    request,
    anyCaller(),
    Deadline.after(10_000),
  ).hits(partial);
  expect(missing).toBeUndefined();
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
          const product = hit.product as Product;
          expect(new DocumentFilter(filter).matches(product)).toBe(true);
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

/** Large enough that the join looks at the clock after each. */
const LARGE = 'x'.repeat(512 * 1024);

async function writeLarge(tenant: string, count: number): Promise<PartialHit[]> {
  const vector = [1, 0, 0, 0, 0, 0, 0, 0];
  const ids = Array.from({ length: count }, (_, i) => `large${i}`);
  await store.write(
    tenant,
    ids.map((id) => ({
      ...put(id, 'c', vector, { description: LARGE }),
      contentHash: id,
      embedHash: id,
    })),
  );
  return ids.map((id) => ({ id, version: 1, score: 1 }));
}

const everything = (tenant: string, topK: number): JoinRequest => ({
  tenant,
  topK,
  filter: MATCH_ALL,
  fields: undefined,
});

test('invariant 6: a join that runs out of time says so, and keeps what it has', async () => {
  const partial = await writeLarge('late', 3);
  // The time is over once the documents have been read.
  let now = 0;
  const documents = vi.spyOn(store, 'documents').mockImplementation(async (...asked) => {
    documents.mockRestore();
    const found = await store.documents(...asked);
    now = 1_000;
    return found;
  });
  const deadline = Deadline.after(500, () => now);
  const { hits, missing } = await new Join(
    store,
    everything('late', 3),
    anyCaller(),
    deadline,
  ).hits(partial);
  expect(missing).toBe('timeout');
  expect(hits.map(({ id }) => id)).toEqual(['large0']);
});

test('a join whose caller goes away stops between two documents', async () => {
  const partial = await writeLarge('gone', 3);
  const leaving = new AbortController();
  const caller = anyCaller(leaving.signal);
  vi.spyOn(caller.bytes, 'take').mockImplementation(() => leaving.abort());
  const join = new Join(store, everything('gone', 3), caller, Deadline.after(10_000));
  expect((await join.hits(partial)).hits).toHaveLength(1);
});

test('invariant 8: documents beyond what a reply may hold are refused, not gathered', async () => {
  const partial = await writeLarge('huge', 140);
  const caller = anyCaller();
  const join = new Join(store, everything('huge', 140), caller, Deadline.after(60_000));
  await expect(join.hits(partial)).rejects.toThrow(/64 MiB/);
  expect(caller.bytes.held).toBeLessThanOrEqual(64 * 1024 * 1024);
  // The fields that are asked for are what counts.
  const titles = { ...everything('huge', 140), fields: ['title'] };
  const small = new Join(store, titles, anyCaller(), Deadline.after(60_000));
  expect((await small.hits(partial)).hits).toHaveLength(140);
});

test('invariant 8: where all replies together hold too much, one more is refused', async () => {
  const partial = await writeLarge('many', 3);
  const caller = anyCaller(new AbortController().signal, 3 * LARGE.length);
  const join = new Join(store, everything('many', 3), caller, Deadline.after(10_000));
  await expect(join.hits(partial)).rejects.toMatchObject({ code: 'overloaded' });
});

test('a wider round reads and charges only what the ones before have not', async () => {
  const all = Array.from({ length: PRODUCTS }, (_, i) => ({ id: `p${i}`, version: 1, score: 1 }));
  const read = vi.spyOn(store, 'documents');
  const caller = anyCaller();
  const join = new Join(store, everything('t', PRODUCTS), caller, Deadline.after(10_000));
  await join.hits(all.slice(0, 10));
  const charged = caller.bytes.held;
  const { hits } = await join.hits(all);
  expect(hits.map(({ id }) => id)).toEqual(all.map(({ id }) => id));
  const asked = read.mock.calls.flatMap(([, ids]) => ids);
  expect(asked).toHaveLength(PRODUCTS);
  expect(new Set(asked).size).toBe(PRODUCTS);
  const again = anyCaller();
  await new Join(store, everything('t', PRODUCTS), again, Deadline.after(10_000)).hits(all);
  expect(caller.bytes.held).toBe(again.bytes.held);
  expect(charged).toBeLessThan(again.bytes.held);
  read.mockRestore();
});

test('large documents are read a few at a time, and leave as they are stored, unparsed', async () => {
  const partial = await writeLarge('few', 40);
  const read = vi.spyOn(store, 'documents');
  const parse = vi.spyOn(JSON, 'parse');
  const join = new Join(store, everything('few', 40), anyCaller(), Deadline.after(60_000));
  const { hits } = await join.hits(partial);
  expect(parse).not.toHaveBeenCalled();
  parse.mockRestore();
  expect(hits.map(({ id }) => id)).toEqual(partial.map(({ id }) => id));
  // The first read knows no size yet.
  const [, ...later] = read.mock.calls.map(([, ids]) => ids.length);
  read.mockRestore();
  expect(later.length).toBeGreaterThan(0);
  expect(Math.max(...later)).toBe(1);
  expect(hits[0]?.product).toMatchObject({ id: 'large0', description: LARGE });
});

test('of long lists of large documents at once some are served, the others refused before they are read', async () => {
  const partial = await writeLarge('lists', 60);
  const mib = 1024 * 1024;
  const budget = new ByteBudget({ what: 'replies', limitBytes: 80 * mib });
  const read = vi.spyOn(store, 'documents');
  const outcomes = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const bytes = budget.lease('lists');
      const caller = { signal: new AbortController().signal, bytes };
      const join = new Join(store, everything('lists', 60), caller, Deadline.after(60_000));
      return join.hits(partial).then(
        ({ hits }) => hits.length,
        (error: unknown) => {
          bytes.release();
          return (error as { code: string }).code;
        },
      );
    }),
  );
  expect(outcomes.filter((outcome) => outcome === 60)).toHaveLength(1);
  expect(outcomes.filter((outcome) => outcome === 'overloaded')).toHaveLength(7);
  // One read each tells the size, and one list is read to its end.
  expect(read.mock.calls.length).toBeLessThanOrEqual(8 + 60);
  read.mockRestore();
});
