import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SmallDisk, whyNoDisk } from '../chaos/small-disk.js';
import { makeProducts } from './catalogue.js';
import { Cluster } from './cluster.js';

const DIMENSIONS = 8;
const DISK_MIB = 16;
const PATIENCE_MS = 20_000;
const reason = whyNoDisk();
const products = makeProducts(200, DIMENSIONS);
/** So large that what LMDB has free in its file does not take it. */
const large = (id: string) => ({
  ...{ id, title: id, category: 'Large', description: 'x'.repeat(400_000) },
  vector: products[0]?.vector,
});

describe.skipIf(reason !== undefined)(`with a full disk${reason ? ` (${reason})` : ''}`, () => {
  let dir: string;
  let disk: SmallDisk;
  let cluster: Cluster;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'omnisearch-full-'));
  });
  afterEach(async () => {
    await cluster.stop();
    disk.remove();
    rmSync(dir, { recursive: true, force: true });
  });

  async function start(folder: string): Promise<void> {
    disk = new SmallDisk(join(dir, folder), DISK_MIB);
    cluster = await Cluster.start({
      dataDir: dir,
      args: ['--model', 'none', '--dimensions', String(DIMENSIONS)],
      env: { OMNISEARCH_TAIL_ROWS: '20', OMNISEARCH_LOG_LEVEL: 'silent' },
    });
    await cluster.index(products);
  }

  /** While not a byte is free. */
  async function whileFull(action: () => Promise<void>): Promise<void> {
    const over = new AbortController();
    const full = await disk.fill(over.signal);
    try {
      await action();
    } finally {
      over.abort();
      await full.freed;
    }
  }

  /** Ids of all that an exact search finds. */
  async function found(): Promise<string[]> {
    const body = { vector: products[0]?.vector, exact: true, top_k: 1_000, fields: [] };
    const { status, json } = await cluster.post('/search/vector', body);
    expect([status, json['partial']]).toEqual([200, null]);
    return (json.hits ?? []).map(({ id }) => id);
  }

  test('shards answer, take writes and start again, and all goes on once there is room', async () => {
    await start('shards');
    await whileFull(async () => {
      const more = makeProducts(300, DIMENSIONS).slice(200);
      await cluster.index(more);
      expect(await found()).toHaveLength(300);
      for (const pid of cluster.pids('shard-node')) process.kill(pid, 'SIGKILL');
      await expect.poll(found, { timeout: PATIENCE_MS }).toHaveLength(300);
    });
    await cluster.index(makeProducts(400, DIMENSIONS).slice(300));
    expect(await found()).toHaveLength(400);
  });

  test('the store says so, takes nothing, is read, and takes writes once there is room', async () => {
    await start('store');
    const acknowledged: string[] = [];
    await whileFull(async () => {
      for (let i = 0; ; i++) {
        const { status, json } = await cluster.post('/products', large(`large-${i}`));
        if (status === 200) {
          acknowledged.push(`large-${i}`);
          continue;
        }
        expect([status, json['error']]).toEqual([
          503,
          expect.objectContaining({
            code: 'unavailable',
            message: expect.stringContaining('the disk of the store is full') as string,
          }),
        ]);
        break;
      }
      expect(await found()).toEqual(expect.arrayContaining(products.map(({ id }) => id)));
    });
    await cluster.index([large('at last')]);
    const ids = [...products.map(({ id }) => id), ...acknowledged, 'at last'];
    expect((await found()).sort()).toEqual(ids.sort());
  });
});
