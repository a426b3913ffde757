import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import {
  createServer,
  request,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer, json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openHttp, type HttpHarness } from './harness.js';
import { urlsOf } from './routes.js';

type Options = Parameters<typeof openHttp>[0];

const PRODUCT = { id: '1', title: 'x', category: 'Mice' };
const JSON_TYPE = { 'content-type': 'application/json' };
const NDJSON_TYPE = { 'content-type': 'application/x-ndjson' };
/** Of a body, and of an answer, that is larger than all buffers on its way. */
const LINES = 50_000;
const LINE = Buffer.from(`${JSON.stringify({ ...PRODUCT, description: 'x'.repeat(400) })}\n`);
/** What may be on its way at most: buffers of sockets and streams. */
const MAX_UNDER_WAY = 4 * 1024 * 1024;

let dir: string;
const open: HttpHarness[] = [];
let upstreams: Server[] = [];
let writer: Awaited<ReturnType<typeof startWriter>>;
let reader: Awaited<ReturnType<typeof startReader>>;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'omnisearch-forward-'));
  writer = await startWriter();
  reader = await startReader();
});
beforeEach(() => {
  reader.forwardTo(writer.path);
  reader.written.length = 0;
});
afterEach(() => {
  for (const upstream of upstreams) {
    upstream.closeAllConnections();
    upstream.close();
  }
  upstreams = [];
});
afterAll(async () => {
  for (const node of open) await node.close();
  rmSync(dir, { recursive: true, force: true });
});

async function start(options: Options = {}): Promise<HttpHarness> {
  const node = await openHttp(options);
  open.push(node);
  return node;
}

/** A node that writes, on a socket of its own. */
async function startWriter(options: Options = {}): Promise<{ node: HttpHarness; path: string }> {
  const node = await start(options);
  const path = join(dir, `writer-${open.length}.sock`);
  await node.server.listen({ path });
  return { node, path };
}

/** One that only reads, and its socket. */
async function startReader(options: Options = {}, patienceMs = 0) {
  const written: string[] = [];
  let places: string[] = [];
  const forwardTo = (...paths: string[]): void => void (places = paths);
  const node = await start({
    ...options,
    writers: {
      places: () => places.map((place) => ({ path: place })),
      patienceMs,
      written: async (tenants, route) => void written.push(`${tenants.join()} ${route}`),
    },
  });
  const path = join(dir, `reader-${open.length}.sock`);
  await node.server.listen({ path });
  return { node, path, written, forwardTo };
}

/** A program in the place of a node that writes. */
async function startUpstream(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  upstreams.push(server);
  const path = join(dir, `upstream-${upstreams.length}.sock`);
  server.listen(path);
  await once(server, 'listening');
  return path;
}

interface Sent {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  body?: string | Buffer | Readable;
}

async function send(socketPath: string, sent: Sent): Promise<IncomingMessage> {
  const { method = 'POST', path = '/products', headers = JSON_TYPE, body } = sent;
  const asked = request({ socketPath, method, path, headers });
  const answered = once(asked, 'response');
  if (body instanceof Readable) body.pipe(asked);
  else asked.end(body);
  const [reply] = (await answered) as [IncomingMessage];
  return reply;
}

interface ErrorReply {
  error: { code: string; message: string; request_id: string };
}

const errorOf = async (reply: IncomingMessage) => ((await json(reply)) as ErrorReply).error;

function lines(count = LINES, onLine: () => void = () => undefined): Readable {
  let left = count;
  return new Readable({
    read() {
      onLine();
      this.push(left-- > 0 ? LINE : null);
    },
  });
}

