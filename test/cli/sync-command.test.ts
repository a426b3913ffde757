import { once } from 'node:events';
import { mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { runSync } from '../../src/cli/sync-command.js';
import { Schedule } from '../../src/cli/sync/schedule.js';

/** What `/imports` was sent: a stand-in that takes all, and ends each import after a look. */
interface Taken {
  path: string;
  type: string;
  auth: string | undefined;
  tenant: string | undefined;
  body: string;
}

const PROGRESS = { rows: 3, accepted: 2, unchanged: 1, rejected_count: 0 };
let server: Server;
let taken: Taken[];
let ends: Record<string, unknown>;
let looks: number;
/** So many are not taken first. */
let failures: number;
let config: Parameters<typeof runSync>[0];
let out: string;
let err: string;
let dir: string;
let stop: AbortController;

beforeEach(async () => {
  [taken, looks, failures, out, err] = [[], 0, 0, '', ''];
  ends = { state: 'done', ...PROGRESS };
  stop = new AbortController();
  dir = await mkdtemp(join(tmpdir(), 'omnisearch-sync-'));
  server = createServer((request, reply) => {
    void answer(request).then(([status, json]) => {
      reply.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  config = {
    ...{ url: `http://127.0.0.1:${port}`, tenant: 'shop', apiKey: 'key', map: [], prune: false },
    ...{ schedule: undefined, timeZone: 'UTC', watch: undefined },
  };
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => (out += String(text)) !== '');
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => (err += String(text)) !== '');
});
afterEach(async () => {
  vi.restoreAllMocks();
  stop.abort(new Error('over'));
  server.closeAllConnections();
  server.close();
  await rm(dir, { recursive: true });
});

async function answer(request: IncomingMessage): Promise<[status: number, json: unknown]> {
  const bytes = await buffer(request);
  const { method, headers, url: path = '' } = request;
  if (method === 'GET') {
    looks += 1;
    return [200, { id: 'i1', ...(looks % 2 === 1 ? { ...ends, state: 'running' } : ends) }];
  }
  const body = (headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString();
  const { authorization: auth, 'content-type': type = '' } = headers;
  taken.push({ path, type, auth, tenant: headers['x-omnisearch-tenant']?.toString(), body });
  if (failures > 0) {
    failures -= 1;
    return [503, { error: { code: 'unavailable', message: 'not now' } }];
  }
  const refusal = { error: { code: 'invalid_field', message: 'url is refused' } };
  return body.includes('refused') ? [400, refusal] : [202, { id: 'i1', state: 'queued' }];
}

const FEED = 'https://feeds.example/all.csv';
const run = (sources: string[], more: Partial<typeof config> = {}): Promise<number> =>
  runSync({ ...config, ...more }, sources, stop.signal, 20);

describe('once', () => {
  test('the server is asked to read the feed, and its end is told', async () => {
    expect(await run([FEED], { map: [['title', 'name']], prune: true })).toBe(0);
    expect(taken).toMatchObject([{ path: '/imports', auth: 'Bearer key', tenant: 'shop' }]);
    expect(JSON.parse(taken[0]?.body ?? '')).toEqual({
      ...{ url: FEED, prune: true, map: { title: 'name' } },
    });
    expect(out).toBe('import i1 done: 3 rows, 2 accepted, 1 unchanged, 0 rejected\n');
  });

  test.each<[string, Record<string, unknown>, number, string]>([
    ['rejected rows', { state: 'done', rejected_count: 2 }, 3, ''],
    ['a failure', { state: 'failed', error: { message: 'url is late in time' } }, 1, 'in time'],
    ['a cancelled one', { state: 'cancelled' }, 1, 'cancelled'],
    ['one to confirm', { state: 'waiting_for_confirmation', to_prune: 90 }, 1, '90 products'],
  ])('%s is told by the exit code', async (_what, end, code, said) => {
    ends = { ...ends, ...end };
    expect(await run([FEED])).toBe(code);
    expect(err).toContain(said);
  });

  test('what the server refuses is told', async () => {
    expect(await run(['https://refused.example/'])).toBe(1);
    expect(err).toContain('url is refused');
  });

  test.each<[string[], Partial<Parameters<typeof runSync>[0]>]>([
    [[], {}],
    [[FEED, FEED], {}],
    [[FEED], { watch: '/tmp' }],
    [[], { watch: '/tmp', schedule: '* * * * *' }],
    [[], { watch: '/tmp', map: [['title', 'name']] }],
    [[FEED], { schedule: 'at three' }],
    [[FEED], { schedule: '99 * * * *' }],
    [[FEED], { schedule: '0 3 * * *', timeZone: 'Mars/Olympus' }],
  ])('wrong usage: %o %o', async (sources, more) => {
    expect(await run(sources, more)).toBe(2);
    expect(taken).toEqual([]);
  });
});

describe('by a schedule', () => {
  test('each time it is due, whatever became of the one before, until it is stopped', async () => {
    ends = { ...ends, state: 'failed', error: { message: 'no' } };
    const running = run([FEED], { schedule: '* * * * * *' });
    await expect.poll(() => taken.length, { timeout: 20_000 }).toBeGreaterThan(1);
    stop.abort(new Error('stopped'));
    expect(await running).toBe(0);
    expect(out).toMatch(/^next: 20\d\d-/);
  });

  test('is of its time zone, also where the clock is put forward', () => {
    const at = (now: string): string | undefined =>
      new Schedule('0 3 * * *', 'Europe/Berlin', () => new Date(now)).next()?.toISOString();
    expect(at('2026-01-10T12:00:00Z')).toBe('2026-01-11T02:00:00.000Z');
    expect(at('2026-07-10T12:00:00Z')).toBe('2026-07-11T01:00:00.000Z');
    expect(at('2026-03-28T12:00:00Z')).toBe('2026-03-29T01:00:00.000Z');
  });
});

describe('a folder', () => {
  test('each file is sent once as it is, and again when it has changed', async () => {
    await writeFile(join(dir, 'a.csv'), 'id,title\n1,A\n');
    await writeFile(join(dir, 'b.ndjson.gz'), gzipSync('{"id":"2"}\n'));
    for (const other of ['.hidden.csv', 'notes.txt', 'c.csv.part']) {
      await writeFile(join(dir, other), 'x');
    }
    const running = run([], { watch: dir, prune: true });
    await expect.poll(() => taken.length, { timeout: 20_000 }).toBe(2);
    expect(taken.map(({ path, type, body }) => [path, type, body])).toEqual([
      ['/imports?prune=true', 'text/csv', 'id,title\n1,A\n'],
      ['/imports?prune=true', 'application/x-ndjson', '{"id":"2"}\n'],
    ]);
    expect(taken[0]).toMatchObject({ auth: 'Bearer key', tenant: 'shop' });
    // As a file is best put there: under another name first.
    await writeFile(join(dir, 'c.csv.part'), 'id,title\n1,B\n');
    await rename(join(dir, 'c.csv.part'), join(dir, 'a.csv'));
    await utimes(join(dir, 'a.csv'), 1, 1);
    await expect.poll(() => taken.at(-1)?.body, { timeout: 20_000 }).toBe('id,title\n1,B\n');
    expect(taken).toHaveLength(3);
    stop.abort(new Error('stopped'));
    expect(await running).toBe(0);
  });

  test('a file that could not be sent is sent again', async () => {
    failures = 2;
    await writeFile(join(dir, 'a.csv'), 'id\n1\n');
    const running = run([], { watch: dir });
    await expect.poll(() => out, { timeout: 20_000 }).toContain('done');
    expect(taken).toHaveLength(3);
    expect(err).toContain('not now');
    stop.abort(new Error('stopped'));
    expect(await running).toBe(0);
  });

  test('what was sent is not sent again by a command that is started anew, but to another tenant', async () => {
    await writeFile(join(dir, 'a.csv'), 'id\n1\n');
    const until = async (count: number, tenant: string): Promise<void> => {
      stop = new AbortController();
      const running = run([], { watch: dir, tenant });
      await expect.poll(() => taken.length, { timeout: 20_000 }).toBe(count);
      await expect.poll(() => out, { timeout: 20_000 }).toContain('done');
      stop.abort(new Error('stopped'));
      expect(await running).toBe(0);
      out = '';
    };
    await until(1, 'shop');
    await writeFile(join(dir, 'b.csv'), 'id\n2\n');
    await until(2, 'shop');
    expect(taken.map(({ body }) => body)).toEqual(['id\n1\n', 'id\n2\n']);
    await until(4, 'other');
  });

  test('that cannot be read for a while is told, and looked at again', async () => {
    await writeFile(join(dir, 'a.csv'), 'id\n1\n');
    const running = run([], { watch: dir });
    await expect.poll(() => taken.length, { timeout: 20_000 }).toBe(1);
    await rename(dir, `${dir}-away`);
    await expect.poll(() => err, { timeout: 20_000 }).toContain('ENOENT');
    await rename(`${dir}-away`, dir);
    await writeFile(join(dir, 'b.csv'), 'id\n2\n');
    await expect.poll(() => taken.at(-1)?.body, { timeout: 20_000 }).toBe('id\n2\n');
    expect(taken).toHaveLength(2);
    stop.abort(new Error('stopped'));
    expect(await running).toBe(0);
  });

  test('that is not there is told', async () => {
    expect(await run([], { watch: join(dir, 'none') })).toBe(1);
    expect(err).toContain('ENOENT');
  });

  test('a file that is refused keeps no other back', async () => {
    await writeFile(join(dir, 'a.csv'), 'refused');
    await writeFile(join(dir, 'b.csv'), 'id\n1\n');
    const running = run([], { watch: dir });
    await expect.poll(() => taken.length, { timeout: 20_000 }).toBe(2);
    await expect.poll(() => out, { timeout: 20_000 }).toContain('done');
    expect(err).toContain('url is refused');
    stop.abort(new Error('stopped'));
    expect(await running).toBe(0);
  });
});
