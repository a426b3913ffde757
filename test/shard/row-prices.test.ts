import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  entriesOf,
  entryOf,
  NO_PRICES,
  withEntry,
  type PriceEntry,
} from '../../src/core/price-entries.js';
import { Slices } from '../../src/core/slices.js';
import { shardField } from '../../src/query/listed-field.js';
import { RowPrices } from '../../src/shard/index/prices/row-prices.js';
import { codesOf, patched, sortedDistinct } from '../../src/shard/index/prices/value-codes.js';
import { WriteBuffer } from '../../src/shard/index/write-buffer.js';
import { append } from './indexed.js';

const VECTOR = Float32Array.of(1, 0);

const price = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: 0, max: 1e7 }).map((cents) => cents / 100),
);
const entry = fc.oneof(
  fc.record({ price }),
  fc.record({ inStock: fc.boolean() }),
  fc.record({ price, inStock: fc.boolean() }),
);
const list = fc.integer({ min: 1, max: 5_000 });

test('what lists say comes back as it was said', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(list, fc.option(entry, { nil: undefined }))), (said) => {
      const expected = new Map<number, PriceEntry>();
      let packed = NO_PRICES;
      for (const [number, one] of said) {
        packed = withEntry(packed, number, one);
        if (one === undefined) expected.delete(number);
        else expected.set(number, one);
      }
      expect(new Map(entriesOf(packed))).toEqual(expected);
      expect([...entriesOf(packed)].map(([number]) => number)).toEqual(
        [...expected.keys()].sort((a, b) => a - b),
      );
      for (const [number] of said) expect(entryOf(packed, number)).toEqual(expected.get(number));
    }),
  );
});

test('twenty-eight lists of usual prices take some five bytes each', () => {
  let packed = NO_PRICES;
  for (let number = 1; number <= 28; number++) {
    packed = withEntry(packed, number, { price: 1_000 + number + 0.99, inStock: true });
  }
  expect(packed.length).toBeLessThanOrEqual(28 * 5);
});

/** Longer than what is usual, so that few rows fill many slabs. */
const LONG = new Uint8Array(3_000);

test('rows keep the latest of any number of changes, in bounded room, and in a file', async () => {
  const prices = new RowPrices();
  const rows = 40;
  const expected = new Map<number, { version: number; bytes: Uint8Array }>();
  for (let change = 1; change <= 2_000; change++) {
    const row = (change * 7) % rows;
    const bytes = change % 5 === 0 ? NO_PRICES : LONG.slice(0, 1 + ((change * 131) % 3_000));
    bytes.fill(change);
    prices.set(row, change, bytes);
    expected.set(row, { version: change, bytes });
  }
  const loaded = new RowPrices();
  await loaded.load(Buffer.concat(prices.content), rows);
  for (const each of [prices, loaded]) {
    for (const [row, { version, bytes }] of expected) {
      expect(each.versionOf(row)).toBe(version);
      expect(each.packed(row)).toEqual(bytes);
    }
    expect(each.versionOf(rows)).toBeUndefined();
  }
  const live = [...expected.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
  expect(prices.bytes).toBeLessThan(2 * live + 6 * 64 * 1024);
  await expect(loaded.load(Buffer.concat(prices.content), 3)).rejects.toThrow('other rows');
});

test('codes that were brought up to date are those that are made anew', async () => {
  const value = fc.oneof(fc.constant(NaN), fc.integer({ min: -5, max: 30 }), price);
  await fc.assert(
    fc.asyncProperty(
      fc.array(value, { minLength: 1 }),
      fc.array(fc.tuple(fc.nat(), value)),
      async (before, changes) => {
        const slices = new Slices();
        const values = Float64Array.from(before, (one) => one + 0);
        const sorted = await sortedDistinct(values, slices);
        const codes = await codesOf(values, sorted, slices);
        const changed = new Map(
          changes.map(([place, one]) => [place % values.length, one + 0] as const),
        );
        const next = patched(sorted, codes, changed);
        for (const [place, one] of changed) values[place] = one;
        expect([...next.codes].map((code) => (code === 0 ? NaN : next.sorted[code - 1]))).toEqual([
          ...values,
        ]);
        expect([...next.sorted]).toEqual([...new Set(next.sorted)].sort((a, b) => a - b));
      },
    ),
  );
});

test('more values than are sorted in one turn are sorted all the same', async () => {
  const values = Float64Array.from({ length: 100_000 }, (_, i) => (i * 7_919) % 70_001);
  const sorted = await sortedDistinct(values, new Slices());
  expect(sorted).toEqual(Float64Array.from({ length: 70_001 }, (_, i) => i));
});

test('rows that come while a column is made have their own prices and those of the list', async () => {
  const buffer = new WriteBuffer(2);
  const list = 3;
  const add = (row: number): void => {
    append(buffer, { id: `p${row}`, title: 'x', category: 'c', price: row }, row, VECTOR);
    if (row % 3 === 0) buffer.prices.set(row, row, withEntry(NO_PRICES, list, { price: row / 2 }));
  };
  let rows = 0;
  while (rows < 5_000) add(rows++);
  const asked = buffer.column(shardField('price', list));
  while (rows < 5_600) add(rows++);
  await asked;
  buffer.prices.set(4, 9_999, withEntry(NO_PRICES, list, { price: -1 }));
  const column = (await buffer.column(shardField('price', list))) ?? [];
  const values = Array.from({ length: rows }, (_, row) => {
    const reader = column.find(
      ({ firstRow, rowCount }) => row >= firstRow && row < firstRow + rowCount,
    );
    const code = reader?.codes[row - reader.firstRow] ?? 0;
    return code === 0 ? undefined : reader?.dictionary.valueOf(code);
  });
  expect(values).toEqual(
    Array.from({ length: rows }, (_, row) => (row === 4 ? -1 : row % 3 === 0 ? row / 2 : row)),
  );
  expect(buffer.loadedColumns([shardField('price', list)])?.size).toBe(1);
});
