import { connect } from 'node:net';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { whyNoServer } from '../store/mongo-server.js';
import { BalancedNodes } from './balanced-nodes.js';
import { makeProducts } from './catalogue.js';
import { runCommand } from './command.js';
import { HAPROXY, localHaproxyFiles, startHaproxy } from './haproxy.js';
import { localNginxConf, NGINX, startNginx, stopNginx } from './nginx.js';
import { freePorts } from './topology.js';
import { QUERIES, TopologyLoad } from './topology-load.js';

const WRITERS = 2;
const PRODUCTS = makeProducts(100, 2).map((product) => ({ ...product, vector: undefined }));
/** What has to come about, however slow the machine. */
const PATIENCE = { timeout: 40_000, interval: 50 };

/** A program before the query nodes, with the balancer beside it. */
interface Front {
  url: string;
  /** Of all requests to it. */
  headers: Record<string, string>;
  /** Where it sends requests now. */
  servers: () => Promise<string[]>;
  stop: () => Promise<void>;
}

const kinds = [
  {
    name: 'nginx',
    missing: NGINX === undefined ? 'needs nginx' : undefined,
    start: frontedByNginx,
  },
  {
    name: 'HAProxy',
    missing: HAPROXY === undefined ? 'needs haproxy' : undefined,
    start: frontedByHaproxy,
  },
];

describe.each(kinds)('omnisearch balancer', ({ name, missing, start }) => {
  const reason = missing ?? whyNoServer();

  describe.skipIf(reason !== undefined)(`with ${name}${reason ? ` (${reason})` : ''}`, () => {
    let nodes: BalancedNodes;
    let front: Front;
    beforeAll(async () => {
      nodes = await BalancedNodes.start();
      front = await start(nodes);
      const rows = PRODUCTS.map((product) => JSON.stringify(product)).join('\n');
      const headers = { 'content-type': 'application/x-ndjson' };
      const sent = await fetch(`${front.url}/products?wait=searchable`, {
        ...{ method: 'POST', headers, body: rows },
      });
      expect(await sent.json(), nodes.logs).toMatchObject({ accepted: 100, searchable: true });
    }, 90_000);
    afterAll(async () => {
      // Where the start failed there are none.
      await (front as Front | undefined)?.stop();
      const codes = await (nodes as BalancedNodes | undefined)?.stop();
      // All but those that were killed stop in order.
      expect([...(codes?.values() ?? [])].filter((code) => code !== 0 && code !== null)).toEqual(
        [],
      );
    });

    const startLoad = () =>
      new TopologyLoad(front.url, PRODUCTS as never, 6, WRITERS, front.headers);

    const addresses = (...names: string[]): string[] =>
      names.map((node) => nodes.addressOf(node)).sort();

    /** Its vectors are made before the load: what is tested is not the encoder. */
    async function startSecond(): Promise<void> {
      await nodes.startQueryNode('query-2');
      for (const query of QUERIES) {
        await fetch(`http://${nodes.addressOf('query-2')}/search/text`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ query }),
        });
      }
    }

    const untilServers = (...names: string[]): Promise<void> =>
      expect.poll(front.servers, PATIENCE).toEqual(addresses(...names));

    async function untilItHasTraffic(node: string): Promise<void> {
      const before = await nodes.searchesOf(node);
      await expect.poll(() => nodes.searchesOf(node), PATIENCE).toBeGreaterThan(before);
    }

    /** As the first of them tells it. */
    async function healthyQueryNodes(): Promise<string | undefined> {
      const answer = await fetch(`http://${nodes.addressOf('query-1')}/healthz`);
      const { parts } = (await answer.json()) as { parts: { name: string; detail?: string }[] };
      return parts.find((part) => part.name === 'query nodes')?.detail;
    }

    test('a query node that joins takes traffic, and one that stops costs no request', async () => {
      await untilServers('query-1');
      const load = startLoad();
      await load.more(60);
      await startSecond();
      await untilServers('query-1', 'query-2');
      await untilItHasTraffic('query-2');
      expect(await nodes.end('query-2', 'SIGTERM')).toBe(0);
      await untilServers('query-1');
      await load.more(60);
      expect((await load.stop()).failed).toEqual([]);
    });

    test('one that is killed is out once its lease ran out, and no read fails', async () => {
      await startSecond();
      await untilServers('query-1', 'query-2');
      await expect.poll(healthyQueryNodes, PATIENCE).toBe('2 of 2 healthy');
      const load = startLoad();
      await untilItHasTraffic('query-2');
      await nodes.end('query-2', 'SIGKILL');
      await untilServers('query-1');
      await expect.poll(healthyQueryNodes, PATIENCE).toBe('1 of 2 healthy');
      await load.more(60);
      const { failed } = await load.stop();
      expect(failed.filter(({ kind }) => kind === 'read')).toEqual([]);
      // Nobody knows whether those in flight were done.
      expect(failed.length, JSON.stringify(failed)).toBeLessThanOrEqual(WRITERS);
    });

    test('the last one stays when it goes, and the one that comes takes its place', async () => {
      expect(await nodes.end('query-1', 'SIGTERM')).toBe(0);
      expect(await front.servers()).toEqual(addresses('query-1'));
      const answer = await fetch(`${front.url}/livez`);
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
      await startSecond();
      await untilServers('query-2');
      const read = async (): Promise<number> =>
        (await fetch(`${front.url}/products/${PRODUCTS[0]?.id}`)).status;
      await expect.poll(read, PATIENCE).toBe(200);
    });
  });
});

