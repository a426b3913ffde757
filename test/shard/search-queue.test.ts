import { expect, test } from 'vitest';
import { SearchQueue } from '../../src/shard/search-queue.js';

test('invariant 8: a full queue refuses at once, and what was cancelled is not started', async () => {
  const queue = new SearchQueue(2);
  const owner = {};
  const ran: number[] = [];
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const search = (request: number, work: Promise<void> = Promise.resolve()) => ({
    owner,
    request,
    run: async () => {
      ran.push(request);
      await work;
    },
  });
  expect(queue.add(search(1, held))).toBe(true);
  expect(queue.add(search(2))).toBe(true);
  expect(queue.add(search(3))).toBe(true);
  expect(queue.add(search(4))).toBe(false);
  queue.cancel(owner, 2);
  queue.cancel({}, 3);
  expect(queue.add(search(5))).toBe(true);
  release();
  await queue.drained();
  expect(ran).toEqual([1, 3, 5]);
});

test('what a client that is gone had asked for is not started', async () => {
  const queue = new SearchQueue(10);
  const [gone, here] = [{}, {}];
  const ran: object[] = [];
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const search = (owner: object, work = Promise.resolve()) => ({
    owner,
    request: 1,
    run: async () => {
      ran.push(owner);
      await work;
    },
  });
  queue.add(search(here, held));
  for (const owner of [gone, here, gone]) queue.add(search(owner));
  queue.cancelAll(gone);
  release();
  await queue.drained();
  expect(ran).toEqual([here, here]);
  await queue.drained();
});
