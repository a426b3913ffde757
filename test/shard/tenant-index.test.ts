import { storedRow } from '../store/place.js';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { NO_PRICES, withEntry, type PackedPrices } from '../../src/core/price-entries.js';
import { writeSegment } from '../../src/shard/build/write-segment.js';
import { openSegment } from '../../src/shard/index/open-segment.js';
import type { StoredRow } from '../../src/store/store.js';
import type { TenantIndex } from '../../src/shard/index/tenant-index.js';
import { newIndex, upsert } from './indexed.js';

const SEGMENT = {
  dimensions: 2,
  graphMinRows: 1e9,
  graph: { engine: 'usearch' as const, M: 4, efConstruction: 20 },
  ef: { target: 0.95, min: 64, max: 64 },
};

function row(id: string, version: number, price = 0): StoredRow {
  const product = { id, title: id, category: 'c', price };
  return storedRow({ version, model: 'm', product, vectors: { text: Float32Array.of(1, 0) } });
}

/** Every live row, by id: one a product. */
function live(index: TenantIndex): [id: string, version: number][] {
  const rows = index.blocks().flatMap((block) =>
    Array.from({ length: block.rows }, (_, i) => i)
      .filter((i) => !block.dead.has(i))
      .map((i): [string, number] => [block.id(i), block.version(i)]),
  );
  return rows.sort(([a], [b]) => (a < b ? -1 : 1));
}

test('rows that changed while a build failed are there once, in their newest version', () => {
  const index = newIndex(2);
  for (const id of ['a', 'b', 'c', 'd']) upsert(index, row(id, 1, 1));
  index.freeze(true);
  upsert(index, row('b', 2, 2));
  index.drop('c', 3);
  upsert(index, row('e', 4, 4));
  upsert(index, row('e', 5, 5));
  index.thaw();
  expect(live(index)).toEqual([
    ['a', 1],
    ['b', 2],
    ['d', 1],
    ['e', 5],
  ]);
  expect(index.liveRows).toBe(4);
  expect(index.heldVersion('c')).toBeUndefined();
  const [prices] = index.tail.loadedColumns(['price'])?.get('price') ?? [];
  const priceOf = (id: string): unknown =>
    prices?.dictionary.valueOf(prices.codes[index.tail.find(id)] as number);
  expect(['a', 'b', 'd', 'e'].map(priceOf)).toEqual([1, 2, 1, 5]);
  // The next build starts as if there had been none.
  index.freeze(true);
  index.swap([], undefined);
  expect(live(index)).toEqual([]);
});

test('prices that change while a segment is built are those of its rows, what died meanwhile stays dead', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'omnisearch-index-'));
  const index = newIndex(2);
  const priced = (price: number): PackedPrices => withEntry(NO_PRICES, 1, { price });
  for (const id of ['a', 'b', 'c', 'd']) upsert(index, row(id, 1));
  index.reprice('a', 2, priced(2));
  index.reprice('b', 3, priced(3));
  index.freeze(true);
  const { frozen } = index;
  if (frozen === undefined) throw new Error('nothing was frozen');
  const record = await writeSegment(folder, 'segment-1', [frozen], SEGMENT);
  if (record === undefined) throw new Error('no row was live');
  const built = await openSegment(folder, record);
  index.reprice('b', 4, priced(4));
  await index.catchUp(built, []);
  index.reprice('c', 5, priced(5));
  index.drop('d', 6);
  // It dies in what was built, and has prices of its own in the tail.
  index.reprice('a', 7, priced(7));
  upsert(index, row('a', 8));
  index.reprice('a', 9, priced(9));
  index.swap([], built);
  expect(live(index)).toEqual([
    ['a', 9],
    ['b', 4],
    ['c', 5],
  ]);
  const priceOf = (id: string): number | undefined => {
    const block = index.blocks().find((each) => each.find(id) !== -1);
    return block?.prices.entry(block.find(id), 1)?.price;
  };
  expect(['a', 'b', 'c'].map(priceOf)).toEqual([9, 4, 5]);
  await built.close();
  rmSync(folder, { recursive: true });
});

test('an older version never replaces a newer one', () => {
  const index = newIndex(2);
  upsert(index, row('a', 5));
  upsert(index, row('a', 4));
  upsert(index, row('a', 5));
  expect(index.drop('a', 4)).toBe(false);
  expect(live(index)).toEqual([['a', 5]]);
  expect(index.tail.rows).toBe(1);
  expect(index.drop('a', 5)).toBe(true);
  expect(live(index)).toEqual([]);
});

test('what a thawed tail absorbs may be larger than a slab', () => {
  const index = newIndex(2);
  for (let i = 0; i < 1_500; i++) upsert(index, row(`old${i}`, i + 1));
  index.freeze(true);
  for (let i = 0; i < 1_500; i++)
    upsert(index, row(i % 2 === 0 ? `old${i}` : `new${i}`, 2_000 + i));
  index.thaw();
  expect(index.liveRows).toBe(2_250);
  expect(new Set(live(index).map(([id]) => id)).size).toBe(2_250);
});

test('bytes of rows that are gone are told apart', () => {
  const index = newIndex(2);
  for (let i = 0; i < 100; i++) upsert(index, row(`p${i}`, i + 1));
  expect(index.deadBytes).toBe(0);
  for (let i = 0; i < 25; i++) index.drop(`p${i}`, 200 + i);
  expect(index.deadBytes / index.bytes).toBeCloseTo(0.25, 6);
});
