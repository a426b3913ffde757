import { once } from 'node:events';
import { connect, type IncomingHttpHeaders, type SecureClientSessionOptions } from 'node:http2';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NO_REDIS } from '../redis/redis-server.js';
import { MONGODB_URL, whyNoServer } from '../store/mongo-server.js';
import { makeProducts } from './catalogue.js';
import { HAPROXY, localHaproxyFiles, startHaproxy } from './haproxy.js';
import { NGINX } from './nginx.js';
import { freePorts, Topology } from './topology.js';
import { QUERIES, TopologyLoad } from './topology-load.js';

const reason = NGINX === undefined ? 'needs nginx' : (NO_REDIS ?? whyNoServer());
const WRITERS = 2;
/** Their vectors are left out: the model of the image embeds their titles. */
const PRODUCTS = makeProducts(300, 2).map((product) => ({ ...product, vector: undefined }));

describe.skipIf(reason !== undefined)(
  `the topology of docker-compose.yml${reason === undefined ? '' : ` (${reason})`}`,
  () => {
    let topology: Topology;
    beforeAll(async () => {
      topology = await Topology.start();
      const rows = PRODUCTS.map((product) => JSON.stringify(product)).join('\n');
      const { status, json } = await send('/products?wait=searchable', rows);
      expect([status, json], topology.logs).toEqual([
        200,
        expect.objectContaining({ searchable: true }),
      ]);
    }, 90_000);
    afterAll(async () => {
      const codes = await topology.stop();
      // Orderly stops, but for those that a test killed.
      const others = [...codes].filter(([, code]) => code !== 0 && code !== null);
      expect(others, topology.logs).toEqual([]);
    });

    interface Answer {
      status: number;
      retryAfter: string | null;
      json: { hits?: { id: string; score: number }[]; partial?: unknown; searchable?: boolean };
    }

    /** A text is sent as NDJSON, all else as JSON. */
    async function send(path: string, body: unknown, url = topology.url): Promise<Answer> {
      const isRows = typeof body === 'string';
      const answer = await fetch(url + path, {
        method: 'POST',
        headers: { 'content-type': isRows ? 'application/x-ndjson' : 'application/json' },
        body: isRows ? body : JSON.stringify(body),
        signal: AbortSignal.timeout(40_000),
      });
      const json = (await answer.json()) as Answer['json'];
      return { status: answer.status, retryAfter: answer.headers.get('retry-after'), json };
    }

    const everything = { mode: 'vector', query: 'Product 7', exact: true, top_k: 300, fields: [] };
    const idsAndScores = async (url?: string): Promise<unknown> => {
      const { status, json } = await send('/search/text', everything, url);
      expect([status, json.partial]).toEqual([200, null]);
      expect(json.hits).toHaveLength(300);
      return json.hits;
    };

    /** Until the whole catalogue is found again through nginx. */
    async function untilWhole(): Promise<void> {
      await expect
        .poll(
          async () => {
            const { status, json } = await send('/search/text', everything);
            return [status, json.partial, json.hits?.length];
          },
          { timeout: 40_000, interval: 100 },
        )
        .toEqual([200, null, 300]);
    }

    test('every query node gives the same answer, over all shards', async () => {
      const throughNginx = await idsAndScores();
      for (const name of topology.names('query-node')) {
        expect(await idsAndScores(topology.urlOf(name))).toEqual(throughNginx);
        const shardsWithRows = async (): Promise<string[]> => {
          const stats = (await (await fetch(`${topology.urlOf(name)}/stats`)).json()) as {
            shards: { name: string; documents: number }[];
          };
          return stats.shards.flatMap((shard) => (shard.documents > 0 ? [shard.name] : []));
        };
        // Its figures are a second old.
        await expect.poll(shardsWithRows).toEqual(['s1', 's2', 's3', 's4']);
      }
    });

    test('one query node killed, another drained under load: no read fails, and of the writes those in flight at most', async () => {
      for (const name of topology.names('query-node')) {
        for (const query of QUERIES) await send('/search/text', { query }, topology.urlOf(name));
      }
      const load = new TopologyLoad(topology.url, PRODUCTS as never, 6, WRITERS);
      await load.more(60);
      await topology.end('query-1', 'SIGKILL');
      await load.more(60);
      const drained = topology.end('query-2', 'SIGTERM');
      const readyz = (): Promise<number | undefined> =>
        fetch(`${topology.urlOf('query-2')}/readyz`).then(
          ({ status }) => status,
          () => undefined,
        );
      // It says so while it still answers.
      await expect.poll(readyz, { interval: 5 }).toBe(503);
      expect(await drained).toBe(0);
      await load.more(60);
      const { failed } = await load.stop();
      expect(failed.filter(({ kind }) => kind === 'read')).toEqual([]);
      expect(failed.length, JSON.stringify(failed)).toBeLessThanOrEqual(WRITERS);
      await topology.restart('query-1');
      await topology.restart('query-2');
      await Promise.all([topology.untilReady('query-1'), topology.untilReady('query-2')]);
    });

    test('Redis, a query node and a shard frozen one after the other under load, a shard killed: no read fails', async () => {
      const load = new TopologyLoad(topology.url, PRODUCTS as never, 6, WRITERS);
      await load.more(60);
      topology.redis.signal('SIGSTOP');
      await load.more(120);
      topology.redis.signal('SIGCONT');
      await topology.redis.kill();
      await load.more(60);
      await topology.redis.restart();
      await load.more(60);
      for (const name of ['shard-2', 'query-3']) {
        topology.signal(name, 'SIGSTOP');
        await load.more(120);
        topology.signal(name, 'SIGCONT');
        await load.more(30);
      }
      await untilWhole();
      await topology.end('shard-4', 'SIGKILL');
      await load.more(120);
      await topology.restart('shard-4');
      const { failed } = await load.stop();
      expect(failed.filter(({ kind }) => kind === 'read')).toEqual([]);
      expect(failed.length, JSON.stringify(failed)).toBeLessThanOrEqual(2 * WRITERS);
      await untilWhole();
    });

    test.skipIf(HAPROXY === undefined)(
      'HAProxy in the place of nginx: no read fails while nodes are killed and drained, over HTTP/2 and TLS as well (needs haproxy)',
      async () => {
        const [port, tlsPort] = (await freePorts(2)) as [number, number];
        const place = { dir: join(topology.dir, 'haproxy'), port, tlsPort };
        const files = localHaproxyFiles({ ...place, addressOf: topology.addressOf });
        const url = `http://127.0.0.1:${port}`;
        const stop = await startHaproxy(files, url);
        try {
          expect(await idsAndScores(url)).toEqual(await idsAndScores());
          const load = new TopologyLoad(url, PRODUCTS as never, 6, WRITERS);
          await load.more(60);
          await topology.end('query-1', 'SIGKILL');
          await load.more(60);
          // It is told by /readyz before the node is gone: not even writes fail.
          expect(await topology.end('query-2', 'SIGTERM')).toBe(0);
          await load.more(60);
          const { failed } = await load.stop();
          expect(failed.filter(({ kind }) => kind === 'read')).toEqual([]);
          expect(failed.length, JSON.stringify(failed)).toBeLessThanOrEqual(WRITERS);

          // The last writes are still on their way to the shards.
          await untilWhole();
          const over = await overHttp2(url, {});
          expect(over).toMatchObject({ status: 200, partial: null, hits: 300, strict: undefined });
          const tls = await overHttp2(`https://127.0.0.1:${tlsPort}`, {
            rejectUnauthorized: false,
          });
          expect(tls).toEqual({ ...over, protocol: 'TLSv1.3', strict: 'max-age=31536000' });
        } finally {
          await stop();
        }
        for (const name of ['query-1', 'query-2']) {
          await topology.restart(name);
          await topology.untilReady(name);
        }
      },
    );

    const protocolOf = (socket: Socket | TLSSocket): string | null => {
      return (socket as TLSSocket).getProtocol();
    };

    /** The search for everything as one HTTP/2 request. */
    async function overHttp2(url: string, options: SecureClientSessionOptions) {
      const session = connect(url, options);
      try {
        const stream = session.request({
          ...{ ':method': 'POST', ':path': '/search/text' },
          'content-type': 'application/json',
        });
        stream.end(JSON.stringify(everything));
        const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders];
        const json = JSON.parse(await text(stream)) as Answer['json'];
        return {
          status: headers[':status'],
          strict: headers['strict-transport-security'],
          protocol: session.encrypted === true ? protocolOf(session.socket) : undefined,
          hits: json.hits?.length,
          partial: json.partial,
        };
      } finally {
        session.close();
      }
    }

    test('a shard that comes back at another address is found there', async () => {
      await topology.end('shard-1', 'SIGTERM');
      const { status, json } = await send('/search/text', everything);
      // Another one has all that it has.
      expect([status, json.partial]).toEqual([200, null]);
      const others = ['shard-2', 'shard-3'];
      for (const name of others) await topology.end(name, 'SIGTERM');
      const { json: less } = await send('/search/text', everything);
      expect(less.partial).toMatchObject({ missing: expect.any(Array) as unknown });
      for (const name of ['shard-1', ...others]) await topology.restart(name);
      await untilWhole();
    });

    test.skipIf(MONGODB_URL !== undefined)(
      'the store stopped and started again: nothing hangs, all heals (needs a server of its own: no MONGODB_URL)',
      async () => {
        const pids = [...topology.services.values()].map((service) => service.process.pid);
        await topology.mongo?.kill();
        const asked = { query: 'Product 7', timeout_ms: 1_000 };
        for (const [path, body] of [
          ['/search/text', asked],
          ['/search/text', { ...asked, filter: { price: { lte: 1_000 } } }],
          ['/products', PRODUCTS[0]],
        ] as const) {
          const { status, retryAfter, json } = await send(path, body);
          // A search whose own time ran out before the driver gave up is 504.
          const isLate = path === '/search/text' && status === 504;
          expect([path, status, retryAfter, json]).toEqual([
            path,
            isLate ? 504 : 503,
            isLate ? null : '1',
            {
              error: expect.objectContaining({
                code: isLate ? 'deadline_exceeded' : 'unavailable',
              }) as unknown,
            },
          ]);
        }
        await topology.mongo?.restart();
        await untilWhole();
        const { json } = await send('/products?wait=searchable', { ...PRODUCTS[0], price: 7 });
        expect(json.searchable).toBe(true);
        const after = [...topology.services.values()].map((service) => service.process.pid);
        expect(after).toEqual(pids);
      },
    );
  },
);
