import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { StageTimes } from '../../src/core/stage-times.js';
import { LIVE_EVERY_MS, LiveFigures } from '../../src/metrics/live-figures.js';
import { MetricsPage } from '../../src/metrics/metrics-page.js';
import { SearchMetrics } from '../../src/metrics/search-metrics.js';

const MINUTE_MS = 60_000;
const NONE = { ok: 0, partial: 0, refused: 0, failed: 0, abandoned: 0 };

let stages: StageTimes;
let searches: SearchMetrics;
let cache: { hits: number; misses: number };
let figures: LiveFigures;
let readings: number;
beforeEach(() => {
  vi.useFakeTimers();
  stages = new StageTimes();
  searches = new SearchMetrics(new MetricsPage({ role: 'query-node', version: '1' }), stages, 0);
  cache = { hits: 0, misses: 0 };
  readings = 0;
  const clocks = { now: () => Date.now(), wallMs: () => Date.now() };
  const caches = () => {
    readings += 1;
    return { answers: { ...cache } };
  };
  figures = new LiveFigures({ searches, stages, caches }, clocks);
});
afterEach(() => {
  figures.close();
  vi.useRealTimers();
});

const search = (ms: number): void => searches.answered('shop', 'text', ms, new Set());

test('a point is what happened since the one before, not since the start', () => {
  search(900);
  stages.took('embed', 900);
  cache = { hits: 7, misses: 7 };
  expect(figures.look()).toEqual([]);
  for (let i = 0; i < 10; i++) search(8);
  searches.answered('shop', 'text', 8, new Set(['timeout']));
  searches.unanswered('text', 'refused', 'overloaded', false, 1);
  stages.took('embed', 4);
  stages.took('embed', 2);
  cache = { hits: 10, misses: 8 };
  vi.advanceTimersByTime(LIVE_EVERY_MS);
  const [point] = figures.look();
  expect(point).toMatchObject({
    seconds: LIVE_EVERY_MS / 1_000,
    outcomes: { ...NONE, ok: 10, partial: 1, refused: 1 },
    stages: { embed: { count: 2 }, join: { count: 0, meanMs: null, p95Ms: null } },
    caches: { answers: { hits: 3, misses: 1 } },
  });
  expect(point?.stages.embed.meanMs).toBeCloseTo(3);
  // Within the bucket from 5 to 10 ms, what was before is not in it.
  expect(point?.p95Ms).toBeGreaterThan(5);
  expect(point?.p95Ms).toBeLessThanOrEqual(10);
  vi.advanceTimersByTime(LIVE_EVERY_MS);
  const quiet = figures.look().at(-1);
  expect(quiet).toMatchObject({ outcomes: NONE, p50Ms: null, p95Ms: null, p99Ms: null });
});

test('nothing is read before anybody looks, and a minute after the last look nothing any more', () => {
  vi.advanceTimersByTime(10 * MINUTE_MS);
  expect([readings, figures.isRunning, vi.getTimerCount()]).toEqual([0, false, 0]);
  figures.look();
  vi.advanceTimersByTime(2 * MINUTE_MS);
  expect([figures.isRunning, vi.getTimerCount()]).toEqual([false, 0]);
  const read = readings;
  expect(read).toBe(1 + MINUTE_MS / LIVE_EVERY_MS);
  vi.advanceTimersByTime(10 * MINUTE_MS);
  expect(readings).toBe(read);
});

test('what happened while nobody looked is one point, as wide as that was', () => {
  figures.look();
  vi.advanceTimersByTime(2 * MINUTE_MS);
  search(3);
  vi.advanceTimersByTime(3 * MINUTE_MS);
  const last = figures.look().at(-1);
  expect(last).toMatchObject({ seconds: 4 * 60, outcomes: { ...NONE, ok: 1 } });
});

test('fifteen minutes are kept, however long somebody looks or does not', () => {
  for (let i = 0; i < 60; i++) {
    figures.look();
    vi.advanceTimersByTime(MINUTE_MS / 2);
  }
  const points = figures.look();
  expect(points.length).toBeLessThanOrEqual(181);
  expect(points.length).toBeGreaterThanOrEqual(180);
  expect(Date.now() - (points[0]?.atMs ?? 0)).toBeLessThanOrEqual(15 * MINUTE_MS);
  vi.advanceTimersByTime(40 * MINUTE_MS);
  search(3);
  expect(figures.look()).toEqual([]);
});
