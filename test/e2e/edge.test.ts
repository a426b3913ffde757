import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster } from './cluster.js';
import { freePorts } from './topology.js';
import { CAN_PURGE, localNginxConf, startNginx, stopNginx, type Nginx } from './nginx.js';

const LIMIT_MS = 60_000;
/** The last word of a write to an edge has been said by then. */
const SETTLED_MS = 4_000;
const isCi = process.env['CI'] !== undefined;
if (!CAN_PURGE && !isCi) {
  console.warn('nginx cannot purge: apt-get install nginx libnginx-mod-http-cache-purge');
}

interface Answer {
  status: number;
  /** What the edge says of where the answer is from. */
  cache: string | null;
  headers: Headers;
  body: string;
}

let cluster: Cluster;
let nginx: Nginx;
let dir: string;
let edge: string;

/** Documented in docs/behind-a-cdn.md: deploy/edge.conf before `omnisearch up`. */
async function openEdge(): Promise<void> {
  dir = mkdtempSync(join(tmpdir(), 'omnisearch-edge-'));
  const [port] = await freePorts(1);
  edge = `http://127.0.0.1:${port}`;
  const settings = ['--search-max-age-s', '300', '--purge-url', `${edge}/purge/{tenant}`];
  cluster = await Cluster.start({ args: settings });
  const origin = new URL(cluster.url).host;
  const conf = localNginxConf(dir, new URL(edge).host, () => [origin], 'edge.conf');
  nginx = await startNginx(conf, dir, edge);
}

async function get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(edge + path, { headers });
  return {
    ...{ status: response.status, cache: response.headers.get('x-cache') },
    ...{ headers: response.headers, body: await response.text() },
  };
}

/** Asks until the answer is as wanted. */
async function until(
  path: string,
  isWanted: (answer: Answer) => boolean,
  headers?: Record<string, string>,
): Promise<Answer> {
  for (const endsAtMs = performance.now() + LIMIT_MS; ;) {
    const answer = await get(path, headers);
    if (isWanted(answer)) return answer;
    if (performance.now() > endsAtMs) {
      throw new Error(`${path}: ${answer.cache} ${answer.body}\n${cluster.log()}\n${nginx.log}`);
    }
    await sleep(50);
  }
}

const isHit = ({ cache }: Answer): boolean => cache === 'HIT';
const product = (price: number) => ({ id: 'm', title: 'wireless mouse', category: 'Mice', price });
const OTHER = { 'x-omnisearch-tenant': 'other' };

describe.skipIf(!CAN_PURGE && !isCi)('behind an edge (needs nginx and its cache-purge)', () => {
  beforeAll(async () => {
    await openEdge();
    await cluster.index([product(10), { id: 'k', title: 'keyboard', category: 'Keyboards' }]);
    const written = await cluster.post('/products?wait=searchable', product(7), OTHER);
    expect(written.status).toBe(200);
    await sleep(SETTLED_MS);
  });
  afterAll(async () => {
    await stopNginx(nginx);
    await cluster.stop();
    cluster.remove();
    rmSync(dir, { recursive: true });
  });

  test('files and pictures are kept for good', async () => {
    const { body } = await get('/');
    const file = /\/web\/assets\/[\w.-]+\.js/.exec(body)?.[0];
    for (const path of [String(file), '/demo/pictures/backpack-black.svg']) {
      const first = await get(path);
      expect([path, first.status, first.cache]).toEqual([path, 200, 'MISS']);
      expect(first.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      expect((await get(path)).cache).toBe('HIT');
    }
    expect((await get('/')).cache).toBeNull();
  });

  test('a second search is answered by the edge, until the tenant changes', async () => {
    const path = '/search?q=mouse&fields=price';
    const first = await get(path);
    expect([first.status, first.cache]).toEqual([200, 'MISS']);
    expect(first.headers.get('cache-control')).toBe('public, max-age=300');
    expect(first.body).toContain('"price":10');
    const second = await get(path);
    expect([second.cache, second.body]).toEqual(['HIT', first.body]);
    await until(path, isHit, OTHER);

    await cluster.post('/products?wait=searchable', product(12));
    const changed = await until(path, ({ body }) => body.includes('"price":12'));
    expect(changed.cache).toBe('MISS');
    await until(path, (answer) => isHit(answer) && answer.body.includes('"price":12'));
    // Nobody has forgotten anything of the other tenant.
    const other = await get(path, OTHER);
    expect(other.cache).toBe('HIT');
    expect(other.body).toContain('"price":7');
  });

  test('what was kept in another encoding is forgotten, too', async () => {
    const path = '/search?q=wireless&fields=price';
    const encodings = [{ 'accept-encoding': 'gzip' }, { 'accept-encoding': 'identity' }];
    for (const encoding of encodings) await until(path, isHit, encoding);
    await cluster.post('/products?wait=searchable', product(13));
    for (const encoding of encodings) {
      await until(path, (answer) => isHit(answer) && answer.body.includes('"price":13'), encoding);
    }
  });

  test('a rule changes answers as a write does', async () => {
    const path = '/search?q=keyboard';
    await until(path, isHit);
    const rule = { when: { query: 'keyboard', match: 'exact' }, then: { hidden: ['k'] } };
    expect((await cluster.send('PUT', '/rules/none', rule)).status).toBe(200);
    await until(path, (answer) => isHit(answer) && !answer.body.includes('"id":"k"'));
  });

  test('searches by POST, errors and incomplete answers are never kept', async () => {
    for (let i = 0; i < 2; i++) {
      const body = JSON.stringify({ query: 'mouse' });
      const headers = { 'content-type': 'application/json' };
      const posted = await fetch(`${edge}/search/text`, { method: 'POST', headers, body });
      expect([posted.status, posted.headers.get('x-cache')]).toEqual([200, null]);
      await posted.body?.cancel();
      const refused = await get('/search?q=mouse&top_k=0');
      expect([refused.status, refused.cache]).toEqual([400, 'MISS']);
    }
    const [shard] = cluster.pids('shard-node');
    process.kill(shard as number, 'SIGSTOP');
    try {
      for (let i = 0; i < 2; i++) {
        const { status, cache, headers, body } = await get('/search?timeout_ms=500');
        expect([cache, headers.get('cache-control')]).toEqual(['MISS', 'no-store']);
        if (status === 200) expect(body).toContain('"missing"');
        else expect(status).toBeGreaterThanOrEqual(503);
      }
    } finally {
      process.kill(shard as number, 'SIGCONT');
    }
  });

  test('only PURGE purges', async () => {
    const refused = await get('/purge/default');
    expect(refused.status).toBe(405);
    expect((await get('/generation')).status).toBe(404);
    const unknown = await fetch(`${edge}/purge/nobody`, { method: 'PURGE' });
    expect(unknown.status).toBe(204);
    expect(cluster.log()).not.toContain('the edge');
  });
});