test('a write is answered by the node that writes, a search by the one that was asked', async () => {
  const reply = await send(reader.path, { body: JSON.stringify(PRODUCT) });
  expect(reply.statusCode).toBe(200);
  expect(await json(reply)).toMatchObject({ accepted: 1 });
  expect(reader.written).toEqual(['default /products']);
  const found = async (node: HttpHarness): Promise<number> =>
    (await node.send('GET', '/products/1')).statusCode;
  expect([await found(writer.node), await found(reader.node)]).toEqual([200, 404]);
  await reader.node.send('POST', '/search/text', { query: 'x' });
  expect([writer.node.search.seen.length, reader.node.search.seen.length]).toEqual([0, 1]);
  const gone = await send(reader.path, { method: 'DELETE', path: '/products/1', headers: {} });
  expect([gone.statusCode, await found(writer.node)]).toEqual([200, 404]);
});

test('an error of the node that writes comes through as it is', async () => {
  const reply = await send(reader.path, { body: '[]' });
  const direct = await send(writer.path, { body: '[]' });
  expect(reply.statusCode).toBe(400);
  const names = ({ headers }: IncomingMessage) => Object.keys(headers).sort();
  expect(names(reply)).toEqual(names(direct));
  const error = await errorOf(reply);
  expect(error).toMatchObject({ code: 'invalid_field' });
  expect(reply.headers['x-request-id']).toBe(error.request_id);
});

test('a compressed body goes on as it is', async () => {
  const headers = { ...JSON_TYPE, 'content-encoding': 'gzip' };
  const reply = await send(reader.path, { headers, body: gzipSync(JSON.stringify(PRODUCT)) });
  expect(await json(reply)).toMatchObject({ accepted: 1 });
});

test('50,000 lines of NDJSON are stored, each once', async () => {
  const rows = Readable.from(
    (function* () {
      for (let i = 0; i < LINES; i++) yield `{"op":"delete","id":"${i}"}\n`;
    })(),
  );
  const reply = await send(reader.path, { headers: NDJSON_TYPE, body: rows });
  expect(await json(reply)).toMatchObject({ accepted: LINES, rejected_count: 0 });
}, 60_000);

test('a sender waits for a node that does not read, and then all arrives as it was sent', async () => {
  let go: () => void = () => undefined;
  const going = new Promise<void>((resolve) => (go = resolve));
  const answer = async (asked: IncomingMessage, reply: ServerResponse): Promise<void> => {
    await going;
    const body = await buffer(asked);
    reply.end(JSON.stringify({ bytes: body.length, last: body.subarray(-LINE.length).toString() }));
  };
  const upstream = await startUpstream((asked, reply) => void answer(asked, reply));
  reader.forwardTo(upstream);
  let read = 0;
  const body = lines(LINES, () => (read += 1));
  const replied = send(reader.path, { headers: NDJSON_TYPE, body });
  await untilStill(() => read);
  expect(read * LINE.length).toBeLessThan(MAX_UNDER_WAY);
  go();
  expect(await json(await replied)).toEqual({ bytes: LINES * LINE.length, last: LINE.toString() });
});

test('an answer waits for its reader, and then arrives as it was sent', async () => {
  let written = 0;
  const upstream = await startUpstream((_, reply) => {
    lines(LINES, () => (written += 1)).pipe(reply);
  });
  reader.forwardTo(upstream);
  const reply = await send(reader.path, { body: '{}' });
  await untilStill(() => written);
  expect(written * LINE.length).toBeLessThan(MAX_UNDER_WAY);
  expect((await buffer(reply)).length).toBe(LINES * LINE.length);
});

async function untilStill(value: () => number): Promise<void> {
  for (let last = -1; last !== value() || last === 0;) {
    last = value();
    await sleep(200);
  }
}

test('who goes away midway ends what was asked of the node that writes', async () => {
  let ended: () => void = () => undefined;
  const upstreamEnded = new Promise<void>((resolve) => (ended = resolve));
  let begun: () => void = () => undefined;
  const upstreamBegun = new Promise<void>((resolve) => (begun = resolve));
  const upstream = await startUpstream((asked) => {
    asked.once('data', begun);
    asked.on('error', () => undefined).once('close', ended);
  });
  reader.forwardTo(upstream);
  const asked = request({ socketPath: reader.path, method: 'POST', path: '/products' });
  asked.on('error', () => undefined).setHeader('content-type', 'application/x-ndjson');
  asked.write(LINE);
  await upstreamBegun;
  asked.destroy();
  await upstreamEnded;
});

