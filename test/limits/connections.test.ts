import { afterEach, describe, expect, test, vi } from 'vitest';
import { allowedHosts } from '../../src/http/access.js';
import { openHttp, type HttpHarness } from '../http/harness.js';
import { jsonRequest, RawConnection } from './raw-http.js';

let node: HttpHarness;
const open: RawConnection[] = [];

afterEach(async () => {
  for (const connection of open.splice(0)) connection.destroy();
  await node.close();
});

async function start(options: Parameters<typeof openHttp>[0]): Promise<number> {
  node = await openHttp(options);
  return node.server.listen({ port: 0, host: '127.0.0.1' });
}

async function connectTo(port: number): Promise<RawConnection> {
  const connection = await RawConnection.open(port);
  open.push(connection);
  return connection;
}

const search = jsonRequest('/search/text', { query: 'x' });
const isAnswered = (text: string) => text.includes('"partial":null,"query_id"');

test('2,000 pipelined searches on one connection never hold more than its share of places', async () => {
  const port = await start({});
  let inFlight = 0;
  let most = 0;
  const answer = node.search.search.bind(node.search);
  node.search.search = async (request, context) => {
    most = Math.max(most, ++inFlight);
    await new Promise((resolve) => setTimeout(resolve, 1));
    inFlight -= 1;
    return answer(request, context);
  };
  const pipe = await connectTo(port);
  const replies = pipe.read((text) => text.split('HTTP/1.1 ').length > 2_000);
  pipe.send(search.repeat(2_000));
  expect((await node.send('POST', '/search/text', { query: 'other' })).statusCode).toBe(200);
  const statuses = (await replies).match(/HTTP\/1\.1 \d+/g) ?? [];
  expect(statuses).toHaveLength(2_000);
  expect(new Set(statuses)).toEqual(new Set(['HTTP/1.1 200', 'HTTP/1.1 503']));
  expect(most).toBeLessThanOrEqual(33);
});

test('past MAX_CONNECTIONS the one that was idle longest makes room', async () => {
  const port = await start({ limits: { maxConnections: 3 } });
  const [first, second, third] = [
    await connectTo(port),
    await connectTo(port),
    await connectTo(port),
  ];
  first.send(search);
  await first.read(isAnswered);
  // The second has been idle longest: the first has just been of use.
  const fourth = await connectTo(port);
  await second.closed;
  fourth.send(search);
  expect(await fourth.read(isAnswered)).toContain('HTTP/1.1 200');
  expect(first.socket.destroyed || third.socket.destroyed).toBe(false);
});

test('where no connection is idle a further one is told so', async () => {
  const port = await start({ limits: { maxConnections: 2 } });
  node.search.hold = new Promise(() => undefined);
  for (let i = 0; i < 2; i++) (await connectTo(port)).send(search);
  await vi.waitUntil(() => node.search.seen.length === 2, { timeout: 30_000 });
  const further = await connectTo(port);
  const refusal = await further.read();
  expect(refusal).toContain('HTTP/1.1 503');
  expect(refusal).toContain('"code":"overloaded"');
});

test('more than 1,000 headers are refused: none is left out', async () => {
  const port = await start({});
  const made = { id: 'p', title: 't', category: 'c' };
  await node.send('POST', '/products', made, { 'x-omnisearch-tenant': 'shop' });
  const headers = (count: number) => 'a: b\r\n'.repeat(count);
  const request = (count: number) =>
    search.replace('host:', `${headers(count)}host:`).replace('tenant: default', 'tenant: shop');
  const refused = await connectTo(port);
  refused.send(request(1_000));
  const reply = await refused.read((text) => text.includes('}}'));
  expect(reply).toContain('HTTP/1.1 431');
  expect(reply).toContain('"code":"too_large"');
  const taken = await connectTo(port);
  taken.send(request(990));
  await taken.read(isAnswered);
  expect(node.search.seen.map(({ tenant }) => tenant)).toEqual(['shop']);
});

describe('the name that a request is addressed to', () => {
  test.each(['localhost', 'LOCALHOST:8080', '127.0.0.1:1', '[::1]:8080', 'shop.test'])(
    '%s is taken',
    async (host) => {
      node = await openHttp({ allowedHosts: allowedHosts('127.0.0.1', ['shop.test'], true)! });
      const reply = await node.send('POST', '/search/text', { query: 'x' }, { host });
      expect(reply.statusCode).toBe(200);
    },
  );

  test('another is refused on every page but the probes', async () => {
    node = await openHttp({ allowedHosts: allowedHosts('127.0.0.1', [], true)! });
    const host = { host: 'evil.test' };
    for (const url of ['/', '/stats', '/metrics', '/products/x', '/categories']) {
      const reply = await node.send('GET', url, undefined, host);
      expect(reply.statusCode, url).toBe(400);
      expect(reply.json().error).toMatchObject({ code: 'invalid_field', field: 'Host' });
    }
    expect((await node.send('GET', '/livez', undefined, host)).statusCode).toBe(200);
  });

  test('is asked for where no key is, or names are given', () => {
    expect(allowedHosts('0.0.0.0', [], false)).toBeUndefined();
    expect(allowedHosts('0.0.0.0', ['Shop.test'], false)).toContain('shop.test');
    expect(allowedHosts('127.0.0.1', [], true)).toContain('127.0.0.1');
    node.close = async () => undefined;
  });
});