test('wants one program, and says which settings name it', async () => {
  const said = 'omnisearch: one of NGINX and HAPROXY is needed: --nginx FILE or --haproxy SOCKET\n';
  for (const flags of [[], ['--nginx', 'a', '--haproxy', 'b']]) {
    expect(await runCommand(['balancer', ...flags])).toEqual({ code: 2, stdout: '', stderr: said });
  }
});

async function frontedByNginx(nodes: BalancedNodes): Promise<Front> {
  const [port] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const dir = join(nodes.dir, 'nginx');
  // Before the balancer has written its own, nothing answers there.
  const named = localNginxConf(dir, `127.0.0.1:${port}`, () => ['127.0.0.1:1']);
  const conf = join(dir, 'balanced.conf');
  const file = join(dir, 'query-nodes.conf');
  const included = '    include query-nodes.conf;\n';
  const text = readFileSync(named, 'utf8').replaceAll(/(^ {4}server 127.*\n)+/gm, included);
  writeFileSync(conf, text);
  writeFileSync(file, 'server 127.0.0.1:1;\n');
  const nginx = await startNginx(conf, dir, url);
  const reload = `${NGINX} -p ${dir} -c ${conf} -s reload`;
  nodes.startBalancer('balancer', ['--nginx', file, '--reload', reload]);
  const isThere = async () => expect((await fetch(`${url}/livez`)).status).toBe(200);
  await vi.waitFor(isThere, PATIENCE);
  const servers = async (): Promise<string[]> =>
    [...readFileSync(file, 'utf8').matchAll(/^server (\S+)/gm)].map(([, address = '']) => address);
  // When it is reloaded nginx closes connections that are idle, also one on which a request is on its way: for those who
  // keep connections that is no fault of a query node's.
  const headers = { connection: 'close' };
  return { url, headers, servers, stop: () => stopNginx(nginx) };
}

async function frontedByHaproxy(nodes: BalancedNodes): Promise<Front> {
  const [port, tlsPort] = (await freePorts(2)) as [number, number];
  const dir = join(nodes.dir, 'haproxy');
  const place = { dir, port, tlsPort, addressOf: () => '' };
  const files = localHaproxyFiles(place);
  for (const file of files) {
    const conf = readFileSync(file, 'utf8');
    writeFileSync(file, conf.replaceAll(/^ {2}server .*\n/gm, ''));
  }
  const socket = join(dir, 'haproxy.sock');
  nodes.startBalancer('balancer', ['--haproxy', socket]);
  const url = `http://127.0.0.1:${port}`;
  const stop = await startHaproxy(files, url);
  const servers = async (): Promise<string[]> => {
    const asked = connect(socket);
    asked.write('show servers state readers; show servers state writers\n');
    const rows = [...(await text(asked)).matchAll(/^\d+ (?:readers|writers) \d+ (\S+)/gm)];
    const named = rows.map(([, name = '']) => name.replace('omnisearch-', ''));
    return [...new Set(named)].sort();
  };
  return { url, headers: {}, servers, stop };
}
