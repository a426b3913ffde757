import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareBytes } from '../../src/core/ids.js';
import { leafMatches } from '../../src/filter/evaluate.js';
import type { Scalar } from '../../src/filter/filter.js';
import type { ColumnReader } from '../../src/shard/index/column.js';
import { buildColumn, forEachCode } from '../../src/shard/index/columns/build-column.js';
import { decodeColumn, encodeColumn } from '../../src/shard/index/columns/column-codec.js';
import { FieldLog } from '../../src/shard/index/columns/field-log.js';
import { GONE, mergeColumns } from '../../src/shard/index/columns/merge-columns.js';
import { NumberDictionary } from '../../src/shard/index/columns/number-dictionary.js';
import { TextDictionaryWriter, toByteText } from '../../src/shard/index/columns/text-dictionary.js';
import { WriteBuffer } from '../../src/shard/index/write-buffer.js';
import { append } from './indexed.js';

/** Any text that UTF-8 has, often with a common beginning, some of it beyond the 16-bit planes. */
const text = fc
  .tuple(
    fc.constantFrom('', 'a', 'usb', '\u{1f600}', '\uffff', '\u0000'),
    fc.string({ unit: 'binary', maxLength: 6 }),
  )
  .map(([beginning, rest]) => beginning + rest);
const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 1, -1, 2 ** 53, Number.MIN_VALUE, -Number.MAX_VALUE),
);
const op = fc.constantFrom('gt' as const, 'gte' as const, 'lt' as const, 'lte' as const);

function textDictionary(values: readonly string[]) {
  const writer = new TextDictionaryWriter();
  for (const value of [...new Set(values.map(toByteText))].sort()) writer.add(value);
  return writer.finish();
}

describe('a dictionary of texts', () => {
  test('gives codes in the order of code points, and each value back', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 80 }), text, (values, other) => {
        const sorted = [...new Set(values)].sort(compareBytes);
        const dictionary = textDictionary(values);
        expect(dictionary.size).toBe(sorted.length);
        expect(sorted.map((value) => dictionary.codeOf(value))).toEqual(
          sorted.map((_, i) => i + 1),
        );
        expect(sorted.map((_, i) => dictionary.valueOf(i + 1))).toEqual(sorted);
        expect([...dictionary.byteTexts()]).toEqual(sorted.map(toByteText));
        expect(dictionary.codeOf(other)).toBe(sorted.indexOf(other) + 1);
      }),
      { numRuns: 300 },
    );
  });

  test('finds the codes of a range as a comparison of each value does', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 60 }), op, text, (values, rangeOp, bound) => {
        const dictionary = textDictionary(values);
        const { from, to } = dictionary.codeRange(rangeOp, bound, false);
        const wanted = [...new Set(values)]
          .filter((value) =>
            leafMatches({ kind: 'range', field: 'f', op: rangeOp, value: bound }, value),
          )
          .map((value) => dictionary.codeOf(value));
        const found = Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
        expect(found).toEqual(wanted.sort((a, b) => a - b));
      }),
      { numRuns: 500 },
    );
  });

  test('has no code for half a surrogate pair, nor for a value of another type', () => {
    const dictionary = textDictionary(['\ufffd', '1', 'true']);
    expect(['\ud83d', 1, true].map((value) => dictionary.codeOf(value))).toEqual([0, 0, 0]);
  });

  test('tells of long texts with one beginning only what is sure', () => {
    const same = 'x'.repeat(64);
    const dictionary = textDictionary([`${same}a`, `${same}b`, same, 'w', 'y'].map((t) => t));
    const long = textDictionary(['w', 'y']);
    expect(dictionary.size).toBe(5);
    expect(long.codeRange('gt', `${same}c`, true)).toEqual({ from: 2, to: 3 });
    expect(long.codeRange('lt', `${same}c`, false)).toEqual({ from: 1, to: 2 });
  });
});

