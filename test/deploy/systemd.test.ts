import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { isVerb } from '../../src/config/verbs.js';
import { runs } from '../program.js';

const FOLDER = fileURLToPath(new URL('../../deploy/systemd/', import.meta.url));
const UNITS = readdirSync(FOLDER).filter((name) => /\.(service|timer)$/.test(name));
/** Above these a role's own limits end it: see `src/cli/run-role.ts`. */
const LEAVE_AND_CLOSE_MS = 24_000;
/** What systemd puts in place of its specifiers. */
const INSTANCES: Record<string, string> = { query: '8080', shard: 's1', worker: '1' };

function linesOf(unit: string): [name: string, value: string][] {
  const text = readFileSync(FOLDER + unit, 'utf8');
  return [...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]);
}

function valuesOf(unit: string, name: string): string[] {
  return linesOf(unit).flatMap(([each, value]) => (each === name ? [value] : []));
}

/** The unit's command and its environment, as `omnisearch` gets them. */
function startOf(unit: string): { words: string[]; env: Record<string, string> } {
  const instance = INSTANCES[/^omnisearch-(\w+)@/.exec(unit)?.[1] ?? ''] ?? '';
  const filled = (text: string): string =>
    text.replaceAll('%i', instance).replaceAll('%S', '/var/lib').replaceAll('%t', '/run');
  const [command = ''] = valuesOf(unit, 'ExecStart').map(filled);
  const [, called = ''] = command.split('/usr/bin/env omnisearch ');
  const pairs = valuesOf(unit, 'Environment').map(filled).join(' ').split(' ');
  const env = Object.fromEntries(pairs.map((pair) => pair.split('=') as [string, string]));
  const words = called.replace(/\$\{(\w+)\}/g, (_, name: string) => env[name] ?? '').split(' ');
  return { words, env };
}

const hasSystemd = runs('systemd-analyze', '--version');

test.skipIf(!hasSystemd)(
  'systemd takes each unit and the sandbox (needs systemd-analyze: apt-get install systemd)',
  () => {
    const files = UNITS.map((name) => FOLDER + name);
    // What it does not know it only tells of.
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', ...files], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], SYSTEMD_UNIT_PATH: `${FOLDER}:` },
    });
    expect([status, stderr.split('\n').filter((line) => line.includes('omnisearch'))]).toEqual([
      0,
      [],
    ]);
  },
);

const services = UNITS.filter((name) => name.endsWith('.service'));

test.each(services)('%s starts a verb with settings that there are', (unit) => {
  const { words, env } = startOf(unit);
  const [verb = '', ...argv] = words;
  if (!isVerb(verb)) throw new Error(`there is no ${verb}`);
  const { config, warnings } = loadConfig({ verb, argv, env });
  expect(warnings).toEqual([]);
  // What it keeps lies in a folder that systemd makes for it, all else cannot be written.
  const folder = valuesOf(unit, 'StateDirectory').map((name) =>
    name.replace('%i', INSTANCES[/-(\w+)@/.exec(unit)?.[1] ?? ''] ?? ''),
  );
  expect(folder.map((name) => `/var/lib/${name}`)).toEqual([
    verb === 'backup' ? env['BACKUP_TARGET'] : config.dataDir,
  ]);
});

test.each(services.filter((name) => !name.includes('backup')))(
  '%s is given the time of the longest orderly stop, and started again after a crash alone',
  (unit) => {
    const { words, env } = startOf(unit);
    const [verb = '', ...argv] = words;
    if (!isVerb(verb)) throw new Error(`there is no ${verb}`);
    const { config } = loadConfig({ verb, argv, env });
    const longestMs = LEAVE_AND_CLOSE_MS + config.drainDelayMs + 2 * config.drainTimeoutMs;
    expect(Number(valuesOf(unit, 'TimeoutStopSec')[0]) * 1_000).toBeGreaterThan(longestMs);
    expect(valuesOf(unit, 'Restart')).toEqual(['on-failure']);
    expect(valuesOf(unit, 'RestartPreventExitStatus')).toEqual(['2']);
    expect(valuesOf(unit, 'KillMode')).toEqual(['mixed']);
  },
);

test('all services share one sandbox and its limits', () => {
  const sandbox = Object.fromEntries(linesOf('omnisearch-.service.d/sandbox.conf'));
  expect(sandbox).toMatchObject({
    DynamicUser: 'yes',
    NoNewPrivileges: 'yes',
    ProtectSystem: 'strict',
    CapabilityBoundingSet: '',
    SystemCallFilter: '@system-service',
    LimitNOFILE: '65536',
    MemoryMax: '80%',
  });
  for (const unit of services) {
    expect(unit).toMatch(/^omnisearch-/);
    for (const name of Object.keys(sandbox))
      expect([unit, valuesOf(unit, name)]).toEqual([unit, []]);
  }
});

test('each timer is of a service that there is', () => {
  const timers = UNITS.filter((name) => name.endsWith('.timer'));
  expect(timers).toHaveLength(2);
  for (const timer of timers) expect(services).toContain(timer.replace('.timer', '.service'));
});
