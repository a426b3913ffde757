import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { isVerb } from '../../src/config/verbs.js';
import { readCompose, ROOT } from './compose-file.js';
import { localNginxConf, NGINX, testNginxConf } from './nginx.js';

const ENV = { OMNISEARCH_SHARD_SECRET: 'a-secret-of-some-length' };
const services = readCompose(ENV);
const conf = readFileSync(`${ROOT}deploy/nginx.conf`, 'utf8');

function hasCompose(): boolean {
  try {
    execFileSync('docker-compose', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

test.skipIf(!hasCompose())(
  'docker-compose takes docker-compose.yml, with a secret only (needs docker-compose)',
  () => {
    const config = (env: Record<string, string>): Buffer =>
      execFileSync('docker-compose', ['config', '-q'], {
        cwd: ROOT,
        stdio: 'pipe',
        env: { PATH: process.env['PATH'], ...env },
      });
    expect(config(ENV).toString()).toBe('');
    expect(() => config({})).toThrow(/16 or more characters/);
  },
);

test.skipIf(NGINX === undefined)('nginx takes deploy/nginx.conf (needs nginx)', () => {
  const dir = mkdtempSync(join(tmpdir(), 'omnisearch-nginx-'));
  try {
    testNginxConf(
      localNginxConf(dir, '127.0.0.1:8080', () => '127.0.0.1:1'),
      dir,
    );
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('HAProxy names each query node of docker-compose.yml, for reads and for writes', () => {
  const haproxy = readFileSync(`${ROOT}deploy/haproxy.cfg`, 'utf8');
  const named = [...haproxy.matchAll(/^ {2}server (\S+) (\S+):8080$/gm)].map(([, label, host]) => {
    expect(label).toBe(host);
    return host;
  });
  const nodes = [...services.keys()].filter((name) => name.startsWith('query-'));
  expect(named).toEqual([...nodes, ...nodes]);
});

test('nginx names each query node of docker-compose.yml, for reads and for writes', () => {
  const nodes = [...services].filter(([, { command }]) => command?.[0] === 'query-node');
  const expected = nodes.map(([name, { environment }]) => {
    return `${name}:${environment?.['OMNISEARCH_PORT'] ?? 'no port'}`;
  });
  expect(expected).toHaveLength(3);
  for (const pool of ['readers', 'writers']) {
    const block = new RegExp(`upstream ${pool} \\{([^}]*)\\}`).exec(conf)?.[1] ?? '';
    const named = [...block.matchAll(/server ([\w-]+:\d+)/g)].map(([, address]) => address);
    expect(named).toEqual(expected);
  }
});

test('every role of docker-compose.yml has settings that there are', () => {
  const roles = [...services.values()].filter(({ image }) => image.startsWith('omnisearch'));
  expect(roles).toHaveLength(7);
  for (const { command = [], environment = {} } of roles) {
    const [verb = '', ...argv] = command;
    if (!isVerb(verb)) throw new Error(`there is no ${verb}`);
    const env = Object.fromEntries(
      Object.entries(environment).map(([name, value]) => [name, String(value ?? '')]),
    );
    expect(loadConfig({ verb, argv, env }).warnings).toEqual([]);
  }
});

test('files that docker-compose.yml and the Dockerfile take from here exist', () => {
  const mounted = [...services.values()]
    .flatMap(({ volumes = [] }) => volumes)
    .flatMap((volume) => (volume.startsWith('./') ? [volume.split(':')[0] ?? ''] : []));
  expect(mounted.length).toBeGreaterThan(0);
  const ignore = readFileSync(`${ROOT}deploy/Dockerfile.dockerignore`, 'utf8');
  const copied = [...ignore.matchAll(/^!(.+)$/gm)].map(([, path]) => path ?? '');
  for (const path of [...mounted, ...copied, 'deploy/Dockerfile']) {
    expect([path, existsSync(join(ROOT, path))]).toEqual([path, true]);
  }
});
