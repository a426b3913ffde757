import { expect, test } from 'vitest';
import { chaos } from './chaos.js';
import { History } from './history.js';

test('a history says what a read may see, and what it must', () => {
  const mice = { price: 1, category: 'Mice' };
  const pans = { price: 2, category: 'Pans' };
  const history = new History();
  history.begin(mice, 10);
  expect(history.possible(0, 5)).toEqual([null]);
  expect(history.possible(5, 15)).toEqual([null, mice]);
  history.done(20, true);
  expect(history.possible(25, 30)).toEqual([mice]);
  expect(history.isOwed(25, 30, () => true)).toBe(true);
  expect(history.isOwed(15, 30, () => true)).toBe(false);
  expect(history.isOwed(25, 30, ({ category }) => category === 'Pans')).toBe(false);
  history.begin(pans, 40);
  // Between two shards, and not known to be done.
  expect(history.isOwed(35, 45, () => true)).toBe(false);
  expect(history.possible(35, 45)).toEqual([mice, pans]);
  expect(history.possible(100, 110)).toEqual([mice, pans]);
  history.done(50, false);
  expect(history.possible(55, 60)).toEqual([pans]);
  history.begin(null, 70);
  history.done(80, false);
  expect(history.possible(90, 95)).toEqual([null]);
  expect(history.isOwed(90, 95, () => true)).toBe(false);
});

test.each(['lmdb', 'mongo'] as const)(
  'on %s, processes, links, disks, clocks and the store fail while partitions move, split and merge: every answer is a right one, nothing is lost',
  async (store) => {
    const { violations, counts, skipped } = await chaos({ seconds: 12, seed: 7, store });
    // What the machine does not allow is said, the rest is done.
    for (const [fault, why] of skipped) console.log(`no ${fault}: ${why}`);
    expect(violations).toEqual([]);
    expect(counts.whole).toBeGreaterThan(10);
  },
  240_000,
);
