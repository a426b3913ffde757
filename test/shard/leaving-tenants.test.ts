import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { firstPartition } from '../../src/placement/partition.js';
import { TenantFolders, type TenantGeneration } from '../../src/shard/index/sealed-files.js';
import { HostedTenants } from '../../src/shard/node/hosted-tenants.js';
import { openLmdbStore } from '../../src/store/lmdb/open.js';
import type { Store } from '../../src/store/store.js';
import { move, place } from '../store/place.js';
import { HOSTING, MODEL } from './shard-fixture.js';

/** Files take a while to remove: as long as the test says. */
class SlowFolders extends TenantFolders {
  isRemoving = false;
  finish = (): void => undefined;
  private readonly finished = new Promise<void>((resolve) => (this.finish = resolve));

  override async remove(index: TenantGeneration): Promise<void> {
    this.isRemoving = true;
    await this.finished;
    await super.remove(index);
  }
}

let dir: string;
let store: Store;
let folders: SlowFolders;
let tenants: HostedTenants;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'omnisearch-leaving-'));
  store = await openLmdbStore({ dir: join(dir, 'store') });
  folders = new SlowFolders(join(dir, 's1'), store.storeId, MODEL);
  const open = (): never => {
    throw new Error('a tenant without rows is not opened');
  };
  const deps = { shard: 's1', store, folders, open, left: () => undefined };
  tenants = new HostedTenants(deps, { ...HOSTING, pollMs: 5 }, pino({ level: 'silent' }));
});

afterEach(async () => {
  folders.finish();
  await tenants.close();
  await store.close();
  rmSync(dir, { recursive: true });
});

test('who asks for a tenant that comes back while its files are removed waits for that, and has the new one', async () => {
  const mice = firstPartition('Mice', ['s1']);
  await place(store, 'shop', [mice]);
  await tenants.start();
  const before = tenants.get('shop');
  await move(store, 'shop', mice, 's2');
  await expect.poll(() => folders.isRemoving).toBe(true);
  await move(store, 'shop', mice, 's1');
  const asked = tenants.find('shop');
  folders.finish();
  const found = await asked;
  expect([before?.hasEnded, found?.hasEnded]).toEqual([true, false]);
});
