import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { runs } from '../program.js';
import { namesIn, OF_EXPORTERS } from './promql-names.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DIR = `${ROOT}deploy/prometheus/`;
const NO_PROMTOOL = runs('promtool', '--version') ? undefined : 'needs promtool of prometheus';
const NO_AMTOOL = runs('amtool', '--version')
  ? undefined
  : 'needs amtool of prometheus-alertmanager';
const run = promisify(execFile);

interface Rule {
  record?: string;
  alert?: string;
  expr: string;
  labels?: { severity?: string; bound?: string };
  annotations?: { summary: string; runbook_url: string };
}

/** Pages that are not of an alert. */
const LOSSES = ['bad-feed', 'bad-model', 'leaked-key', 'loss-of-a-region', 'restore'];

const read = (name: string): string => readFileSync(DIR + name, 'utf8');
const rules = (
  parse(read('rules.yml'), { merge: true }) as { groups: { rules: Rule[] }[] }
).groups.flatMap((group) => group.rules);
const alerts = rules.filter(({ alert }) => alert !== undefined);
const pageOf = ({ annotations }: Rule): string =>
  annotations?.runbook_url.replace(/^.*(?=docs\/runbooks\/)/, '') ?? '';

const where = (name: string, reason: string | undefined): string =>
  reason === undefined ? name : `${name} (${reason})`;

test.skipIf(NO_PROMTOOL !== undefined)(
  where('promtool takes rules and configuration', NO_PROMTOOL),
  async () => {
    const { stdout } = await run('promtool', ['check', 'rules', `${DIR}rules.yml`]);
    expect(stdout).toContain(`SUCCESS: ${rules.length} rules found`);
    // The key of the example is in no file here.
    await run('promtool', ['check', 'config', '--syntax-only', `${DIR}prometheus.yml`]);
  },
);

test.skipIf(NO_PROMTOOL !== undefined)(
  where('each alert fires, and does not fire', NO_PROMTOOL),
  async () => {
    const { stdout } = await run('promtool', ['test', 'rules', `${DIR}rules.test.yml`]);
    expect(stdout).toContain('SUCCESS');
  },
);

test.skipIf(NO_AMTOOL !== undefined)(where('amtool takes the example', NO_AMTOOL), async () => {
  const { stdout } = await run('amtool', ['check-config', `${DIR}alertmanager.yml`]);
  expect(stdout).toContain('SUCCESS');
});

test('each alert of each severity has a test in which it fires', () => {
  const tested = read('rules.test.yml');
  for (const { alert, labels } of alerts) {
    expect(tested).toContain(`{alertname="${alert}", severity="${labels?.severity}"}`);
  }
});

test('each alert has a page of its name, and each page is of an alert or a loss', () => {
  for (const rule of alerts) {
    expect([rule.alert, existsSync(ROOT + pageOf(rule))]).toEqual([rule.alert, true]);
    expect(readFileSync(ROOT + pageOf(rule), 'utf8')).toMatch(new RegExp(`^# ${rule.alert}\n`));
  }
  const pages = [...alerts.map(pageOf), ...LOSSES.map((name) => `docs/runbooks/${name}.md`)];
  const there = readdirSync(`${ROOT}docs/runbooks`).map((name) => `docs/runbooks/${name}`);
  expect(there.sort()).toEqual([...new Set(pages)].sort());
});

test('bounds are those that alerts ask for', () => {
  const asked = rules.flatMap(({ expr }) => [...expr.matchAll(/\{bound="(\w+)"\}/g)]);
  const declared = rules.flatMap(({ labels }) => labels?.bound ?? []);
  expect([...new Set(asked.map(([, name]) => name))].sort()).toEqual(declared.sort());
});

test('rules name metrics that there are', () => {
  const recorded = new Set(rules.map(({ record }) => record));
  const sources = readdirSync(`${ROOT}src`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && name.includes('metrics'))
    .map((name) => readFileSync(`${ROOT}src/${name}`, 'utf8'))
    .join('\n');
  const unknown = rules
    .flatMap(({ expr }) => namesIn(expr))
    .filter((name) => !recorded.has(name) && !OF_EXPORTERS.test(name))
    .map((name) => name.replace(/_(bucket|count)$|(?<=_cache)_(hits|misses)_total$/, ''))
    .filter((name) => !sources.includes(`'${name}'`));
  expect([...new Set(unknown)]).toEqual([]);
});
