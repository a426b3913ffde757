import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Deadline } from '../../src/core/deadline.js';
import { normalise, score } from '../../src/core/vector.js';

test('a deadline is spent when its clock says so', () => {
  let nowMs = 1_000;
  const deadline = Deadline.after(50, () => nowMs);
  expect([deadline.remainingMs(), deadline.expired]).toEqual([50, false]);
  nowMs = 1_049;
  expect(() => deadline.check('planning')).not.toThrow();
  nowMs = 1_050;
  expect([deadline.remainingMs(), deadline.expired]).toEqual([0, true]);
  nowMs = 9_999;
  expect(deadline.remainingMs()).toBe(0);
  expect(() => deadline.check('planning')).toThrow(/passed during planning/);
});

test('a race is won by what comes first, and what comes later is nobody’s rejection', async () => {
  let fail: (error: Error) => void = () => undefined;
  const work = new Promise<never>((_, reject) => (fail = reject));
  await expect(Deadline.after(1).race(work, 'the join')).rejects.toMatchObject({
    code: 'deadline_exceeded',
  });
  fail(new Error('too late to matter'));
  expect(await Deadline.after(60_000).race(Promise.resolve(7), 'x')).toBe(7);
  await expect(Deadline.after(60_000).race(Promise.reject(new Error('own')), 'x')).rejects.toThrow(
    'own',
  );
  expect(await Deadline.after(0).race(Promise.resolve('in hand'), 'x')).toBe('in hand');
});

const float = fc.oneof(
  fc.double(),
  fc.float(),
  fc.constantFrom(1e-160, 1e-46, 1.4e-45, 3e38, -3e38, 0, -0),
);

test('a normalised vector has length 1, or there is none', () => {
  fc.assert(
    fc.property(fc.array(float, { minLength: 1, maxLength: 16 }), (values) => {
      const rounded = values.map(Math.fround);
      const usable = rounded.every(Number.isFinite) && rounded.some((value) => value !== 0);
      const unit = normalise(values);
      expect(unit !== undefined).toBe(usable);
      if (unit === undefined) return;
      expect(Math.hypot(...unit)).toBeCloseTo(1, 6);
      expect(score(unit, unit)).toBeCloseTo(1, 6);
    }),
  );
});
