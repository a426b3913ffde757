import { mkdtempSync, readFileSync, rmSync, appendFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { MetricsPage } from '../../src/cli/metrics-text.js';
import { periodOf } from '../../src/cli/report/period.js';
import { addToReport, readReport } from '../../src/cli/report/report-file.js';
import { snapshotOf, type Snapshot } from '../../src/cli/report/snapshot.js';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 10, 1);
const dir = mkdtempSync(join(tmpdir(), 'omnisearch-report-'));
const file = join(dir, 'report.ndjson');
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** After so many hours: of `fast` searches below 10 ms and `slow` ones below 100. */
function snapshot(hours: number, process: number, fast: number, slow: number): Snapshot {
  const page = new MetricsPage(
    [
      '# HELP query_latency_ms Time',
      `query_latency_ms_bucket{le="10"} ${fast}`,
      `query_latency_ms_bucket{le="100"} ${fast + slow}`,
      `query_latency_ms_bucket{le="+Inf"} ${fast + slow}`,
      `queries_total ${fast + slow}`,
      `search_errors_total{type="internal"} ${slow}`,
      `search_errors_total{type="unavailable"} ${slow}`,
      `process_start_time_seconds ${process}`,
      `process_cpu_seconds_total ${hours * 1_800}`,
      `process_resident_memory_bytes ${1_000 + hours}`,
      '',
    ].join('\n'),
  );
  return snapshotOf(page, 'http://shop', new Date(START_MS + hours * HOUR_MS));
}

test('figures are of what was counted between snapshots of one process', () => {
  const snapshots = [
    snapshot(0, 1, 1_000, 1_000),
    snapshot(1, 1, 1_900, 1_100),
    // Another process has counted from its own start.
    snapshot(2, 2, 50, 0),
    snapshot(3, 2, 950, 100),
  ];
  const { hours, p95Ms, searchesPerS, errorShare, cpu, memoryBytes } = periodOf(
    snapshots,
    START_MS,
    Infinity,
  );
  expect({ hours, memoryBytes, cpu }).toEqual({ hours: 2, memoryBytes: 1_003, cpu: 0.5 });
  // 1,800 below 10 ms and 200 below 100: the 1,900th is half way between.
  expect(p95Ms).toBe(55);
  expect(searchesPerS).toBeCloseTo(2_000 / 7_200);
  expect(errorShare).toBe(0.2);
});

test('a time of which nothing is kept has no figures', () => {
  expect(periodOf([snapshot(0, 1, 1, 1)], START_MS + HOUR_MS, Infinity)).toEqual({
    ...{ hours: 0, p95Ms: null, searchesPerS: null, errorShare: null, cpu: null },
    memoryBytes: null,
  });
});

test('the file keeps two weeks, and a line that was cut off harms nobody', async () => {
  await addToReport(file, snapshot(0, 1, 1, 1));
  appendFileSync(file, '{"at": "2026-');
  await addToReport(file, snapshot(24, 1, 1, 1));
  expect(await readReport(file)).toHaveLength(2);
  await addToReport(file, snapshot(16 * 24, 1, 1, 1));
  const kept = await readReport(file);
  expect(kept.map(({ at }) => at)).toEqual([
    new Date(START_MS + 24 * HOUR_MS).toISOString(),
    new Date(START_MS + 16 * 24 * HOUR_MS).toISOString(),
  ]);
  expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(3);
});
