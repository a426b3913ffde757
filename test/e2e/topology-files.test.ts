import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/load.js';
import { isVerb } from '../../src/config/verbs.js';
import { containersOf, readCompose, ROOT } from './compose-file.js';
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

/** What each file beside docker-compose.yml wants more. */
const BESIDE = {
  'deploy/compose-tracing.yml': {},
  'deploy/compose-monitoring.yml': { OMNISEARCH_ADMIN_KEY: 'a-key', GRAFANA_PASSWORD: 'a-word' },
};

test.skipIf(!hasCompose()).each(Object.entries(BESIDE))(
  'docker-compose takes %s beside docker-compose.yml, with what it wants only (needs docker-compose)',
  (file, more) => {
    const config = (env: Record<string, string>): string => {
      const args = ['-f', 'docker-compose.yml', '-f', file, 'config', '-q'];
      const options = { cwd: ROOT, stdio: 'pipe', env: { PATH: process.env['PATH'], ...env } };
      return execFileSync('docker-compose', args, options as object).toString();
    };
    expect(config({ ...ENV, ...more })).toBe('');
    const [first] = Object.keys(more);
    if (first !== undefined) expect(() => config(ENV)).toThrow(first);
  },
);

test('Prometheus finds in Compose what it scrapes, and the files of both are here', () => {
  const { services: more } = parse(readFileSync(`${ROOT}deploy/compose-monitoring.yml`, 'utf8'), {
    merge: true,
  }) as { services: Record<string, { volumes?: string[] }> };
  const names = [...services.keys(), ...Object.keys(more)];
  const prometheus = readFileSync(`${ROOT}deploy/prometheus/prometheus.yml`, 'utf8');
  const targets = [...prometheus.matchAll(/'([\w-]+):\d+'|names: \[(\w+)\]/g)];
  expect(targets.length).toBeGreaterThan(10);
  for (const [, host, service] of targets) expect(names).toContain(host ?? service);
  const mounted = Object.values(more).flatMap(({ volumes = [] }) => volumes);
  for (const [path = ''] of mounted.map((volume) => volume.split(':'))) {
    if (path.startsWith('./')) expect([path, existsSync(join(ROOT, path))]).toEqual([path, true]);
  }
});

test.skipIf(NGINX === undefined)(
  'nginx takes deploy/nginx.conf, with deploy/nginx-status.conf too (needs nginx)',
  () => {
    const dir = mkdtempSync(join(tmpdir(), 'omnisearch-nginx-'));
    try {
      const file = localNginxConf(dir, '127.0.0.1:8080', () => ['127.0.0.1:1']);
      testNginxConf(file, dir);
      const included = /include \S+\*\.conf;/;
      expect(conf).toMatch(included);
      const withStatus = readFileSync(file, 'utf8').replace(
        included,
        `include ${ROOT}deploy/nginx-status.conf;`,
      );
      writeFileSync(file, withStatus);
      testNginxConf(file, dir);
    } finally {
      rmSync(dir, { recursive: true });
    }
  },
);

test('HAProxy names as many query nodes as docker-compose.yml has, for reads and for writes', () => {
  const haproxy = readFileSync(`${ROOT}deploy/haproxy.cfg`, 'utf8');
  const named = [...haproxy.matchAll(/^ {2}server (\S+) (\S+):8080$/gm)].map(([, label, host]) => {
    expect(label).toBe(host);
    return host;
  });
  const nodes = [...services].flatMap(([name, service]) =>
    service.command?.[0] === 'query-node' ? containersOf(name, service) : [],
  );
  expect(nodes).toHaveLength(3);
  expect(named).toEqual([...nodes, ...nodes]);
});

test('nginx looks the query nodes of docker-compose.yml up, for reads and for writes', () => {
  const nodes = [...services].filter(([, { command }]) => command?.[0] === 'query-node');
  const expected = nodes.map(([name, { environment }]) => {
    return `server ${name}:${environment?.['OMNISEARCH_PORT'] ?? 'no port'} resolve `;
  });
  expect(expected).toHaveLength(1);
  for (const pool of ['readers', 'writers']) {
    const block = new RegExp(`upstream ${pool} \\{([^}]*)\\}`).exec(conf)?.[1] ?? '';
    expect(block.match(/server [\w-]+:\d+ (resolve )?/g)).toEqual(expected);
    expect(block).toContain(`zone ${pool} `);
  }
  expect(conf).toMatch(/^ {2}resolver 127\.0\.0\.11 /m);
});

test('every role of docker-compose.yml has settings that there are', () => {
  const roles = [...services.values()].filter(({ image }) => image.startsWith('omnisearch'));
  // Query nodes, workers, and each shard with a name and a volume of its own.
  expect(roles).toHaveLength(6);
  for (const { command = [], environment = {} } of roles) {
    const [verb = '', ...argv] = command;
    if (!isVerb(verb)) throw new Error(`there is no ${verb}`);
    const env = Object.fromEntries(
      Object.entries(environment).map(([name, value]) => [name, String(value ?? '')]),
    );
    expect(loadConfig({ verb, argv, env }).warnings).toEqual([]);
  }
});

test('our containers of docker-compose.yml write to /data and /tmp alone, and may do nothing else', () => {
  for (const service of services.values()) {
    if (!service.image.startsWith('omnisearch')) continue;
    expect(service).toMatchObject({
      read_only: true,
      tmpfs: ['/tmp'],
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      init: true,
    });
  }
});

test('the image is made in stages, runs as a user of its own, and says how it is asked and stopped', () => {
  const image = readFileSync(`${ROOT}deploy/Dockerfile`, 'utf8');
  expect(image.match(/^FROM .*/gm)).toEqual(['FROM ${NODE_IMAGE} AS build', 'FROM ${NODE_IMAGE}']);
  const last = image.slice(image.lastIndexOf('\nFROM'));
  for (const line of [
    /^USER node$/m,
    /^VOLUME \/data$/m,
    /^STOPSIGNAL SIGTERM$/m,
    /^HEALTHCHECK /m,
  ])
    expect(last).toMatch(line);
  // The process itself is asked to stop, not a shell before it.
  expect(last).toMatch(/^ENTRYPOINT \["node", "dist\/cli\/main.js"\]$/m);
  expect(last).not.toMatch(/^RUN .*(apt-get|npm)/m);
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
