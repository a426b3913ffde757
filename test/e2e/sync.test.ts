import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cluster } from './cluster.js';
import { runCommand, startCommand } from './command.js';

/** `omnisearch sync` with a built server, and a feed of a host that it may read. */

const KEY = { OMNISEARCH_API_KEY: 'sync-key' };
const LIMIT_MS = 120_000;

let feed: string;
let feeds: Server;
let source: string;
let at: Cluster;
let dir: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'omnisearch-sync-'));
  feeds = createServer((request, reply) => {
    if (request.url === '/all.csv') reply.setHeader('content-type', 'text/csv').end(feed);
    else reply.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  await once(feeds, 'listening');
  const host = `http://127.0.0.1:${(feeds.address() as AddressInfo).port}`;
  source = `${host}/all.csv`;
  const env = { ...KEY, OMNISEARCH_IMPORT_HOSTS: host };
  at = await Cluster.start({ shards: 1, env });
}, LIMIT_MS);
afterAll(async () => {
  await at.stop();
  at.remove();
  feeds.close();
  rmSync(dir, { recursive: true });
});

/** Of products 1 to `count`, one of which has no title with `isOneBad`. */
function csvOf(count: number, isOneBad = false): string {
  const rows = Array.from({ length: count }, (_, i) => `${i + 1},Chair ${i + 1},chairs,${i}`);
  if (isOneBad) rows[0] = '1,,chairs,1';
  return `id,name,category,price\n${rows.join('\n')}\n`;
}

const sync = (...args: string[]) => runCommand(['sync', ...args, '--url', at.url], KEY);
const asked = { authorization: `Bearer ${KEY.OMNISEARCH_API_KEY}` };
const statusOf = async (id: string): Promise<number> =>
  (await at.send('GET', `/products/${id}`, undefined, asked)).status;

test(
  'a feed is read, removes what it has not once that is confirmed, and each end is told by line and exit code',
  async () => {
    feed = csvOf(10);
    const map = ['--map', 'title=name'];
    const first = await sync(source, ...map);
    expect(first.stderr).toBe('');
    expect(first.stdout).toMatch(/^import \S+ done: 10 rows, 10 accepted, 0 unchanged, 0 rejected/);
    expect(first.code).toBe(0);
    feed = csvOf(2, true);
    const bad = await sync(source, ...map);
    expect([bad.code, bad.stdout]).toEqual([3, expect.stringContaining('1 rejected')]);
    feed = csvOf(2);
    const pruning = await sync(source, ...map, '--prune');
    expect(pruning.code).toBe(1);
    expect(pruning.stderr).toContain('it would remove 8 products');
    const [, confirm = ''] = /POST (\S+confirm)/.exec(pruning.stderr) ?? [];
    expect((await at.send('POST', confirm, undefined, asked)).status).toBe(200);
    await expect.poll(() => statusOf('10'), { timeout: 30_000 }).toBe(404);
    expect(await statusOf('1')).toBe(200);
    const gone = await sync(`${source}-none`);
    expect(gone.code).toBe(1);
    expect(gone.stderr).toContain('404');
    expect((await sync('http://127.0.0.1:1/')).stderr).toContain('url');
  },
  LIMIT_MS,
);

test(
  'a file of a folder is sent once, however often the command is started',
  async () => {
    writeFileSync(join(dir, 'a.csv'), csvOf(5).replace('name', 'title'));
    const imports = async (): Promise<number> => {
      const { json } = await at.send('GET', '/imports', undefined, asked);
      return (json['imports'] as unknown[]).length;
    };
    const before = await imports();
    for (const [file, text] of [
      ['a.csv', '5 accepted'],
      ['b.csv', 'import'],
    ] as const) {
      if (file === 'b.csv') writeFileSync(join(dir, file), csvOf(6).replace('name', 'title'));
      const { process, ended } = startCommand(['sync', '--watch', dir, '--url', at.url], KEY);
      let out = '';
      process.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
      await expect.poll(() => out, { timeout: 30_000 }).toContain('done');
      process.kill('SIGTERM');
      const { code, stdout } = await ended;
      expect([code, stdout]).toEqual([0, expect.stringContaining(`${file}:`)]);
      expect(stdout).toContain(text);
    }
    expect(await imports()).toBe(before + 2);
  },
  LIMIT_MS,
);
