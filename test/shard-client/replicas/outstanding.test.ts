import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { Outstanding } from '../../../src/shard-client/replicas/outstanding.js';

let nowMs: number;
let outstanding: Outstanding;

beforeEach(() => {
  nowMs = 100;
  outstanding = new Outstanding(() => nowMs);
});

/** A request that is called off after `durationMs`. */
function calledOff(kind: string, durationMs: number, heardAtMs = 0): void {
  outstanding.begin(kind, heardAtMs);
  nowMs += durationMs;
  outstanding.end(kind, heardAtMs);
}

test('waits side by side count once, one after the other they add up, rests between do not', () => {
  outstanding.begin('search', 0);
  nowMs += 4;
  outstanding.begin('search', 0);
  nowMs += 6;
  expect([outstanding.silenceMs('search', 0), outstanding.total]).toEqual([10, 2]);
  outstanding.end('search', 0);
  outstanding.end('search', 0);
  nowMs += 1_000;
  calledOff('search', 5);
  nowMs += 1_000;
  outstanding.begin('search', 0);
  nowMs += 1;
  expect([outstanding.silenceMs('search', 0), outstanding.total]).toEqual([16, 1]);
});

test('anything heard begins the count anew, whether during a wait or between', () => {
  calledOff('search', 20);
  outstanding.begin('search', nowMs);
  nowMs += 10;
  expect(outstanding.silenceMs('search', nowMs - 7)).toBe(7);
  outstanding.end('search', nowMs - 7);
  const heardAtMs = nowMs + 50;
  nowMs += 100;
  outstanding.begin('search', heardAtMs);
  nowMs += 3;
  expect(outstanding.silenceMs('search', heardAtMs)).toBe(3);
});

test('the wait for one kind says nothing of another', () => {
  outstanding.begin('scan', 0);
  nowMs += 500;
  calledOff('words', 2);
  outstanding.begin('words', 0);
  expect([outstanding.silenceMs('words', 0), outstanding.silenceMs('scan', 0)]).toEqual([2, 502]);
});

test('no silence is longer than the time in which something was waited for, nor than since the last byte', () => {
  const step = fc.record({
    act: fc.constantFrom('begin', 'end', 'hear', 'wait'),
    afterMs: fc.integer({ min: 0, max: 9 }),
  });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const node = new Outstanding(() => nowMs);
      let [count, heardAtMs, waitedMs] = [0, nowMs - 1, 0];
      for (const { act, afterMs } of steps) {
        nowMs += afterMs;
        if (count > 0) waitedMs += afterMs;
        if (act === 'hear') [heardAtMs, waitedMs] = [nowMs, 0];
        if (act === 'begin') node.begin('search', heardAtMs);
        if (act === 'begin') count += 1;
        if (act === 'end' && count > 0) {
          node.end('search', heardAtMs);
          count -= 1;
        }
        expect(node.total).toBe(count);
        if (count === 0) continue;
        expect(node.silenceMs('search', heardAtMs)).toBeLessThanOrEqual(nowMs - heardAtMs);
        expect(node.silenceMs('search', heardAtMs)).toBeGreaterThanOrEqual(0);
        if (heardAtMs < 100) expect(node.silenceMs('search', heardAtMs)).toBe(waitedMs);
      }
    }),
  );
});
