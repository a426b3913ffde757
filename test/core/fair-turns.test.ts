import { setImmediate as nextLoop } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { FairTurns } from '../../src/core/fair-turns.js';

/** Turns on a clock that only works move, and who worked in which turn of the loop. */
function turnsOnClock() {
  const clock = { ms: 0 };
  const worked: string[] = [];
  let loop = 0;
  const turns = new FairTurns(() => clock.ms);
  const work = async (tenant: string, ms: number): Promise<void> => {
    const due = turns.due(tenant);
    if (due !== undefined) await due;
    clock.ms += ms;
    worked.push(`${tenant} ${String(loop)}`);
  };
  const count = async (loops: number): Promise<void> => {
    for (; loop < loops; loop++) await nextLoop();
  };
  return { turns, worked, work, count };
}

test('works that are short go on at once, in one turn of the loop', async () => {
  const { turns, worked, work } = turnsOnClock();
  expect(turns.due('a')).toBeUndefined();
  await Promise.all(Array.from({ length: 10 }, () => work('a', 0.1)));
  expect(worked).toEqual(Array.from({ length: 10 }, () => 'a 0'));
});

test('of many that can go on at once, one of another tenant does not come last, and the loop is free in between', async () => {
  const { worked, work, count } = turnsOnClock();
  const counting = count(60);
  const flood = Array.from({ length: 50 }, () => work('a', 4));
  await Promise.all([...flood, work('b', 1), counting]);
  const place = worked.findIndex((name) => name.startsWith('b'));
  expect(place).toBeLessThanOrEqual(2);
  const inOneLoop = new Map<string, number>();
  for (const name of worked) inOneLoop.set(name, (inOneLoop.get(name) ?? 0) + 1);
  expect(Math.max(...inOneLoop.values())).toBeLessThanOrEqual(2);
});

test('who weighs more goes on sooner', async () => {
  const { turns, worked, work } = turnsOnClock();
  turns.weightOf = (tenant) => (tenant === 'b' ? 4 : 1);
  const flood = Array.from({ length: 40 }, () => work('a', 20));
  await Promise.all([...flood, ...Array.from({ length: 10 }, () => work('b', 20))]);
  const last = worked.findLastIndex((name) => name.startsWith('b'));
  expect(last).toBeLessThan(20);
});
