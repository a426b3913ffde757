import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DAY_MS } from '../../src/core/days.js';
import { restartFound } from '../../src/store/found-clock.js';
import { openLmdbReader, openLmdbStore } from '../../src/store/lmdb/open.js';
import { FOUND_KIND } from '../../src/store/tenant-records.js';
import { SmallDisk, whyNoDisk } from '../chaos/small-disk.js';
import { Cluster } from './cluster.js';

const DIMENSIONS = 4;
const PATIENCE_MS = 20_000;
/** Less than what is written in all. */
const DISK_MIB = 12;
const ARGS = ['--model', 'none', '--dimensions', String(DIMENSIONS)];

let dir: string;
let cluster: Cluster | undefined;
let disk: SmallDisk | undefined;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'omnisearch-tiers-'));
});
afterEach(async () => {
  await cluster?.stop();
  disk?.remove();
  [cluster, disk] = [undefined, undefined];
  rmSync(dir, { recursive: true, force: true });
});

async function start(env: Record<string, string> = {}): Promise<Cluster> {
  cluster = await Cluster.start({
    ...{ dataDir: join(dir, 'data'), args: ARGS, shards: 1 },
    env: {
      OMNISEARCH_TIERS_EVERY_MS: '300',
      OMNISEARCH_ARCHIVE_TARGET: join(dir, 'archive'),
      ...env,
    },
  });
  return cluster;
}

interface Found {
  hits: string[];
  cold: string[];
}

async function search(server: Cluster, filter?: object): Promise<Found> {
  const body = { vector: [1, 2, 3, 4], exact: true, top_k: 1_000, include_cold: true };
  const { status, json } = await server.post('/search/vector', {
    ...body,
    ...(filter && { filter }),
  });
  const { hits, cold } = json as unknown as Record<string, { id: string }[]> & {
    cold: { hits: { id: string }[]; partial: unknown };
  };
  expect([status, json['partial'], cold.partial]).toEqual([200, null, null]);
  const ids = (found: { id: string }[] = []): string[] => found.map(({ id }) => id).sort();
  return { hits: ids(hits), cold: ids(cold.hits) };
}

test('what is cold is in no answer but by the flag, and comes back by a write, a patch, or on request', async () => {
  const server = await start();
  const product = (id: string, inStock: boolean) => ({
    ...{ id, title: `mouse ${id}`, category: 'Mice', price: 10, in_stock: inStock },
    vector: [1, id.charCodeAt(0), 0, 0],
  });
  const old = ['a', 'b', 'c', 'd', 'e'];
  await server.index([...old.map((id) => product(id, false)), product('x', true)]);
  const filter = { in_stock: false };
  const tiers = { warm: null, cold: { updated_days: 0, filter } };
  expect((await server.send('PUT', '/settings', { tiers })).status).toBe(200);
  await expect
    .poll(() => search(server), { timeout: PATIENCE_MS })
    .toEqual({ hits: ['x'], cold: old });
  expect((await search(server, { title: 'mouse b' })).cold).toEqual(['b']);
  expect((await server.send('GET', '/products/a')).status).toBe(404);

  // No longer of the rule: nothing takes them back into the archive.
  const wait = '?wait=searchable';
  const written = [
    await server.post(`/products${wait}`, product('a', true)),
    await server.send('PATCH', `/products/b${wait}`, { in_stock: true, price: 7 }),
  ];
  expect(written.map(({ status, json }) => [status, json['searchable']])).toEqual([
    [200, true],
    [200, true],
  ]);
  expect((await server.send('GET', '/products/b')).json).toMatchObject({
    title: 'mouse b',
    price: 7,
  });
  expect((await server.send('DELETE', '/products/d')).status).toBe(200);
  expect((await server.send('POST', '/products/d/restore')).status).toBe(404);
  await server.send('PUT', '/settings', {});
  const back = await server.send('POST', `/products/c/restore${wait}`);
  expect([back.status, back.json['searchable']]).toEqual([200, true]);
  expect(await search(server)).toEqual({ hits: ['a', 'b', 'c', 'x'], cold: ['e'] });
  const again = await server.send('POST', '/products/c/restore');
  expect(again.json).toMatchObject({ accepted: 1, unchanged: 1 });
  // Bad rules change nothing, and say where.
  const bad = { tiers: { cold: { filter: { price: { gt: 'much' } } } } };
  const refused = await server.send('PUT', '/settings', bad);
  expect([refused.status, refused.json['error']]).toEqual([
    400,
    expect.objectContaining({ field: 'tiers.cold.filter.price.gt' }),
  ]);
});