test('a node that dies before it answers is a 503 that says so, one that dies midway a broken answer', async () => {
  const dying = await startUpstream((asked) => {
    asked.once('data', () => asked.socket.destroy());
  });
  reader.forwardTo(dying);
  const reply = await send(reader.path, { headers: NDJSON_TYPE, body: lines(1_000) });
  expect([reply.statusCode, reply.headers['retry-after']]).toEqual([503, '1']);
  const error = await errorOf(reply);
  expect(error.code).toBe('unavailable');
  expect(error.message).toContain('some of it may be stored');

  const midway = await startUpstream((_, answer) => {
    answer.writeHead(200, { 'content-length': '100' });
    answer.write('half', () => answer.destroy());
  });
  reader.forwardTo(midway);
  const broken = await send(reader.path, { body: '{}' });
  await expect(buffer(broken)).rejects.toThrow('aborted');
});

test('one that restarts is waited for: the write is answered once it is back', async () => {
  const patient = await startReader({}, 60_000);
  const path = join(dir, 'restarting.sock');
  patient.forwardTo(path);
  const sent = send(patient.path, { body: JSON.stringify(PRODUCT) });
  await sleep(100);
  const node = await start({});
  await node.server.listen({ path });
  expect((await sent).statusCode).toBe(200);
});

test('with nobody to write it is a 503 at once; of several the next one is asked', async () => {
  const nobody = join(dir, 'nobody.sock');
  for (const places of [[], [nobody]]) {
    reader.forwardTo(...places);
    const reply = await send(reader.path, { body: JSON.stringify(PRODUCT) });
    expect([reply.statusCode, reply.headers['retry-after']]).toEqual([503, '1']);
    expect(await errorOf(reply)).toMatchObject({
      code: 'unavailable',
      message: 'no query node that writes can be reached',
    });
    expect((await reader.node.send('POST', '/search/text', { query: 'x' })).statusCode).toBe(200);
  }
  reader.forwardTo(nobody, writer.path);
  expect((await send(reader.path, { body: JSON.stringify(PRODUCT) })).statusCode).toBe(200);
});

test('nodes that only read do not forward to each other for ever', async () => {
  const other = await startReader();
  other.forwardTo(reader.path);
  reader.forwardTo(other.path);
  const reply = await send(reader.path, { body: JSON.stringify(PRODUCT) });
  expect(reply.statusCode).toBe(503);
  expect((await errorOf(reply)).message).toContain('WRITE_URL');
});

test('keys are asked for by both', async () => {
  const { path } = await startWriter({ apiKey: 'writer' });
  const strict = await startReader({ apiKey: 'reader' });
  strict.forwardTo(path);
  reader.forwardTo(path);
  const body = JSON.stringify(PRODUCT);
  const statusWith = async (to: string, key: string): Promise<number | undefined> => {
    const headers = { ...JSON_TYPE, authorization: `Bearer ${key}` };
    return (await send(to, { headers, body })).statusCode;
  };
  expect(await statusWith(strict.path, 'writer')).toBe(401);
  expect(await statusWith(strict.path, 'reader')).toBe(401);
  expect(await statusWith(reader.path, 'nothing')).toBe(401);
  expect(await statusWith(reader.path, 'writer')).toBe(200);
  expect(strict.written).toEqual(['default /products']);
});

test('what is answered before its body has come does not hold up the connection', async () => {
  const upstream = await startUpstream((_, reply) => {
    reply.writeHead(413, { connection: 'close' }).end('{}');
  });
  reader.forwardTo(upstream);
  const reply = await send(reader.path, { headers: NDJSON_TYPE, body: lines(20_000) });
  expect(reply.statusCode).toBe(413);
  await buffer(reply);
  expect((await send(reader.path, { body: '{}' })).statusCode).toBe(413);
});

