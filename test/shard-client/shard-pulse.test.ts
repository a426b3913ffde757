import { expect, test } from 'vitest';
import { ShardPulse } from '../../src/shard-client/shard-pulse.js';

let nowMs = 0;
const pulse = (): ShardPulse => {
  nowMs = 10_000;
  return new ShardPulse(() => nowMs);
};

test('three deadlines with nothing heard make a shard silent, anything heard ends it', () => {
  const shard = pulse();
  for (let i = 0; i < 3; i++) {
    expect(shard.isSilent).toBe(false);
    shard.asked(i);
    shard.pinged();
    nowMs += 900;
    shard.missed();
  }
  expect(shard.isSilent).toBe(true);
  shard.heard();
  expect(shard.isSilent).toBe(false);
  shard.asked(0);
  nowMs += 900;
  shard.missed();
  expect(shard.isSilent).toBe(false);
});

test('deadlines that pass while this process is held up itself prove nothing', () => {
  const shard = pulse();
  shard.asked(0);
  nowMs += 5_000;
  for (let i = 0; i < 100; i++) shard.missed();
  expect(shard.isSilent).toBe(false);
  // Asked whether it is alive, and given the time to say so.
  shard.pinged();
  shard.missed();
  expect(shard.isSilent).toBe(false);
  nowMs += 121;
  shard.missed();
  expect(shard.isSilent).toBe(true);
});

test('deadlines of callers without patience prove nothing of a shard', () => {
  const shard = pulse();
  shard.asked(0);
  for (let i = 0; i < 100; i++) shard.missed();
  nowMs += 200;
  shard.missed();
  expect(shard.isSilent).toBe(false);
  // Nor does a rest before them: it counts from when something was asked.
  const rested = pulse();
  rested.heard();
  nowMs += 60_000;
  rested.asked(0);
  for (let i = 0; i < 3; i++) rested.missed();
  expect(rested.isSilent).toBe(false);
});

test('a shard that leaves a ping unanswered gets only so many requests at once, a busy one any number', () => {
  const shard = pulse();
  shard.asked(0);
  nowMs += 200;
  // Whoever was held up himself has not asked it yet whether it is alive.
  expect([shard.isQuiet, shard.admits(500)]).toEqual([true, true]);
  shard.pinged();
  nowMs += 120;
  expect(shard.admits(500)).toBe(true);
  nowMs += 1;
  expect([shard.admits(31), shard.admits(32)]).toEqual([true, false]);
  shard.heard();
  expect([shard.isQuiet, shard.admits(500)]).toEqual([false, true]);
});
