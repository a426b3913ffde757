import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { runs } from '../program.js';
import { ALL, HAS_HELM, NEEDS_HELM, rendered, the } from './chart.js';

const METRICS_DOC = fileURLToPath(new URL('../../docs/metrics.md', import.meta.url));
const HAS_BOTH = HAS_HELM && runs('promtool', '--version');
const NEEDS_BOTH = `${NEEDS_HELM.slice(0, -1)}; and promtool of prometheus)`;

interface Case {
  series: Record<string, string>;
  /** Undefined: no answer. */
  value: number | undefined;
}

/** Throws what promtool says where a query does not answer so, five minutes after the series began. */
function expectAnswers(query: string, cases: Case[]): void {
  const dir = mkdtempSync(join(tmpdir(), 'chart-scaling-'));
  writeFileSync(join(dir, 'rules.yml'), 'groups: []\n');
  const tests = cases.map(({ series, value }) => ({
    interval: '15s',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: [
      {
        expr: query,
        eval_time: '5m',
        exp_samples: value === undefined ? [] : [{ labels: '{}', value }],
      },
    ],
  }));
  writeFileSync(join(dir, 'test.yml'), stringify({ rule_files: ['rules.yml'], tests }));
  execFileSync('promtool', ['test', 'rules', join(dir, 'test.yml')], { stdio: 'pipe' });
}

/** So many workers, each of which sees the jobs of all. */
function workers(count: number, waiting: number): Record<string, string> {
  const series: Record<string, string> = {};
  for (let i = 0; i < count; i++) {
    const labels = `namespace="search",job="omnisearch-worker",pod="shop-omnisearch-worker-${i}"`;
    series[`build_info{${labels},role="worker"}`] = '1x20';
    series[`jobs{${labels},kind="import",state="waiting"}`] = `${waiting - 1}x20`;
    series[`jobs{${labels},kind="grow",state="waiting"}`] = '1x20';
    // Counted among those that wait.
    series[`jobs{${labels},kind="import",state="prioritised"}`] = `${waiting - 1}x20`;
    series[`jobs{${labels},kind="import",state="active"}`] = '50x20';
  }
  // Of another release, which is not asked.
  series['jobs{namespace="other",job="omnisearch-worker",pod="w",kind="import",state="waiting"}'] =
    '9999x20';
  return series;
}

test.skipIf(!HAS_BOTH)(
  `more workers above 100 jobs that wait, fewer below 10, no answer without them ${NEEDS_BOTH}`,
  () => {
    const { spec } = the(rendered(ALL), 'ScaledObject');
    expect(spec).toMatchObject({
      minReplicaCount: 1,
      maxReplicaCount: 20,
      fallback: { behavior: 'currentReplicasIfHigher' },
    });
    const [trigger] = (spec as unknown as { triggers: { metadata: Record<string, string> }[] })
      .triggers;
    expect(trigger?.metadata).toMatchObject({ threshold: '1', ignoreNullValues: 'false' });
    expectAnswers(trigger?.metadata['query'] ?? '', [
      { series: workers(2, 101), value: 4 },
      { series: workers(2, 100), value: 2 },
      { series: workers(2, 10), value: 2 },
      { series: workers(2, 9), value: 1 },
      { series: workers(0, 9), value: undefined },
    ]);
  },
);

test.skipIf(!HAS_BOTH)(
  `query nodes are scaled by processors and by searches a second ${NEEDS_BOTH}`,
  () => {
    const objects = rendered(ALL);
    const { spec } = the(objects, 'HorizontalPodAutoscaler');
    expect(spec).toMatchObject({
      minReplicas: 2,
      maxReplicas: 10,
      metrics: [
        { resource: { name: 'cpu', target: { averageUtilization: 80 } } },
        { pods: { metric: { name: 'queries_per_second' }, target: { averageValue: '150' } } },
      ],
      behavior: {
        scaleUp: { policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] },
        scaleDown: {
          stabilizationWindowSeconds: 300,
          policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }],
        },
      },
    });
    const { rules } = parse(the(objects, 'ConfigMap').data?.['config.yaml'] ?? '') as {
      rules: { seriesQuery: string; metricsQuery: string; name: { as: string } }[];
    };
    expect(rules.map(({ name }) => name.as)).toEqual(['queries_per_second']);
    const query = rules[0]?.metricsQuery
      .replace('<<.Series>>', /^\w+/.exec(rules[0].seriesQuery)?.[0] ?? '')
      .replace('<<.LabelMatchers>>', 'namespace="search",pod=~"a|b"')
      .replace('by (<<.GroupBy>>)', 'by (namespace)');
    expectAnswers(`sum(${query})`, [
      {
        series: {
          'queries_total{namespace="search",pod="a"}': '0+3000x20',
          'queries_total{namespace="search",pod="b"}': '0+1500x20',
          'queries_total{namespace="search",pod="c"}': '0+1500x20',
        },
        value: 300,
      },
    ]);
  },
);

test.skipIf(!HAS_HELM)(`what is scaled by are metrics that there are ${NEEDS_HELM}`, () => {
  const documented = readFileSync(METRICS_DOC, 'utf8');
  const objects = rendered(ALL);
  const { triggers } = the(objects, 'ScaledObject').spec as unknown as {
    triggers: { metadata: Record<string, string> }[];
  };
  const asked = [
    ...(triggers[0]?.metadata['query']?.matchAll(/(\w+)\{/g) ?? []),
    ...(the(objects, 'ConfigMap').data?.['config.yaml']?.matchAll(/'(\w+)\{/g) ?? []),
  ].map(([, name]) => name);
  expect([...new Set(asked)].sort()).toEqual(['build_info', 'jobs', 'queries_total']);
  for (const name of asked) expect(documented).toContain(`| \`${name}\` |`);
});
