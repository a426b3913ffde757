import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { OmniError } from '../../src/core/errors.js';
import {
  openRemoteFile,
  type RemoteFileRequest,
  type Resolve,
} from '../../src/jobs/remote-file.js';
import { RemoteHosts } from '../../src/jobs/remote-hosts.js';

const SECRET = 'what stands behind the wall';
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function listen(answer: RequestListener): Promise<{ port: number; asked: () => number }> {
  let asked = 0;
  const server = createServer((request, reply) => {
    asked += 1;
    answer(request, reply);
  });
  return { port: await portOf(server), asked: () => asked };
}

async function portOf(server: Server | ReturnType<typeof createTcpServer>): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => {
    if ('closeAllConnections' in server) server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return (server.address() as AddressInfo).port;
}

/** Names as a hostile (or just a private) name server gives them. */
const NAMES: Record<string, string[]> = {
  'private.example': ['10.0.0.7'],
  'loopback.example': ['127.0.0.1'],
  'mapped.example': ['::ffff:192.168.1.1'],
  'nat64.example': ['64:ff9b::a9fe:a9fe'],
  'both.example': ['93.184.215.14', '169.254.169.254'],
  'ula.example': ['fd00:ec2::254'],
  'nothing.example': [],
  localhost: ['127.0.0.1', '::1'],
  'metadata.google.internal': ['169.254.169.254'],
};
const resolve: Resolve = (name) =>
  Promise.resolve(
    (NAMES[name] ?? [name]).map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
  );

function request(url: string, hosts: string, more: Partial<RemoteFileRequest> = {}) {
  const bounds = { maxBytes: 1_000_000, timeoutMs: 10_000 };
  return { url, hosts: new RemoteHosts(hosts), ...bounds, ...more };
}

async function read(asked: RemoteFileRequest): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of await openRemoteFile(asked)) parts.push(part);
  return Buffer.concat(parts).toString();
}

