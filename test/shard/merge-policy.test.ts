import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  isOverfull,
  planMerge,
  type MergeOptions,
  type Pace,
  type SegmentSize,
  type Unsealed,
} from '../../src/shard/index/merge-policy.js';

const OPTIONS: MergeOptions = {
  tailRows: 100,
  fanout: 4,
  maxDeadShare: 0.2,
  maxSegmentRows: 1_000_000,
  replayEntries: 1_000,
};
const tailOf = (rows: number): Unsealed => ({ rows, entries: rows, bytes: 0 });
const segment = fc
  .tuple(fc.integer({ min: 1, max: 100_000 }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([rows, dead]): SegmentSize => ({ rows, deadRows: Math.floor(rows * dead) }));

/** Carries out plans until none is due; returns how many it took and what is left. */
function settle(
  tailRows: number,
  segments: readonly SegmentSize[],
  pace: Pace,
): { steps: number; tail: number; segments: SegmentSize[] } {
  let held = [...segments];
  let tail = tailRows;
  for (let steps = 0; ; steps++) {
    const plan = planMerge(tailOf(tail), held, pace, OPTIONS);
    if (plan === undefined) return { steps, tail, segments: held };
    expect(steps).toBeLessThan(2 * segments.length + 2);
    expect(plan.tail || plan.segments.length > 0).toBe(true);
    expect(new Set(plan.segments).size).toBe(plan.segments.length);
    let rows = plan.tail ? tail : 0;
    for (const i of plan.segments) {
      const merged = held[i] as SegmentSize;
      rows += merged.rows - merged.deadRows;
    }
    held = held.filter((_, i) => !plan.segments.includes(i));
    if (rows > 0) held.push({ rows, deadRows: 0 });
    if (plan.tail) tail = 0;
  }
}

test('merging ends, and leaves nothing rotten, no like-sized segments and no full tail', () => {
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 40 }), fc.nat(1_000), (segments, tailRows) => {
      const settled = settle(tailRows, segments, 'rest');
      expect(settled.tail).toBeLessThan(OPTIONS.tailRows);
      const sizes = settled.segments.map(({ rows, deadRows }) => {
        expect(deadRows).toBeLessThanOrEqual(rows * OPTIONS.maxDeadShare);
        return rows - deadRows;
      });
      sizes.sort((a, b) => a - b);
      for (let i = 1; i < sizes.length; i++) {
        expect(sizes[i]).toBeGreaterThan(2 * (sizes[i - 1] as number));
      }
    }),
  );
});

test('while the feed is busy the number of segments stays logarithmic, rewriting too', () => {
  let segments: SegmentSize[] = [];
  let rewritten = 0;
  const batches = 2_000;
  const sealed = OPTIONS.tailRows * OPTIONS.fanout;
  for (let batch = 0; batch < batches; batch++) {
    let tail = sealed;
    for (;;) {
      const plan = planMerge(tailOf(tail), segments, 'busy', OPTIONS);
      if (plan === undefined) break;
      const merged = plan.segments.map((i) => segments[i] as SegmentSize);
      const rows = merged.reduce((sum, one) => sum + one.rows, plan.tail ? tail : 0);
      rewritten += rows;
      segments = [...segments.filter((one) => !merged.includes(one)), { rows, deadRows: 0 }];
      if (plan.tail) tail = 0;
    }
    expect(segments.length).toBeLessThanOrEqual(OPTIONS.fanout * (2 + Math.log2(batch + 1)));
  }
  expect(rewritten / (batches * sealed)).toBeLessThan(2 + Math.log2(batches));
});

test('nothing is due: nothing is merged', () => {
  expect(planMerge(tailOf(99), [], 'quiet', OPTIONS)).toBeUndefined();
  expect(planMerge(tailOf(99), [{ rows: 1_000, deadRows: 100 }], 'quiet', OPTIONS)).toBeUndefined();
  const apart = [1, 9, 81, 729].map((rows) => ({ rows, deadRows: 0 }));
  // At rest a small tail is sealed as well: every search would scan it.
  expect(planMerge(tailOf(6), [], 'rest', OPTIONS)).toBeUndefined();
  expect(planMerge(tailOf(7), [], 'rest', OPTIONS)).toEqual({ tail: true, segments: [] });
  expect(planMerge(tailOf(0), apart, 'rest', OPTIONS)).toBeUndefined();
  expect(planMerge(tailOf(399), [{ rows: 1_000, deadRows: 0 }], 'busy', OPTIONS)).toBeUndefined();
});