test('a dictionary of numbers finds codes and ranges as comparisons do, of one zero', () => {
  fc.assert(
    fc.property(fc.array(number, { maxLength: 40 }), op, number, (values, rangeOp, bound) => {
      const sorted = [...new Set(values.map((value) => value + 0))].sort((a, b) => a - b);
      const dictionary = new NumberDictionary('number', Float64Array.from(sorted));
      const { from, to } = dictionary.codeRange(rangeOp, bound);
      const leaf = { kind: 'range', field: 'f', op: rangeOp, value: bound } as const;
      sorted.forEach((value, i) => {
        expect(dictionary.codeOf(value)).toBe(i + 1);
        expect(i + 1 >= from && i + 1 < to).toBe(leafMatches(leaf, value));
      });
      expect(dictionary.codeOf(bound)).toBe(sorted.findIndex((value) => value === bound) + 1);
      expect(dictionary.codeOf(-0)).toBe(dictionary.codeOf(0));
    }),
  );
});

const scalar = fc.oneof(text, number, fc.boolean());
/** What a field of some rows may hold: nothing, a value, a list of mixed types. */
const cells = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.constant(undefined) },
    { weight: 4, arbitrary: scalar },
    { weight: 1, arbitrary: fc.array(scalar, { maxLength: 5 }) },
  ),
  { maxLength: 60 },
);

/** All values of each row, by type and value. */
function contents(column: readonly ColumnReader[], rows: number): string[][] {
  const found = Array.from({ length: rows }, (): string[] => []);
  for (const reader of column) {
    forEachCode(reader, (row, code) => {
      found[reader.firstRow + row]?.push(spelt(reader.dictionary.valueOf(code)));
    });
  }
  return found.map((values) => values.sort());
}

const spelt = (value: Scalar): string => JSON.stringify(value === 0 ? 0 : value);

function wanted(values: readonly (Scalar | readonly Scalar[] | undefined)[]): string[][] {
  return values.map((value) => {
    const list: readonly Scalar[] =
      value === undefined ? [] : typeof value === 'object' ? value : [value];
    return [...new Set(list.map(spelt))].sort();
  });
}

function logOf(values: readonly (Scalar | readonly Scalar[] | undefined)[]): FieldLog {
  const log = new FieldLog();
  for (const value of values) {
    log.append(value === undefined ? [] : [['f', typeof value === 'object' ? [...value] : value]]);
  }
  return log;
}

test('a column holds what was appended, also after it was written, read and merged', () => {
  fc.assert(
    fc.property(cells, fc.array(fc.nat(59)), (values, killed) => {
      const log = logOf(values);
      const column = log.column('f') ?? [];
      expect(contents(column, values.length)).toEqual(wanted(values));
      const read = column.map((reader) => {
        const buffer = Buffer.concat(encodeColumn(reader));
        return decodeColumn(new Uint8Array(buffer).buffer, reader.rowCount);
      });
      expect(contents(read, values.length)).toEqual(wanted(values));
      // The same rows twice, some of them dead, the second time in another order.
      const kept = values.map((_, row) => row).filter((row) => !killed.includes(row));
      const first = new Uint32Array(values.length).fill(GONE);
      const second = new Uint32Array(values.length).fill(GONE);
      kept.forEach((row, i) => (first[row] = 2 * i));
      [...kept].reverse().forEach((row, i) => (second[row] = 2 * i + 1));
      const merged = (['text', 'number', 'boolean'] as const).flatMap((type) => {
        const own = read.filter((reader) => reader.type === type);
        const sources = [first, second].flatMap((newRows) =>
          own.map((reader) => ({ column: reader, newRows })),
        );
        return mergeColumns(sources, 2 * kept.length) ?? [];
      });
      const order = kept.flatMap((row, i) => [
        values[row],
        values[kept[kept.length - 1 - i] as number],
      ]);
      expect(contents(merged, order.length)).toEqual(wanted(order));
      for (const { dictionary } of merged) {
        const codes = Array.from({ length: dictionary.size }, (_, i) => i + 1);
        expect(codes.map((code) => dictionary.codeOf(dictionary.valueOf(code)))).toEqual(codes);
      }
    }),
    { numRuns: 300 },
  );
});