async function failure(asked: RemoteFileRequest): Promise<OmniError> {
  const error: unknown = await read(asked).then(
    () => new Error('it was read'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OmniError);
  const shown = JSON.stringify([error, (error as OmniError).message, (error as OmniError).cause]);
  expect(shown).not.toContain(SECRET);
  expect(error).toMatchObject({ field: 'url' });
  return error as OmniError;
}

const ANY = '*,http://*,*:8443';

describe('URLs that lead where they may not', () => {
  test.each([
    // In every spelling of an address
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0177.0.0.1/',
    'https://127.1/',
    'https://0/',
    'https://１２７.０.０.１/',
    'https://127。0。0。1/',
    'https://%31%32%37.0.0.1/',
    'https://10.0.0.1/',
    'https://172.31.255.255/',
    'https://192.168.0.1/',
    'https://100.100.100.200/',
    'http://169.254.169.254/latest/meta-data/',
    'https://192.0.0.192/',
    'http://168.63.129.16/machine/',
    'https://198.18.0.1/',
    'https://224.0.0.1/',
    'https://255.255.255.255/',
    'https://[::1]/',
    'https://[::]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:a00:1]/',
    'https://[::127.0.0.1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[64:ff9b:1::a00:1]/',
    'https://[2002:7f00:1::]/',
    'https://[2001:0:53aa:64c:0:0:f5ff:fffe]/',
    'https://[fe80::1]/',
    'https://[fe80::1%25eth0]/',
    'https://[fec0::1]/',
    'https://[fd00:ec2::254]/',
    'https://[ff02::1]/',
    // Names of such addresses
    'https://localhost/',
    'https://loopback.example/',
    'https://private.example/',
    'https://mapped.example/',
    'https://nat64.example/',
    'https://both.example/',
    'https://ula.example/',
    'https://nothing.example/',
    'https://metadata.google.internal/',
    'https://loopback.example./',
    'https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/',
    // What is no plain URL of the web
    'https://feeds.example@127.0.0.1/',
    'https://user:word@93.184.215.14/',
    'https://93.184.215.14:22/',
    'https://93.184.215.14:0/',
    'https:\\\\127.0.0.1\\',
    'https:/127.0.0.1/',
    'https://93.184.215.14\t/',
    'https://feeds.example\\@127.0.0.1/',
    ' https://93.184.215.14/',
    'ftp://93.184.215.14/',
    'file:///etc/passwd',
    'data:text/plain,a',
    'gopher://127.0.0.1:6379/_INFO',
    'unix:/run/docker.sock',
    '//93.184.215.14/',
    '',
    `https://93.184.215.14/${'a'.repeat(2_048)}`,
  ])('%s', async (url) => {
    expect(await failure(request(url, ANY, { resolve }))).toMatchObject({ code: 'invalid_field' });
  });

  test.each([
    ['nothing is allowed unless it is said', 'https://feeds.example/', undefined],
    ['another host', 'https://evil.example/', 'feeds.example'],
    ['a host of a host', 'https://a.feeds.example/', 'feeds.example'],
    ['a host that ends so', 'https://evilfeeds.example/', 'feeds.example'],
    ['a host that begins so', 'https://feeds.example.evil.example/', 'feeds.example'],
    ['without TLS', 'http://feeds.example/', 'feeds.example,*'],
    ['with TLS where none is said', 'https://feeds.example/', 'http://feeds.example'],
    ['another port', 'https://feeds.example:8443/', 'feeds.example,*'],
    ['another spelling', 'https://feeds.example./', 'feeds.example'],
    ['letters that look alike', 'https://feeds.exаmple/', 'feeds.example'],
  ])('%s', async (_what, url, hosts) => {
    const asked = { ...request(url, ''), hosts: new RemoteHosts(hosts), resolve };
    const error = await failure(asked);
    expect(error).toMatchObject({ code: 'invalid_field' });
    expect(error.message).toContain('IMPORT_HOSTS');
  });
});

describe('a host that is allowed', () => {
  test('is read as it is', async () => {
    const { port } = await listen((_asked, reply) => reply.end('id,title\n1,A\n'));
    const url = `http://127.0.0.1:${port}/feed.csv?day=1#part`;
    expect(await read(request(url, `http://127.0.0.1:${port}`))).toBe('id,title\n1,A\n');
  });

  test('by its name, where the address that it has is allowed too', async () => {
    const { port } = await listen((asked, reply) => reply.end(asked.headers.host));
    const url = `http://loopback.example:${port}/`;
    const hosts = `http://LOOPBACK.example:${port}`;
    expect(await failure(request(url, hosts, { resolve }))).toMatchObject({
      code: 'invalid_field',
    });
    const both = request(url, `${hosts},http://127.0.0.1:${port}`, { resolve });
    expect(await read(both)).toBe(`loopback.example:${port}`);
  });

  test('is not reached at another port than that of the address that is allowed', async () => {
    const { port, asked } = await listen((_asked, reply) => reply.end(SECRET));
    const hosts = `http://127.0.0.1:1,http://*:${port},http://loopback.example:${port}`;
    for (const host of ['127.0.0.1', '[::ffff:127.0.0.1]', 'loopback.example']) {
      const url = `http://${host}:${port}/`;
      expect(await failure(request(url, hosts, { resolve }))).toMatchObject({
        code: 'invalid_field',
      });
    }
    expect(asked()).toBe(0);
  });

  test('is connected to where it was checked, whatever its name says a moment later', async () => {
    const { port } = await listen((_asked, reply) => reply.end('checked'));
    const answers = ['127.0.0.1', '127.0.0.2'];
    let asked = 0;
    const rebinding: Resolve = () => {
      const address = answers[Math.min(asked++, 1)] ?? '';
      return Promise.resolve([{ address, family: 4 }]);
    };
    const url = `http://rebinding.example:${port}/`;
    const hosts = `http://rebinding.example:${port},http://127.0.0.1:${port}`;
    expect(await read(request(url, hosts, { resolve: rebinding }))).toBe('checked');
    expect(asked).toBe(1);
    // And the second address, which is not allowed, is refused once it is what the name says.
    expect(await failure(request(url, hosts, { resolve: rebinding }))).toMatchObject({
      code: 'invalid_field',
    });
  });

  test.each([
    ['gzip on its way', { 'content-encoding': 'gzip' }, 1],
    ['a gzip file', { 'content-type': 'application/gzip' }, 1],
    ['a gzip file, packed on its way', { 'content-encoding': 'gzip' }, 2],
  ])('unpacks %s', async (_what, headers, times) => {
    const packed = times === 1 ? gzipSync('rows') : gzipSync(gzipSync('rows'));
    const { port } = await listen((_asked, reply) => reply.writeHead(200, headers).end(packed));
    const hosts = `http://127.0.0.1:${port}`;
    expect(await read(request(`${hosts}/`, hosts))).toBe('rows');
  });
});

describe('redirects', () => {
  async function redirecting(to: (port: number) => string, status = 302) {
    let port = 0;
    const server = await listen((asked, reply) => {
      if (asked.url === '/end') reply.end('rows');
      else reply.writeHead(status, { location: to(port) }).end(SECRET);
    });
    port = server.port;
    const hosts = `http://127.0.0.1:${port}`;
    return { ...server, hosts, url: `${hosts}/start` };
  }

  test.each([301, 302, 303, 307, 308])('%d is followed', async (status) => {
    const { url, hosts, asked } = await redirecting(() => '/end', status);
    expect(await read(request(url, hosts))).toBe('rows');
    expect(asked()).toBe(2);
  });

  test('are followed five times', async () => {
    const { url, hosts, asked } = await redirecting(() => '/again');
    expect(await failure(request(url, hosts))).toMatchObject({ code: 'invalid_field' });
    expect(asked()).toBe(6);
  });

  test.each([
    'https://169.254.169.254/',
    'http://localhost/',
    'http://[::ffff:127.0.0.1]/',
    '//10.0.0.1/',
    'file:///etc/passwd',
    'http://user@127.0.0.1/',
    'http://[',
  ])('to %s are refused', async (to) => {
    const { url, hosts } = await redirecting(() => to);
    const asked = request(url, `${hosts},${ANY}`, { resolve });
    expect(await failure(asked)).toMatchObject({ code: 'invalid_field' });
  });

  test('to another port of the same host are refused', async () => {
    const inner = await listen((_asked, reply) => reply.end(SECRET));
    const { url, hosts } = await redirecting(() => `http://127.0.0.1:${inner.port}/`);
    expect(await failure(request(url, hosts))).toMatchObject({ code: 'invalid_field' });
    expect(inner.asked()).toBe(0);
  });
});

describe('bounds', () => {
  const unpackable = gzipSync(Buffer.alloc(5_000_000));

  test.each<[string, RequestListener, string]>([
    ['a missing file', (_a, reply) => reply.writeHead(404).end(SECRET), 'invalid_field'],
    ['a server that fails', (_a, reply) => reply.writeHead(503).end(SECRET), 'unavailable'],
    ['a length past the bound', (_a, reply) => reply.end(Buffer.alloc(2_000_000)), 'too_large'],
    [
      'a body past the bound',
      (_a, reply) => {
        reply.write(Buffer.alloc(1_000_000));
        reply.end(Buffer.alloc(1));
      },
      'too_large',
    ],
    ['little that unpacks to much', (_a, reply) => reply.end(unpackable), 'too_large'],
    [
      'another packing',
      (_a, reply) => reply.writeHead(200, { 'content-encoding': 'br' }).end(SECRET),
      'invalid_field',
    ],
    [
      'a head past the bound',
      (_a, reply) => reply.writeHead(200, { 'x-more': SECRET.repeat(2_000) }).end(),
      'unavailable',
    ],
    [
      'a connection cut in the middle',
      (_a, reply) => {
        reply.writeHead(200, { 'content-length': '1000' });
        reply.write(SECRET, () => reply.destroy());
      },
      'unavailable',
    ],
    [
      'gzip cut in the middle',
      (_a, reply) => reply.end(gzipSync(SECRET).subarray(0, 25)),
      'unavailable',
    ],
  ])('%s', async (_what, answer, code) => {
    const { port } = await listen(answer);
    const hosts = `http://127.0.0.1:${port}`;
    expect(await failure(request(`${hosts}/`, hosts))).toMatchObject({ code });
  });

  test.each([
    ['what is no HTTP', `220 ${SECRET}\r\n`, 'unavailable'],
    ['no length', `HTTP/1.0 200 OK\r\n\r\n${SECRET}`, 'invalid_field'],
  ])('%s', async (_what, bytes, code) => {
    const port = await portOf(
      createTcpServer((socket) =>
        socket
          .on('error', () => 0)
          .resume()
          .end(bytes),
      ),
    );
    const hosts = `http://127.0.0.1:${port}`;
    expect(await failure(request(`${hosts}/`, hosts))).toMatchObject({ code });
  });

  test('nobody there', async () => {
    const server = createTcpServer();
    const port = await portOf(server);
    await closing.pop()?.();
    const hosts = `http://127.0.0.1:${port}`;
    const error = await failure(request(`${hosts}/`, hosts));
    expect(error).toMatchObject({ code: 'unavailable' });
    expect(error.message).toContain('ECONNREFUSED');
  });

  test('a host that says nothing, or stops in the middle, is given up', async () => {
    const { port } = await listen((asked, reply) => {
      if (asked.url === '/half') reply.write('half');
    });
    const hosts = `http://127.0.0.1:${port}`;
    for (const path of ['/', '/half']) {
      const asked = request(`${hosts}${path}`, hosts, { timeoutMs: 200 });
      expect(await failure(asked)).toMatchObject({ code: 'deadline_exceeded' });
    }
    const never: Resolve = () => new Promise(() => undefined);
    const unnamed = request(`${hosts}/`, hosts, { timeoutMs: 200, resolve: never });
    expect(await failure(unnamed)).toMatchObject({ code: 'deadline_exceeded' });
  });

  test('whoever asked may give up, and the connection is closed', async () => {
    const { port } = await listen((_asked, reply) => reply.write('half'));
    const hosts = `http://127.0.0.1:${port}`;
    const giveUp = new AbortController();
    const bytes = await openRemoteFile(request(`${hosts}/`, hosts, { signal: giveUp.signal }));
    await bytes.next();
    giveUp.abort(new Error('cancelled'));
    await expect(bytes.next()).rejects.toThrow('cancelled');
  });

  test('a reader that stops closes the connection', async () => {
    let closed: () => void = () => undefined;
    const wasClosed = new Promise<void>((done) => (closed = done));
    const { port } = await listen((_asked, reply) => {
      reply.once('close', closed);
      reply.write('half');
    });
    const hosts = `http://127.0.0.1:${port}`;
    for await (const part of await openRemoteFile(request(`${hosts}/`, hosts))) {
      expect(Buffer.from(part).toString()).toBe('half');
      break;
    }
    await wasClosed;
  });

  test('connections are not kept', async () => {
    const { port } = await listen((asked, reply) => reply.end(asked.headers.connection));
    const hosts = `http://127.0.0.1:${port}`;
    expect(await read(request(`${hosts}/`, hosts))).toBe('close');
  });
});
