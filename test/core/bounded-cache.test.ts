import fc from 'fast-check';
import { expect, test } from 'vitest';
import { boundedCache } from '../../src/core/bounded-cache.js';

test('holds so many entries and no more, those that were used last', () => {
  const cache = boundedCache<number>({ max: 3 });
  for (const [i, key] of ['a', 'b', 'c'].entries()) cache.set(key, i);
  cache.get('a');
  cache.set('d', 3);
  expect([...cache.keys()]).toEqual(['d', 'a', 'c']);
});

test('holds neither more entries nor more bytes than it may, whatever they are', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 60 });
  const bound = fc.integer({ min: 1, max: 100 });
  fc.assert(
    fc.property(sizes, bound, bound, (values, max, maxBytes) => {
      const gone: number[] = [];
      const cache = boundedCache<number>({
        max,
        bytes: { max: maxBytes, of: (value) => value },
        dispose: (value) => gone.push(value),
      });
      for (const [i, value] of values.entries()) cache.set(`k${i}`, value);
      const held = [...cache.values()];
      expect(held.length).toBeLessThanOrEqual(max);
      expect(held.reduce((sum, value) => sum + value, 0)).toBeLessThanOrEqual(maxBytes);
      const last = values.at(-1);
      if (last !== undefined && last <= maxBytes / max) expect(cache.size).toBeGreaterThan(0);
    }),
  );
});
