import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteBudget } from '../../src/core/byte-budget.js';

const overloaded = expect.objectContaining({ code: 'overloaded', retryAfterMs: 1_000 }) as Error;

test('past its limit nothing is taken, and what is given back may be taken again', () => {
  const budget = new ByteBudget({ what: 'replies', limitBytes: 100 });
  const [first, second, third] = [budget.lease('a'), budget.lease('b'), budget.lease('c')];
  first.take(50);
  third.take(10);
  expect(() => second.take(41)).toThrow(overloaded);
  expect(budget.held).toBe(60);
  second.take(40);
  third.release();
  first.release();
  first.release();
  expect(budget.held).toBe(40);
  second.settle(10);
  expect([budget.held, budget.heldBy('b')]).toEqual([10, 10]);
});

test('what is taken for a holder that has given all back is not held', () => {
  const budget = new ByteBudget({ what: 'replies', limitBytes: 100 });
  const lease = budget.lease('a');
  lease.take(10);
  // The caller goes away while documents are still joined for it.
  lease.release();
  lease.take(20);
  lease.settle(30);
  expect([budget.held, budget.heldBy('a'), lease.held]).toEqual([0, 0, 0]);
});

test('one tenant has at most half, so that another finds room', () => {
  const budget = new ByteBudget({ what: 'replies', limitBytes: 100 });
  budget.lease('a').take(50);
  expect(() => budget.lease('a').take(1)).toThrow(overloaded);
  budget.lease('b').take(50);
});

test('the reserve is for small holders, and one that grows leaves it', () => {
  const options = { what: 'bodies', limitBytes: 100 };
  const budget = new ByteBudget({ ...options, reserveBytes: 20, smallBytes: 5 });
  budget.lease('a').take(40);
  budget.lease('d').take(40);
  const small = budget.lease('b');
  small.take(5);
  expect(() => small.take(1)).toThrow(overloaded);
  for (let i = 0; i < 3; i++) budget.lease('b').take(5);
  expect(() => budget.lease('c').take(1)).toThrow(overloaded);
});

test('what is held is the sum of all leases, whatever they take and give', () => {
  const step = fc.tuple(
    fc.nat(5),
    fc.nat(40),
    fc.constantFrom('take', 'give', 'settle', 'release'),
  );
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const budget = new ByteBudget({
        what: 'x',
        limitBytes: 100,
        reserveBytes: 10,
        smallBytes: 9,
      });
      const leases = Array.from({ length: 6 }, (_, i) => budget.lease(`t${i % 3}`));
      for (const [i, bytes, action] of steps) {
        try {
          leases[i]![action](bytes);
        } catch (error) {
          expect(error).toEqual(overloaded);
        }
        const sum = leases.reduce((total, lease) => total + lease.held, 0);
        expect(budget.held).toBe(sum);
        expect(sum).toBeLessThanOrEqual(100);
        expect(budget.heldBy('t1')).toBe(leases[1]!.held + leases[4]!.held);
      }
    }),
  );
});
