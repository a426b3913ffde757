import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { DASHBOARD, dashboardText } from '../../scripts/grafana-dashboard.js';
import { runs } from '../program.js';
import { expressions, PANELS } from './dashboard-panels.js';
import { namesIn, OF_EXPORTERS } from './promql-names.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (name: string): string => readFileSync(ROOT + name, 'utf8');

interface Provisioned {
  datasources: { type: string; url: string }[];
  providers: { options: { path: string } }[];
}

test('the dashboard is what npx tsx scripts/grafana-dashboard.ts writes, with the bounds of the rules', () => {
  expect(readFileSync(DASHBOARD, 'utf8')).toBe(dashboardText());
});

test.skipIf(!runs('promtool', '--version'))(
  'promtool takes each expression (needs promtool: apt-get install prometheus)',
  () => {
    const dir = mkdtempSync(join(tmpdir(), 'omnisearch-dashboard-'));
    try {
      const rules = expressions().map((expr, i) => ({ record: `panel:${i}`, expr }));
      // JSON is YAML.
      writeFileSync(join(dir, 'rules.yml'), JSON.stringify({ groups: [{ name: 'all', rules }] }));
      const printed = execFileSync('promtool', ['check', 'rules', join(dir, 'rules.yml')]);
      expect(printed.toString()).toContain(`SUCCESS: ${rules.length} rules found`);
    } finally {
      rmSync(dir, { recursive: true });
    }
  },
);

test('each expression names metrics of docs/metrics.md, of the rules, of Node or of exporters', () => {
  const ours = [...read('docs/metrics.md').matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  const recorded = [...read('deploy/prometheus/rules.yml').matchAll(/record: ([\w:]+)/g)];
  const known = new Set([...ours, ...recorded.map(([, name]) => name)]);
  const unknown = expressions()
    .flatMap(namesIn)
    .filter((name) => !/^(process|nodejs)_/.test(name) && !OF_EXPORTERS.test(name))
    .filter((name) => !known.has(name) && !known.has(name.replace(/_(bucket|sum|count)$/, '')));
  expect(unknown).toEqual([]);
});

test('each panel says what it tells, and stands on a place of its own', () => {
  const panels = PANELS.filter(({ type }) => type !== 'row');
  expect(panels.length).toBeGreaterThan(50);
  const taken = new Set<string>();
  for (const { title, description = '', targets = [], gridPos } of panels) {
    expect([title, description]).toEqual([title, expect.stringMatching(/^[A-Z\d].*\.$/)]);
    expect([title, targets.length]).not.toEqual([title, 0]);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect([title, x < 24, taken.has(`${x} ${y}`)]).toEqual([title, true, false]);
        taken.add(`${x} ${y}`);
      }
    }
  }
});

test('Grafana finds the dashboard and Prometheus where Compose puts them', () => {
  const file = (name: string): Provisioned =>
    parse(read(`deploy/grafana/provisioning/${name}`)) as Provisioned;
  const { services } = parse(read('deploy/compose-monitoring.yml'), { merge: true }) as {
    services: Record<string, { volumes: string[] }>;
  };
  const [path] = file('dashboards/omnisearch.yml').providers.map(({ options }) => options.path);
  expect(services['grafana']?.volumes).toContain(`./deploy/grafana/dashboards:${path}:ro`);
  const urls = file('datasources/prometheus.yml').datasources.map(({ type, url }) => [type, url]);
  for (const [type, url] of urls) expect(url).toMatch(new RegExp(`^http://${type}:9\\d+$`));
});
