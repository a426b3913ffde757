import fc from 'fast-check';
import { expect, test } from 'vitest';
import { score, scoreFour } from '../../src/core/vector.js';

test('four scores at once are those of one after the other, to the bit', () => {
  const values = fc.array(fc.float({ noNaN: true, min: -1e6, max: 1e6 }), {
    minLength: 40,
    maxLength: 40,
  });
  fc.assert(
    fc.property(values, values, fc.array(fc.nat(4), { minLength: 4, maxLength: 4 }), (q, b, at) => {
      const query = Float32Array.from(q.slice(0, 8));
      const block = Float32Array.from(b);
      const offsets = at.map((row) => row * 8);
      const [first, second, third, fourth] = offsets.map((offset) => ({ block, offset }));
      if (!first || !second || !third || !fourth) throw new Error('four were made');
      const one = offsets.map((offset) => score(query, block, offset));
      expect(scoreFour(query, first, second, third, fourth)).toEqual(one);
    }),
  );
});
