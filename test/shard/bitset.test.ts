import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Bitset } from '../../src/shard/index/bitset.js';

const sizes = fc.integer({ min: 0, max: 140 });

/** A bitset beside the plain set of rows that it stands for. */
function bitsetOf(size: number, bits: readonly boolean[]): { bitset: Bitset; rows: number[] } {
  const rows = bits.flatMap((isIn, row) => (isIn && row < size ? [row] : []));
  const bitset = new Bitset(size);
  for (const row of rows) bitset.add(row);
  return { bitset, rows };
}

const bits = fc.oneof(
  fc.array(fc.boolean(), { minLength: 140, maxLength: 140 }),
  fc.constant(Array<boolean>(140).fill(true)),
  fc.constant(Array<boolean>(140).fill(false)),
);

test('a bitset does what a set of rows does', () => {
  fc.assert(
    fc.property(sizes, bits, bits, (size, a, b) => {
      const one = bitsetOf(size, a);
      const other = bitsetOf(size, b);
      const inOther = new Set(other.rows);
      const rowsOf = (set: Bitset): number[] => [...set.rows()];
      expect(rowsOf(one.bitset)).toEqual(one.rows);
      expect(one.bitset.count()).toBe(one.rows.length);
      expect(rowsOf(one.bitset.copy().and(other.bitset))).toEqual(
        one.rows.filter((row) => inOther.has(row)),
      );
      expect(rowsOf(one.bitset.copy().andNot(other.bitset))).toEqual(
        one.rows.filter((row) => !inOther.has(row)),
      );
    }),
  );
});

test('ranges are counted, listed and added at any offset', () => {
  fc.assert(
    fc.property(sizes, bits, fc.nat(140), fc.nat(140), (size, a, x, y) => {
      const { bitset, rows } = bitsetOf(size, a);
      const from = Math.min(x, y, size);
      const to = Math.min(Math.max(x, y), size);
      const within = rows.filter((row) => row >= from && row < to);
      expect(bitset.count(from, to)).toBe(within.length);
      expect([...bitset.rows(from, to)]).toEqual(within);
      const added = new Bitset(size);
      added.addRange(from, to);
      expect([...added.rows()]).toEqual(
        Array.from({ length: size }, (_, row) => row).filter((row) => row >= from && row < to),
      );
    }),
  );
});
