import { expect, test } from 'vitest';
import { StageTimes } from '../../src/core/stage-times.js';
import { JobCounts } from '../../src/jobs/job-figures.js';
import { addJobMetrics } from '../../src/metrics/job-metrics.js';
import { MetricsPage } from '../../src/metrics/metrics-page.js';
import { SearchMetrics } from '../../src/metrics/search-metrics.js';

test('a failure is there as 0 before the first, so that its rise is seen', async () => {
  const page = new MetricsPage({ role: 'query-node', version: '1', region: undefined });
  const searches = new SearchMetrics(page, new StageTimes(), 20);
  const results = new Map([['import', ['done', 'failed']]]);
  const jobs = { kinds: ['import'], results, jobs: new Map(), counts: new JobCounts() };
  addJobMetrics(page, () => jobs);
  searches.answered('shop', 'text', 3, new Set());
  const text = await page.render();
  for (const series of [
    'query_latency_seconds_count{mode="text",outcome="failed"} 0',
    'query_latency_seconds_count{mode="text",outcome="ok"} 1',
    'query_latency_seconds_count{mode="unread",outcome="failed"} 0',
    'refused_requests_total{reason="overloaded"} 0',
    'jobs_ended_total{kind="import",outcome="failed"} 0',
    'job_results_total{kind="import",result="failed"} 0',
  ]) {
    expect(text).toContain(`\n${series}\n`);
  }
});
