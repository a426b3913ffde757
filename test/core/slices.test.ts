import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { KeyedTurns } from '../../src/core/keyed-turns.js';
import { giveWay, takePrecedence } from '../../src/core/precedence.js';
import { PatientSlices, Slices } from '../../src/core/slices.js';

test('however many works are cut into slices, one runs between two turns of the loop', async () => {
  let slicesRun = 0;
  let working = 20;
  const work = async (): Promise<void> => {
    let nowMs = 0;
    const slices = new Slices(undefined, () => nowMs);
    for (let i = 0; i < 10; i++) {
      nowMs += 6;
      expect(slices.isOver).toBe(true);
      await slices.next();
      expect(slices.isOver).toBe(false);
      slicesRun += 1;
    }
    working -= 1;
  };
  const done = Promise.all(Array.from({ length: working }, work));
  let before = slicesRun;
  while (working > 0) {
    await nextTurn();
    expect(slicesRun - before).toBeLessThanOrEqual(1);
    before = slicesRun;
  }
  await done;
  expect(slicesRun).toBe(200);
});

test('work whose caller has gone ends at its next slice', async () => {
  const gone = new AbortController();
  const slices = new Slices(gone.signal);
  gone.abort(new Error('gone'));
  await expect(slices.next()).rejects.toThrow('gone');
});

test('works of one key come one after the other, others beside them, and a failure ends none', async () => {
  const turns = new KeyedTurns();
  const running = new Set<string>();
  const order: number[] = [];
  const work = (key: string, n: number) =>
    turns.run(key, async () => {
      expect(running.has(key)).toBe(false);
      running.add(key);
      await nextTurn();
      running.delete(key);
      if (key === 'a') order.push(n);
      if (n === 2) throw new Error('two');
      return n;
    });
  const results = await Promise.allSettled([
    ...[1, 2, 3, 4].map((n) => work('a', n)),
    ...[1, 3].map((n) => work('b', n)),
  ]);
  expect(results.map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
    'fulfilled',
    'fulfilled',
    'fulfilled',
  ]);
  expect(order).toEqual([1, 2, 3, 4]);
});

test('patient work lets an answer that is worked on be finished first', async () => {
  const order: string[] = [];
  let finish: () => void = () => undefined;
  const answer = takePrecedence(() => new Promise<void>((resolve) => (finish = resolve)));
  const answered = answer.then(() => order.push('answer'));
  const patient = new PatientSlices().next().then(() => order.push('patient'));
  await new Slices().next();
  order.push('other');
  finish();
  await Promise.all([answered, patient]);
  expect(order).toEqual(['other', 'answer', 'patient']);
});

test('patient work goes on also where there is always an answer that is worked on', async () => {
  let finish: () => void = () => undefined;
  const answer = takePrecedence(() => new Promise<void>((resolve) => (finish = resolve)));
  const slices = new PatientSlices();
  for (let i = 0; i < 3; i++) await slices.next();
  expect(giveWay()).toBeDefined();
  finish();
  await answer;
  expect(giveWay()).toBeUndefined();
});