test('a write buffer of many pieces gives one column, whichever way it is asked', async () => {
  const buffer = new WriteBuffer(2);
  const vector = Float32Array.of(1, 0);
  for (let i = 0; i < 9_000; i++) {
    append(buffer, { id: `p${i}`, title: `t${i % 3_000}`, category: 'c', n: i }, i, vector);
  }
  // Its first columns take more than one turn.
  expect(buffer.loadedColumns(['title'])).toBeUndefined();
  const [title, n] = [await buffer.column('title'), await buffer.column('n')];
  expect(Object.fromEntries(buffer.loadedColumns(['title', 'n']) ?? [])).toEqual({ title, n });
  const titles = contents(title ?? [], buffer.rows);
  expect(titles).toEqual(
    Array.from({ length: 9_000 }, (_, i) => [JSON.stringify(`t${i % 3_000}`)]),
  );
});

test('many fields of rows with long lists are not made into columns in one turn', async () => {
  const buffer = new WriteBuffer(2);
  const names = Array.from({ length: 100 }, (_, i) => `a${i}`);
  const list = Array.from({ length: 2_000 }, (_, i) => (i % 2 === 0 ? i : `t${i}`));
  const rest = Object.fromEntries(names.map((name) => [name, true]));
  for (let i = 0; i < 20; i++) {
    const product = { id: `p${i}`, title: 't', category: 'c', list, ...rest };
    append(buffer, product, i, Float32Array.of(1, 0));
  }
  expect(buffer.loadedColumns(names)).toBeUndefined();
  expect(
    buffer
      .loadedColumns(['list'])
      ?.get('list')
      ?.map(({ type }) => type),
  ).toEqual(['text', 'number']);
  const last = await buffer.column('a99');
  expect(contents(last ?? [], 20)).toEqual(Array(20).fill(['true']));
});

test('hundreds of thousands of field names take little memory, and no column each', () => {
  const vector = Float32Array.of(1, 0);
  const buffer = new WriteBuffer(2);
  for (let i = 0; i < 300; i++) {
    const names = Array.from({ length: 1_000 }, (_, n) => [`a${i}-${n}`, n] as const);
    const attributes = Object.fromEntries(names);
    append(buffer, { id: `p${i}`, title: 't', category: 'c', attributes }, i + 1, vector);
  }
  expect([...buffer.fields()]).toHaveLength(300_003);
  // Names, and twelve bytes a value: 36 MB where a column each took 266.
  expect(buffer.fieldLog.bytes).toBeLessThan(40_000_000);
  const [column] = buffer.loadedColumns(['attributes.a7-8'])?.get('attributes.a7-8') ?? [];
  expect([column?.rows, column?.dictionary.valueOf(1)]).toEqual([Uint32Array.of(7), 8]);
});

test('a range over a column takes two searches of its dictionary, no comparison a value', () => {
  const rows = Array.from({ length: 100_000 }, (_, i) => i);
  const values = rows.map((i) => toByteText(`title ${String(i).padStart(6, '0')}`));
  const { dictionary } = buildColumn(
    'text',
    { firstRow: 0, rowCount: rows.length },
    { rows, values },
  );
  expect(dictionary.codeRange('gte', 'title 050000', true)).toEqual({ from: 50_001, to: 100_001 });
  expect(dictionary.codeRange('lt', 'title 0000005', true)).toEqual({ from: 1, to: 2 });
  // Front-coded: a fraction of what the texts take.
  expect(dictionary.bytes).toBeLessThan(rows.length * 5);
});
