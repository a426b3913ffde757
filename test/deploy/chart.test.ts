import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import { CHART_ROLES, CHART_SCHEMA, chartSchema } from '../../scripts/chart-schema.js';
import { loadConfig, type LoadedConfig } from '../../src/config/load.js';
import { settingName } from '../../src/config/setting.js';
import { settingsOf } from '../../src/config/settings.js';
import { isVerb, type Verb } from '../../src/config/verbs.js';
import {
  ALL,
  CHART,
  HAS_HELM,
  helm,
  LEAST,
  NEEDS_HELM,
  podsOf,
  rendered,
  the,
  type KubernetesObject,
  type Labels,
  type Pod,
} from './chart.js';
import { kubernetesProblems } from './kubernetes-problems.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Above these a role's own limits end it: see `src/cli/run-role.ts`. */
const LEAVE_AND_CLOSE_MS = 24_000;
const CLOUDS = readdirSync(CHART).filter((name) => /^values-\w+\.yaml$/.test(name));
const ofCloud = (name: string): string[] => [
  ...LEAST,
  `--values=${CHART}${name}`,
  '--set=ingress.hosts={search.shop.example}',
];
/** What Kubernetes reads of a pod. */
const FIELDS: Record<string, string> = {
  'metadata.name': 'shop-omnisearch-shard-node-0',
  "metadata.labels['topology.kubernetes.io/zone']": 'eu-central-1a',
};

/** A container's environment, as the program gets it. */
function envOf({ spec }: Pod, objects: readonly KubernetesObject[]): Record<string, string> {
  const [{ env, envFrom }] = spec.containers;
  const all: Record<string, string> = {};
  for (const { secretRef } of envFrom) {
    const secret = the(objects, 'Secret');
    expect(secretRef.name).toBe(secret.metadata.name);
    Object.assign(all, secret.stringData);
  }
  for (const { name, value, valueFrom } of env) {
    const text = value ?? FIELDS[valueFrom?.fieldRef.fieldPath ?? ''];
    if (text === undefined) throw new Error(`${name} has no value`);
    all[name] = text.replace(/\$\((\w+)\)/g, (_, other: string) => all[other] ?? '');
  }
  return all;
}

function startOf(pod: Pod, objects: readonly KubernetesObject[]): LoadedConfig & { verb: Verb } {
  const [verb = '', ...argv] = pod.spec.containers[0].args;
  if (!isVerb(verb)) throw new Error(`there is no ${verb}`);
  return { verb, ...loadConfig({ verb, argv, env: envOf(pod, objects) }) };
}

/** Whether labels are all there. */
const selects = (selector: Labels, labels: Labels): boolean =>
  Object.entries(selector).every(([name, value]) => labels[name] === value);

it('values.schema.json is what scripts/chart-schema.ts writes', () => {
  expect(readFileSync(CHART_SCHEMA, 'utf8')).toBe(chartSchema());
});

it('the chart has the version of the package', () => {
  const { version } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as Labels;
  const chart = parse(readFileSync(`${CHART}Chart.yaml`, 'utf8')) as Labels;
  expect([chart['version'], chart['appVersion']]).toEqual([version, version]);
});

it('a field that there is not, and a wrong one, are found', () => {
  const service = { apiVersion: 'v1', kind: 'Service', spec: { ports: [{ port: 80, prot: 1 }] } };
  expect(kubernetesProblems(service)).toEqual(['Service/spec/ports/0/prot']);
  const wrong = { ...service, spec: { ports: [{ port: 'http' }] } };
  expect(kubernetesProblems(wrong)).toEqual([expect.stringContaining('must be integer')]);
  expect(kubernetesProblems({ apiVersion: 'v2', kind: 'Service' })).toHaveLength(1);
});

