import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLogger, type Logger } from '../../src/core/logger.js';
import { EdgePurge } from '../../src/http/edge-purge.js';

const silent = createLogger('silent', 'test');
let isBehind = false;
let purge: EdgePurge;

interface Asked {
  url: string;
  atMs: number;
}

/** An edge that answers `status`, or never. */
function open(status: number | 'never' = 200, logger: Logger = silent): Asked[] {
  const asked: Asked[] = [];
  purge = new EdgePurge({
    ...{ url: 'http://edge/purge/{tenant}', logger, isBehind: () => isBehind },
    aliasesOf: async (tenant) => (tenant === 'shop' ? ['spring', 'summer'] : []),
    send: async (url, signal) => {
      asked.push({ url: url.replace('http://edge/purge/', ''), atMs: performance.now() });
      if (status !== 'never') return status;
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      });
    },
  });
  return asked;
}

/** When the edge heard of a tenant, to a tenth of a second. */
const timesOf = (asked: readonly Asked[], tenant: string): number[] =>
  asked.filter(({ url }) => url === tenant).map(({ atMs }) => Math.floor(atMs / 100) / 10);

describe('on a virtual clock', () => {
  beforeEach(() => {
    isBehind = false;
    vi.useFakeTimers({ now: 0, toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(async () => {
    await purge.close();
    vi.useRealTimers();
  });

  test('a change is told at once, and once more when it has settled', async () => {
    const asked = open();
    purge.changed('a');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(timesOf(asked, 'a')).toEqual([0, 2]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a tenant that goes on changing is told of once a second', async () => {
    const asked = open();
    for (let i = 0; i < 50; i++) {
      purge.changed('a');
      purge.changed('b');
      await vi.advanceTimersByTimeAsync(100);
    }
    await vi.advanceTimersByTimeAsync(10_000);
    for (const tenant of ['a', 'b']) {
      const times = timesOf(asked, tenant);
      const pauses = times.slice(1).map((time, i) => time - (times[i] as number));
      expect(Math.min(...pauses)).toBeGreaterThanOrEqual(1);
      // Five while it changed, one for the last changes, one when all had settled.
      expect(times.length).toBe(7);
      expect(times.at(-1)).toBeGreaterThanOrEqual(6.9);
    }
  });

  test('shards that lag are waited for, but not for ever', async () => {
    const asked = open();
    isBehind = true;
    purge.changed('a');
    await vi.advanceTimersByTimeAsync(29_950);
    isBehind = false;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(timesOf(asked, 'a')).toEqual([0, 30]);
    isBehind = true;
    purge.changed('b');
    await vi.advanceTimersByTimeAsync(120_000);
    expect(timesOf(asked, 'b')).toHaveLength(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('each alias of a tenant is another name at the edge', async () => {
    const asked = open();
    purge.changed('shop');
    await vi.advanceTimersByTimeAsync(100);
    expect(asked.map(({ url }) => url)).toEqual(['shop', 'spring', 'summer']);
  });

  test('an edge that hangs is given up after two seconds, and holds up at most sixteen calls', async () => {
    const logger = createLogger('silent', 'test');
    const warn = vi.spyOn(logger, 'warn');
    const asked = open('never', logger);
    for (let i = 0; i < 40; i++) purge.changed(`t${i}`);
    await vi.advanceTimersByTimeAsync(1_900);
    expect(asked).toHaveLength(16);
    expect(warn).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(200);
    expect(warn).toHaveBeenCalledTimes(16);
    // Those that were not told of yet come first.
    expect(new Set(asked.map(({ url }) => url)).size).toBe(32);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveLength(80);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a refusal is logged, and nothing else comes of it', async () => {
    const logger = createLogger('silent', 'test');
    const warn = vi.spyOn(logger, 'warn');
    open(405, logger);
    purge.changed('a');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(warn.mock.calls.map(([said]) => said)).toEqual([
      { tenant: 'a', status: 405 },
      { tenant: 'a', status: 405 },
    ]);
  });

  test('at most 10,000 tenants wait; one more is not told of, which is said once', async () => {
    const logger = createLogger('silent', 'test');
    const warn = vi.spyOn(logger, 'warn');
    const asked = open(200, logger);
    for (let i = 0; i < 10_010; i++) purge.changed(`t${i}`);
    purge.changed('t0');
    expect(warn).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(65_000);
    expect(new Set(asked.map(({ url }) => url)).size).toBe(10_000);
    expect(asked.filter(({ url }) => url === 't10000')).toEqual([]);
  });

  test('after the end nothing is told, and nothing is waited for', async () => {
    const asked = open('never');
    purge.changed('a');
    await vi.advanceTimersByTimeAsync(100);
    await purge.close();
    purge.changed('b');
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(timesOf(asked, 'a')).toEqual([0]);
    expect(timesOf(asked, 'b')).toEqual([]);
  });
});

test('the edge is asked by HTTP, with the method PURGE', async () => {
  const server = createServer((_, reply) => reply.end('done')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  purge = new EdgePurge({
    ...{ url: `http://127.0.0.1:${port}/purge?of={tenant}`, logger: silent },
    ...{ isBehind: () => false, aliasesOf: async () => [] },
  });
  purge.changed('a-b_1');
  const [request] = (await once(server, 'request')) as [IncomingMessage];
  expect([request.method, request.url]).toEqual(['PURGE', '/purge?of=a-b_1']);
  await purge.close();
  server.closeAllConnections();
  server.close();
});
