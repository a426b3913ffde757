import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { haproxyCanary, nginxCanary, type Canary } from '../../src/balancer/canary-map.js';
import { ROOT } from './compose-file.js';
import { HAPROXY, startHaproxy } from './haproxy.js';
import { localNginxConf, NGINX, startNginx, stopNginx } from './nginx.js';
import { freePorts } from './topology.js';

const LIMIT_MS = 30_000;
const ASKED = 200;
const NAMES = [{ name: 'far', deployment: { name: 'far', url: 'http://127.0.0.1:9' } }];

let servers: Server[];
let [old, next] = ['', ''];
let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'omnisearch-canary-'));
  chmodSync(dir, 0o755);
  servers = ['old', 'next'].map((name) => createServer((_, reply) => reply.end(name)));
  const places: string[] = [];
  for (const server of servers) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    places.push(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  }
  [old, next] = places as [string, string];
});
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(dir, { recursive: true, force: true });
});

/** How many of `ASKED` requests the new installation answers. */
async function answered(url: string, method: 'GET' | 'POST', path = '/x'): Promise<number> {
  let count = 0;
  const ask = async () => {
    const reply = await fetch(url + path, { method, headers: { connection: 'close' } });
    if ((await reply.text()) === 'next') count += 1;
  };
  for (let at = 0; at < ASKED; at += 20) await Promise.all(Array.from({ length: 20 }, ask));
  return count;
}

/** By chance: six standard deviations around a quarter. */
const [LEAST, MOST] = [ASKED / 4 - 37, ASKED / 4 + 37];

async function expectShares(url: string): Promise<void> {
  const reads = await answered(url, 'POST', '/search/text');
  expect(reads).toBeGreaterThan(LEAST);
  expect(reads).toBeLessThan(MOST);
  expect(await answered(url, 'POST')).toBe(0);
}

describe('requests are shared between two installations by the percents of the map', () => {
  const canary = (readers: number, writers: number): Canary => {
    return { url: `http://${next}`, readers, writers };
  };

  test.skipIf(NGINX === undefined)(
    'by nginx',
    async () => {
      const [port] = await freePorts(1);
      const file = localNginxConf(dir, `127.0.0.1:${port}`, () => [old]);
      const map = join(dir, 'tenants.conf');
      const conf = readFileSync(file, 'utf8')
        .replace('  upstream readers {', `  include ${map};\n  upstream readers {`)
        .replaceAll('proxy_pass http://readers;', 'proxy_pass $omnisearch_readers;')
        .replaceAll('proxy_pass http://writers;', 'proxy_pass $omnisearch_writers;');
      writeFileSync(file, conf);
      const url = `http://127.0.0.1:${port}`;
      writeFileSync(map, nginxCanary(NAMES, canary(25, 0)), { mode: 0o644 });
      const nginx = await startNginx(file, dir, url);
      try {
        await expectShares(url);
      } finally {
        await stopNginx(nginx);
      }
      for (const [readers, writers] of [
        [0, 0],
        [100, 100],
      ] as const) {
        const text = nginxCanary(NAMES, canary(readers, writers));
        expect(text).not.toContain('%');
        expect(text.includes('* http://installation-writers')).toBe(writers === 100);
      }
    },
    LIMIT_MS,
  );

  test.skipIf(HAPROXY === undefined)(
    'by HAProxy',
    async () => {
      const [port] = await freePorts(1);
      const map = join(dir, 'tenants.map');
      const file = join(dir, 'haproxy.cfg');
      const conf = readFileSync(`${ROOT}deploy/haproxy.cfg`, 'utf8')
        .replaceAll('/tmp/', `${dir}/`)
        .replace('bind :8080', `bind 127.0.0.1:${port}`)
        .replaceAll(/server ([\w-]+) ([\w-]+):(\d+)/g, `server $1 ${old}`)
        .replaceAll(/^ {2}#(?:migrate )?(http-request|use_backend)/gm, '  $1')
        .replaceAll('/etc/haproxy/tenants.map', map);
      writeFileSync(file, conf);
      for (const [end, text] of haproxyCanary(NAMES, canary(25, 0))) writeFileSync(map + end, text);
      const url = `http://127.0.0.1:${port}`;
      const stop = await startHaproxy([file, `${map}.cfg`], url);
      try {
        await expectShares(url);
      } finally {
        await stop();
      }
    },
    LIMIT_MS,
  );
});