test
  .skipIf(!HAS_HELM)
  .each([
    ['least', LEAST],
    ['all', ALL],
    ...CLOUDS.map((name) => [name, ofCloud(name)] as const),
  ] as const)(
  `helm lint takes the chart with %s values, and the schemas each object ${NEEDS_HELM}`,
  (_, args) => {
    expect(helm('lint', '--strict', CHART, ...args)).toContain('0 chart(s) failed');
    const objects = rendered(args);
    expect(objects.flatMap(kubernetesProblems)).toEqual([]);
  },
);

describe.skipIf(!HAS_HELM).each([
  ['least', LEAST],
  ['all', ALL],
])(`with %s values ${NEEDS_HELM}`, (_, args) => {
  const objects = HAS_HELM ? rendered(args) : [];
  const pods = podsOf(objects);

  it('each role starts its verb with settings that it has', () => {
    expect(pods.map((pod) => startOf(pod, objects).verb).sort()).toEqual([...CHART_ROLES]);
    for (const pod of pods) {
      const { verb, warnings } = startOf(pod, objects);
      expect(warnings).toEqual([]);
      const names = new Set(settingsOf(verb).map(([key]) => `OMNISEARCH_${settingName(key)}`));
      for (const { name } of pod.spec.containers[0].env) expect([...names]).toContain(name);
    }
  });

  it('ports and probes are those of the program', () => {
    for (const pod of pods) {
      const [container] = pod.spec.containers;
      const { verb, config } = startOf(pod, objects);
      const own = { 'query-node': { http: config.port }, 'shard-node': { shard: 8081 } };
      expect(
        Object.fromEntries(container.ports.map(({ name, containerPort }) => [name, containerPort])),
      ).toEqual({ metrics: config.metricsPort, ...own[verb as keyof typeof own] });
      if (verb === 'shard-node') {
        expect(config.listen).toBe('0.0.0.0:8081');
        const service = the(objects, 'StatefulSet').spec?.['serviceName'];
        expect(config.advertise).toBe(
          `${FIELDS['metadata.name']}.${String(service)}.search.svc:8081`,
        );
      }
      const ports = container.ports.map(({ name }) => name);
      for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'] as const) {
        const { path, port } = container[probe]?.httpGet ?? {};
        expect([probe, path]).toEqual([probe, probe === 'readinessProbe' ? '/readyz' : '/livez']);
        expect(ports).toContain(port);
      }
    }
  });

  it('a pod is given the time of the longest orderly stop', () => {
    for (const pod of pods) {
      const { config } = startOf(pod, objects);
      const { lifecycle } = pod.spec.containers[0];
      const stopMs = config.drainDelayMs + 2 * config.drainTimeoutMs + LEAVE_AND_CLOSE_MS;
      const preStopMs = 1_000 * (lifecycle?.preStop.sleep.seconds ?? 0);
      expect(1_000 * pod.spec.terminationGracePeriodSeconds).toBeGreaterThan(stopMs + preStopMs);
    }
  });

  it('whatever selects pods selects those of one role', () => {
    const selectors = objects.flatMap(({ kind, metadata, spec }): [string, unknown][] =>
      (['selector', 'podSelector'] as const).flatMap((name) =>
        spec?.[name] === undefined || kind === 'ServiceMonitor'
          ? []
          : [[`${kind} ${metadata.name}`, spec[name]]],
      ),
    );
    expect(selectors.length).toBeGreaterThan(8);
    for (const [name, selector] of selectors) {
      const labels = ((selector as { matchLabels?: Labels }).matchLabels ?? selector) as Labels;
      const found = pods.filter(({ metadata }) => selects(labels, metadata.labels));
      expect([name, found.length]).toEqual([name, 1]);
    }
  });

  it('only query nodes and workers are scaled', () => {
    const scaled = objects.flatMap(({ kind, spec }) =>
      ['HorizontalPodAutoscaler', 'ScaledObject'].includes(kind)
        ? [(spec?.['scaleTargetRef'] as Labels)['name']]
        : [],
    );
    const named = ['query-node', 'worker'].map((role) => the(objects, 'Deployment', role));
    expect(named.map(({ metadata }) => metadata.name)).toEqual(expect.arrayContaining(scaled));
    expect(the(objects, 'StatefulSet').spec).toMatchObject({ podManagementPolicy: 'Parallel' });
  });
});

