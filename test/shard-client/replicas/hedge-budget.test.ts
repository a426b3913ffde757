import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HedgeBudget } from '../../../src/shard-client/replicas/hedge-budget.js';

const settings = fc.record({
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  burst: fc.integer({ min: 0, max: 30 }),
});
const wishes = fc.array(fc.boolean(), { maxLength: 2_000 });

test('of any run of requests no more than the share and one burst are made beyond them', () => {
  fc.assert(
    fc.property(settings, wishes, fc.nat(), ({ share, burst }, wanted, from) => {
      const budget = new HedgeBudget(share, burst);
      const taken = wanted.map((wants) => {
        budget.earn();
        return wants && budget.take();
      });
      const run = taken.slice(from % (taken.length + 1));
      return run.filter(Boolean).length <= burst + share * run.length + 1e-6;
    }),
  );
});

test('whoever wants little enough is never refused', () => {
  fc.assert(
    fc.property(fc.integer({ min: 15, max: 100 }), (everyNth) => {
      const budget = new HedgeBudget(0.07, 20);
      for (let i = 0; i < 5_000; i++) {
        budget.earn();
        if (i % everyNth === 0 && !budget.take()) return false;
      }
      return true;
    }),
  );
});

test('a burst is there at the start, and saved up again', () => {
  const budget = new HedgeBudget(0.25, 2);
  expect([budget.take(), budget.take(), budget.take(), budget.isSpent]).toEqual([
    true,
    true,
    false,
    true,
  ]);
  for (let i = 0; i < 4; i++) budget.earn();
  expect([budget.take(), budget.take()]).toEqual([true, false]);
  for (let i = 0; i < 1_000; i++) budget.earn();
  expect([budget.take(), budget.take(), budget.take()]).toEqual([true, true, false]);
});
