import { beforeEach, describe, expect, it } from 'vitest';
import { NodeHealth } from '../../../src/shard-client/replicas/node-health.js';

let nowMs: number;
let node: NodeHealth;

beforeEach(() => {
  nowMs = 10_000;
  node = new NodeHealth(() => nowMs);
});

function answer(slowness: number): void {
  node.answered(nowMs, slowness);
}

function fail(): void {
  node.failed();
}

/** The pauses before `count` probes that fail, milliseconds. */
function pausesBetween(count: number): number[] {
  return Array.from({ length: count }, () => {
    const fromMs = nowMs;
    while (!node.beginProbe()) nowMs += 1;
    node.probed(false);
    return nowMs - fromMs;
  });
}

describe('ejection', () => {
  it('takes three failures in a row', () => {
    fail();
    fail();
    answer(1);
    fail();
    fail();
    expect(node.isEjected).toBe(false);
    fail();
    expect([node.isEjected, node.ejections]).toEqual([true, 1]);
    fail();
    expect(node.ejections).toBe(1);
  });

  it('of a node that hangs tells all who wait for it, once each', () => {
    const told: number[] = [];
    const first = (): number => told.push(1);
    node.onHung.add(first);
    node.onHung.add(() => told.push(2));
    node.hangs();
    expect([node.isEjected, told]).toEqual([true, [1, 2]]);
  });

  it('ends with the answer to a request sent since, not with one sent before', () => {
    const beforeMs = nowMs;
    nowMs += 50;
    node.hangs();
    node.answered(beforeMs, 1);
    expect(node.isEjected).toBe(true);
    node.answered(nowMs, 1);
    expect(node.isEjected).toBe(false);
  });
});

describe('probes', () => {
  it('are sent one at a time, after pauses that grow to a second', () => {
    expect(node.beginProbe()).toBe(false);
    node.hangs();
    expect(pausesBetween(6)).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    nowMs += 1_000;
    expect([node.beginProbe(), node.beginProbe()]).toEqual([true, false]);
    nowMs += 60_000;
    expect(node.beginProbe()).toBe(false);
    node.probed(true);
    expect([node.isEjected, node.beginProbe()]).toEqual([false, false]);
  });

  it('come ever later for a node that answers nothing else, and soon again after an answer', () => {
    node.hangs();
    nowMs += 100;
    node.beginProbe();
    node.probed(true);
    for (let i = 0; i < 3; i++) fail();
    expect(pausesBetween(1)).toEqual([200]);
    nowMs += 1_000;
    node.beginProbe();
    node.probed(true);
    answer(1);
    node.hangs();
    expect(pausesBetween(1)).toEqual([100]);
  });

  it('give three failures again to a node that is back', () => {
    for (let i = 0; i < 3; i++) fail();
    nowMs += 100;
    node.beginProbe();
    node.probed(true);
    fail();
    fail();
    expect(node.isEjected).toBe(false);
  });
});

describe('load', () => {
  it('counts what is outstanding, each as slow as the node is', () => {
    expect(node.load).toBe(1);
    node.outstanding.begin('search', 0);
    node.outstanding.begin('words', 0);
    expect(node.load).toBe(3);
    for (let i = 0; i < 100; i++) answer(2);
    expect(node.load).toBeCloseTo(6, 3);
    node.outstanding.end('words', 0);
    expect(node.load).toBeCloseTo(4, 3);
  });

  it('learns a node that is always slow, and forgives a rare slow answer', () => {
    for (let i = 0; i < 100; i++) answer(25);
    expect(node.slowness).toBeCloseTo(25, 1);
    const rare = new NodeHealth(() => nowMs);
    for (let i = 0; i < 1_000; i++) {
      rare.answered(nowMs, i % 25 === 0 ? 25 : 1);
    }
    expect(rare.slowness).toBeLessThan(1.4);
  });

  it('learns from what was given up only that it took at least so long', () => {
    for (let i = 0; i < 20; i++) answer(4);
    const known = node.slowness;
    node.gaveUp(2);
    expect(node.slowness).toBe(known);
    for (let i = 0; i < 50; i++) node.gaveUp(9);
    expect(node.slowness).toBeCloseTo(9, 0);
  });

  it('fades without answers, so that a node that was slow once is tried again', () => {
    for (let i = 0; i < 100; i++) answer(25);
    nowMs += 20_000;
    expect(node.slowness).toBeLessThan(1.1);
    for (let i = 0; i < 100; i++) answer(0.5);
    nowMs += 20_000;
    expect(node.slowness).toBeGreaterThan(0.95);
  });
});