test.skipIf(!HAS_HELM)(
  `a monitor scrapes each role, by the name that rules know ${NEEDS_HELM}`,
  () => {
    const objects = rendered(ALL);
    const services = objects.filter(({ kind }) => kind === 'Service');
    const jobs = objects.flatMap(({ kind, metadata, spec }) => {
      if (kind !== 'ServiceMonitor') return [];
      const { selector, endpoints } = spec as unknown as {
        selector: { matchLabels: Labels };
        endpoints: { port: string; relabelings: { targetLabel: string; replacement: string }[] }[];
      };
      const found = services.filter((each) => selects(selector.matchLabels, each.metadata.labels));
      expect([metadata.name, found.length]).toEqual([metadata.name, 1]);
      expect(endpoints.map(({ port }) => port)).toEqual(['metrics']);
      return endpoints.flatMap(({ relabelings }) => relabelings.map((each) => each.replacement));
    });
    const example = parse(readFileSync(`${ROOT}deploy/prometheus/prometheus.yml`, 'utf8')) as {
      scrape_configs: { job_name: string }[];
    };
    const known = example.scrape_configs.map(({ job_name }) => job_name);
    expect(jobs.sort()).toEqual(known.filter((name) => name.startsWith('omnisearch-')).sort());
  },
);

test.skipIf(!HAS_HELM)(`the rules are those of deploy/prometheus ${NEEDS_HELM}`, () => {
  const rules = readFileSync(`${ROOT}deploy/prometheus/rules.yml`, 'utf8');
  expect(the(rendered(ALL), 'PrometheusRule').spec).toEqual(parse(rules, { merge: true }));
});

test.skipIf(!HAS_HELM).each([
  ['queryNodes.settings.PROT=1', /PROT/],
  ['shards.settings.SEARCH_CONCURRENCY=1', /SEARCH_CONCURRENCY/],
  ['settings.PORT=1', /PORT/],
  ['queryNode.replicas=1', /queryNode/],
  ['secrets.STORE_URL=lmdb:/data/store', /STORE_URL/],
  ['ingress.enabled=true', /ingress\.hosts is missing/],
  ['monitoring.enabled=true', /ADMIN_KEY is missing/],
])(`helm refuses --set %s ${NEEDS_HELM}`, (value, told) => {
  expect(() => rendered([...LEAST, `--set=${value}`])).toThrow(told);
});

test.skipIf(!HAS_HELM)(`a Secret of one's own takes the place of the chart's ${NEEDS_HELM}`, () => {
  const objects = rendered(['--set=existingSecret=mine']);
  expect(objects.filter(({ kind }) => kind === 'Secret')).toEqual([]);
  for (const { spec } of podsOf(objects))
    expect(spec.containers[0].envFrom).toEqual([{ secretRef: { name: 'mine' } }]);
});

test.each(CLOUDS)('%s keeps a pod that leaves for as long as it drains', (name) => {
  const text = readFileSync(CHART + name, 'utf8');
  const { queryNodes } = parse(readFileSync(`${CHART}values.yaml`, 'utf8')) as {
    queryNodes: { drainDelayMs: number; drainTimeoutMs: number };
  };
  const told =
    /(?:deregistration_delay\.timeout_seconds=|draining-timeout: '|drainingTimeoutSec: )(\d+)/.exec(
      text,
    );
  // ingress-nginx has no such time: it only sends no more.
  if (name === 'values-nginx.yaml') expect(told).toBeNull();
  else
    expect(1_000 * Number(told?.[1])).toBeGreaterThanOrEqual(
      queryNodes.drainDelayMs + queryNodes.drainTimeoutMs,
    );
});
