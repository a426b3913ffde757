import { expect, test } from 'vitest';
import { LeaveTurns } from '../../src/supervisor/leave-turns.js';

test('each goes on until another is ready, and one that leaves is not another', () => {
  const turns = new LeaveTurns<number>(() => 2);
  const gone: number[] = [];
  const leave = (one: number): void => turns.leaves(one, () => gone.push(one));
  turns.isReady(1);
  turns.isReady(2);
  leave(1);
  expect(gone).toEqual([1]);
  leave(2);
  expect(gone).toEqual([1]);
  // Its start ended after it was asked to stop.
  turns.isReady(1);
  expect(gone).toEqual([1]);
  turns.ended(1);
  turns.isReady(1);
  expect(gone).toEqual([1, 2]);
});

test('one that was killed is not ready', () => {
  const turns = new LeaveTurns<number>(() => 2);
  turns.isReady(1);
  turns.isReady(2);
  turns.ended(1);
  const gone: number[] = [];
  turns.leaves(2, () => gone.push(2));
  expect(gone).toEqual([]);
  turns.end();
  expect(gone).toEqual([2]);
});

test('the only one has nobody to wait for', () => {
  const turns = new LeaveTurns<string>(() => 1);
  const gone: string[] = [];
  turns.isReady('it');
  turns.leaves('it', () => gone.push('it'));
  expect(gone).toEqual(['it']);
});