test('what shoppers found stays hot; what nobody has found for days becomes warm, and cold', async () => {
  const [rows, kept] = [2_000, 800];
  // Among each other: in each segment some are found.
  const row = (_: unknown, i: number) => {
    const category = i % 5 < 2 ? 'found' : 'lost';
    return { id: `${category}-${i}`, title: 't', category, vector: [1, i, 0, 1] };
  };
  const env = { OMNISEARCH_TAIL_ROWS: '1000', OMNISEARCH_LOG_LEVEL: 'info' };
  const days = { updated_days: 0, found_days: 10 };
  const store = join(dir, 'data', 'store');
  let server = await start(env);
  await server.index(Array.from({ length: rows }, row));
  await server.send('PUT', '/settings', { tiers: { warm: days, cold: null } });
  const reader = await openLmdbReader({ dir: store });
  const noted = () => reader.records.ids(FOUND_KIND, undefined, 500);
  await expect.poll(noted, { timeout: PATIENCE_MS }).toEqual(['default/since']);
  const shop = async (): Promise<number> => {
    const filter = { category: 'found' };
    const asked = { vector: [1, 2, 3, 4], exact: true, top_k: 1_000, filter };
    return ((await server.post('/search/vector', asked)).json as unknown as Found).hits.length;
  };
  expect(await shop()).toBe(kept);
  expect(server.log()).not.toContain('became warm');
  // Written as it ends.
  await server.stop();
  expect((await noted()).length).toBeGreaterThan(200);
  await reader.close();
  await elapse(store, 12);

  server = await start(env);
  // A shard opens what is searched.
  await expect.poll(shop, { timeout: PATIENCE_MS }).toBe(kept);
  const warm = () => Number(/"rows":(\d+),"msg":"rows became warm"/.exec(server.log())?.[1]);
  await expect.poll(warm, { timeout: PATIENCE_MS }).toBeGreaterThanOrEqual(1_000);
  expect(warm()).toBeLessThanOrEqual(rows - kept);
  await server.send('PUT', '/settings', { tiers: { warm: days, cold: days } });
  const left = async () => (await server.send('GET', '/stats')).json['products'];
  await expect.poll(left, { timeout: PATIENCE_MS }).toBe(kept);
  const { hits } = await search(server);
  expect([hits.length, hits.every((id) => id.startsWith('found'))]).toEqual([kept, true]);
}, 120_000);

/** As if it had been noted for so many days more what searches find. */
async function elapse(dir: string, days: number): Promise<void> {
  const store = await openLmdbStore({ dir });
  await restartFound(store.records, 'default', Date.now() - days * DAY_MS);
  await store.close();
}

const reason = whyNoDisk();
describe.skipIf(reason !== undefined)(`a nearly full disk${reason ? ` (${reason})` : ''}`, () => {
  test('sends the next tier down, and no write is lost', async () => {
    disk = new SmallDisk(join(dir, 'data', 'store'), DISK_MIB);
    const server = await start({ OMNISEARCH_TIERS_DISK_PERCENT: '50' });
    const warm = { updated_days: 0, filter: { in_stock: false } };
    const description = 'x'.repeat(40_000);
    const ids: string[] = [];
    for (let i = 0; i < 22; i++) {
      const rows = Array.from({ length: 20 }, (_, j) => ({
        ...{ id: `p${20 * i + j}`, title: 't', category: 'c', in_stock: j > 15, description },
        vector: [1, i, j, 1],
      }));
      // Full for a moment: told, and sent again.
      await expect
        .poll(async () => (await server.post('/products', rows)).status, { timeout: PATIENCE_MS })
        .toBe(200);
      ids.push(...rows.map(({ id }) => id));
      if (i > 0) continue;
      const tiers = { warm, cold: { updated_days: 90 } };
      expect((await server.send('PUT', '/settings', { tiers })).status).toBe(200);
    }
    const all = async (): Promise<string[]> => {
      const { hits, cold } = await search(server);
      return [...hits, ...cold].sort();
    };
    await expect.poll(all, { timeout: PATIENCE_MS }).toEqual(ids.sort());
    expect((await search(server)).cold.length).toBeGreaterThan(100);
    expect(server.log()).toContain('the disk is nearly full');
  }, 60_000);
});