test('one small segment does not keep larger ones apart, a dead one costs no other', () => {
  const sizes = [1, 50, 60, 70].map((rows) => ({ rows, deadRows: 0 }));
  expect(planMerge(tailOf(0), sizes, 'rest', OPTIONS)).toEqual({
    tail: false,
    segments: [1, 2, 3],
  });
  const dead = [
    { rows: 10, deadRows: 10 },
    { rows: 100_000, deadRows: 0 },
  ];
  expect(planMerge(tailOf(0), dead, 'quiet', OPTIONS)).toEqual({ tail: false, segments: [0] });
});

test('a tail however small is sealed when a start would read too much again', () => {
  const sizes = [{ rows: 100_000, deadRows: 0 }];
  const few = (entries: number): Unsealed => ({ rows: 0, entries, bytes: 0 });
  expect(planMerge(few(999), sizes, 'quiet', OPTIONS)).toBeUndefined();
  expect(planMerge(few(1_000), sizes, 'quiet', OPTIONS)).toEqual({ tail: true, segments: [] });
  expect(planMerge(few(3_999), sizes, 'busy', OPTIONS)).toBeUndefined();
  expect(planMerge(few(4_000), sizes, 'busy', OPTIONS)).toEqual({ tail: true, segments: [] });
});

test('the share of dead rows is bounded also while the tail is always full', () => {
  const sizes = [30, 50].map((deadRows) => ({ rows: 100, deadRows }));
  expect(planMerge(tailOf(10_000), sizes, 'busy', OPTIONS)).toEqual({ tail: false, segments: [1] });
  expect(planMerge(tailOf(0), sizes.slice(0, 1), 'busy', OPTIONS)).toEqual({
    tail: false,
    segments: [0],
  });
});

test('no merge has more than maxSegmentRows live rows, at any pace', () => {
  const pace = fc.constantFrom<Pace>('busy', 'quiet', 'rest');
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 40 }), fc.nat(500), pace, (sizes, tail, at) => {
      const options = { ...OPTIONS, maxSegmentRows: 50_000 };
      const plan = planMerge(tailOf(tail), sizes, at, options);
      const merged = (plan?.segments ?? []).map((i) => sizes[i] as SegmentSize);
      const rows = merged.reduce((sum, one) => sum + one.rows - one.deadRows, 0);
      // One alone is rewritten for its dead rows, whatever its size.
      if (merged.length > 1) expect(rows).toBeLessThanOrEqual(50_000);
    }),
  );
  const large = [900_000, 300_000].map((rows) => ({ rows, deadRows: 0 }));
  expect(planMerge(tailOf(0), large, 'rest', OPTIONS)).toBeUndefined();
});

test('dead rows cost only their own segment a rewrite, and a large one later than a small one', () => {
  const withDead = (rows: number, share: number): SegmentSize[] => [
    { rows, deadRows: Math.floor(rows * share) },
    { rows: 990_000, deadRows: 0 },
  ];
  const alone = { tail: false, segments: [0] };
  expect(planMerge(tailOf(0), withDead(10_000, 0.21), 'busy', OPTIONS)).toEqual(alone);
  expect(planMerge(tailOf(0), withDead(1_000_000, 0.3), 'busy', OPTIONS)).toBeUndefined();
  expect(planMerge(tailOf(0), withDead(1_000_000, 0.41), 'busy', OPTIONS)).toEqual(alone);
});

test('a segment with a damaged graph is rewritten before anything else', () => {
  const sizes = [
    { rows: 100, deadRows: 90 },
    { rows: 5_000, deadRows: 0, isImpaired: true },
  ];
  const plan = planMerge(tailOf(10_000), sizes.slice(1), 'busy', OPTIONS);
  expect(plan).toEqual({ tail: false, segments: [0] });
});

test('a tail of few rows with very many fields is sealed by the memory that it takes', () => {
  const heavy = { rows: 3, entries: 3, bytes: 70 * 1024 * 1024 };
  expect(planMerge(heavy, [], 'busy', OPTIONS)).toEqual({ tail: true, segments: [] });
  expect(isOverfull({ rows: 3, bytes: 140 * 1024 * 1024 }, OPTIONS)).toBe(true);
});