test('a node that leaves says so with what it forwards, too', async () => {
  const leaving = await startReader();
  leaving.forwardTo(writer.path);
  leaving.node.server.leave();
  const reply = await send(leaving.path, { body: JSON.stringify(PRODUCT) });
  expect([reply.statusCode, reply.headers.connection]).toEqual([200, 'close']);
});

describe('each route', () => {
  const READS = [
    'POST /algolia/1/indexes/:index/facets/:facet/query',
    'POST /algolia/1/indexes/:index/queries',
    'POST /algolia/1/indexes/:index/query',
    'POST /events',
    'POST /rules/preview',
    'POST /search/batch',
    'POST /search/similar',
    'POST /search/text',
    'POST /search/vector',
    'POST /typesense/multi_search',
  ];
  const WRITES = [
    'DELETE /admin/nodes/:name/drain',
    'DELETE /aliases/:name',
    'DELETE /keys/:id',
    'DELETE /plans/:name',
    'DELETE /price-lists/:name',
    'DELETE /products/:id',
    'DELETE /rules/:id',
    'DELETE /synonyms/:id',
    'DELETE /tenants/:id',
    'DELETE /typesense/aliases/:alias',
    'DELETE /typesense/collections/:collection',
    'DELETE /typesense/collections/:collection/documents',
    'DELETE /typesense/collections/:collection/documents/:id',
    'DELETE /typesense/keys/:id',
    'PATCH /keys/:id',
    'PATCH /products/:id',
    'PATCH /typesense/collections/:collection',
    'PATCH /typesense/collections/:collection/documents',
    'PATCH /typesense/collections/:collection/documents/:id',
    'POST /admin/export/taken',
    'POST /admin/import/products',
    'POST /admin/import/records',
    'POST /admin/import/settle',
    'POST /admin/nodes/:name/drain',
    'POST /admin/placement/apply',
    'POST /admin/placement/merge',
    'POST /admin/placement/move',
    'POST /admin/placement/pin',
    'POST /admin/placement/split',
    'POST /admin/rollback',
    'POST /imports',
    'POST /imports/:id/cancel',
    'POST /imports/:id/confirm',
    'POST /imports/:id/retry',
    'POST /keys',
    'POST /keys/:id/rotate',
    'POST /products',
    'POST /products/:id/restore',
    'POST /tenants/:id/import',
    'POST /typesense/collections',
    'POST /typesense/collections/:collection/documents',
    'POST /typesense/collections/:collection/documents/import',
    'POST /typesense/keys',
    'PUT /admin/handover',
    'PUT /admin/store',
    'PUT /aliases/:name',
    'PUT /plans/:name',
    'PUT /price-lists/:name',
    'PUT /rules/:id',
    'PUT /settings',
    'PUT /synonyms/:id',
    'PUT /tenants/:id',
    'PUT /typesense/aliases/:alias',
  ];

  test('is known to write or not: by method, and for some POST by name', async () => {
    reader.forwardTo();
    const { app } = reader.node.server;
    const reads: string[] = [];
    const writes: string[] = [];
    for (const url of urlsOf(app)) {
      const { allow = 'GET' } = (await app.inject({ method: 'TRACE', url })).headers;
      for (const method of allow.split(', ')) {
        const asked = { method: method as 'POST', url, headers: JSON_TYPE, payload: '{}' };
        const { body } = await app.inject(asked);
        const isForwarded = body.includes('no query node that writes can be reached');
        if (isForwarded) writes.push(`${method} ${url}`);
        else if (!['GET', 'HEAD'].includes(method)) reads.push(`${method} ${url}`);
      }
    }
    expect(reads.sort()).toEqual(READS);
    expect(writes.sort()).toEqual(WRITES);
  });
});
