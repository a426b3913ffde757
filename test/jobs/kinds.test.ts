import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLogger } from '../../src/core/logger.js';
import type { Ingest } from '../../src/ingest/ingest.js';
import { JobRunner } from '../../src/jobs/job-runner.js';
import { DROP_TENANT, jobKinds } from '../../src/jobs/kinds.js';
import { NodeLoads } from '../../src/placement/node-loads.js';
import { PlacementCache } from '../../src/placement/placement-cache.js';
import { Placer } from '../../src/placement/placer.js';
import { openLmdbStore } from '../../src/store/lmdb/open.js';
import type { ProductWrite, Store } from '../../src/store/store.js';
import { AuditLog } from '../../src/tenancy/audit-log.js';
import { KeyDesk } from '../../src/tenancy/keys/key-desk.js';
import { KeyDirectory } from '../../src/tenancy/keys/key-directory.js';
import { KeyVault } from '../../src/tenancy/keys/key-vault.js';
import { PriceLists } from '../../src/tenancy/price-lists.js';
import { COPIES_ID, HANDOVER_KIND } from '../../src/tenancy/handover.js';
import { ColdArchive } from '../../src/backup/cold/cold-archive.js';
import { openFolder } from '../backup/place.js';
import { TenantDirectory } from '../../src/tenancy/tenant-directory.js';

const logger = createLogger('silent', 'test');
let dir: string;
let store: Store;
let placements: PlacementCache;
let placer: Placer;
let nowMs: number;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'omnisearch-jobs-'));
  store = await openLmdbStore({ dir });
  const loads = new NodeLoads(() => [{ node: 's1', rows: 0 }]);
  placements = new PlacementCache(store);
  const options = { loads, minShards: 1, replicas: 1, maxPartitions: 10, partitionRows: 0 };
  placer = new Placer(store, placements, options);
  nowMs = 0;
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true });
});

function openRunner(archive?: ColdArchive): JobRunner {
  const tenants = new TenantDirectory(store.records, true);
  const kinds = jobKinds({
    keys: keyDesk(),
    ...{ store, placement: placer, tombstoneRetentionMs: 0, logger, tenants },
    history: { sweep: async () => undefined },
    encoder: undefined,
    fleet: { switching: () => [], awaitApplied: async () => [] },
    ...{ placements, nodes: { awaitApplied: async () => true, silentMs: () => 0 } },
    away: { check: async () => 0 },
    grower: { grow: async () => false },
    dedicator: { step: async () => false },
    priceLists: new PriceLists(store.records),
    fill: { note: async () => undefined },
    advice: undefined,
    tiers: {
      ...{ archive, everyMs: 1e6, nudge: () => undefined },
      ...{ diskUse: async () => 0, fullShare: 0.8 },
    },
    imports: {
      ingest: Object.create(null) as Ingest,
      openUrl: () => Object.create(null) as AsyncIterable<Uint8Array>,
      ...{ maxProductBytes: 1e6, pruneConfirmShare: 0.2, importAttempts: 3 },
      ...{ importTimeoutMs: 1e6, importSpoolBytes: 1e6, importRetentionMs: 1e6 },
    },
  });
  return new JobRunner({ records: store.records, kinds, logger, now: () => nowMs });
}

function keyDesk(): KeyDesk {
  const audit = new AuditLog(store.records);
  const directory = new KeyDirectory(store.records);
  return new KeyDesk({ records: store.records, audit, vault: new KeyVault(undefined), directory });
}

const put = (id: string, category: string): ProductWrite => ({
  op: 'put',
  id,
  product: { id, title: id, category },
  feedVersion: undefined,
  contentHash: id,
  embedHash: id,
  model: 'm',
  vectors: { text: Float32Array.of(1, 0) },
});
const remove = (id: string): ProductWrite => ({ op: 'delete', id, feedVersion: undefined });

async function pass(runner: JobRunner, ms: number): Promise<void> {
  await runner.tick();
  nowMs += ms;
  // A few at a time.
  for (let round = 0; round < 4; round++) {
    await runner.tick();
    await runner.settled();
  }
}

test('deletes are forgotten, and emptied categories give their places back', async () => {
  await placer.ensure(
    't',
    new Map([
      ['a', 1],
      ['b', 1],
    ]),
  );
  await store.write('t', [put('1', 'a'), put('2', 'b')]);
  await store.write('t', [remove('2')]);
  const runner = openRunner();
  await pass(runner, 3_600_000);
  await new Promise((resolve) => setTimeout(resolve, 5));
  await pass(runner, 3_600_000);
  expect((await store.readFeed('t', undefined, 10)).entries.map(({ id }) => id)).toEqual(['1']);
  expect((await store.placement('t')).partitions).toMatchObject([{ categories: ['a'] }]);
  await runner.close();
});

test('a tenant that is dropped goes with all it has, and others stay', async () => {
  const tenants = new TenantDirectory(store.records, true);
  for (const tenant of ['t', 'u']) {
    await tenants.ensure(tenant);
    await placer.ensure(tenant, new Map([['a', 1]]));
    const writes = Array.from({ length: 2_500 }, (_, i) => put(`${i}`, 'a'));
    await store.write(tenant, writes);
  }
  const desk = keyDesk();
  const made = async (...names: string[]): Promise<{ id: string; secret: string }> =>
    desk.create({ kind: 'search', tenants: names }, 'me');
  const alone = await made('t');
  const both = await made('t', 'u');
  const all = await made('*');
  const runner = openRunner();
  await runner.request(DROP_TENANT, 't');
  await runner.tick();
  await runner.settled();
  expect(await store.tenants()).toEqual(['u']);
  expect(await store.productCount()).toBe(2_500);
  expect(await store.records.get('tenant', 't')).toBeUndefined();
  expect(await store.records.get('tenant', 'u')).toBeDefined();
  expect(await store.records.get('job', `${DROP_TENANT}:t`)).toBeUndefined();
  // Whoever makes a tenant of that name later is not who had the keys.
  const left = new Map((await desk.list(undefined, 10)).map(({ id, tenants: of }) => [id, of]));
  expect(left).toEqual(new Map([both, all].map(({ id }, i) => [id, i === 0 ? ['u'] : ['*']])));
  const secrets = await store.records.list('key secret', undefined, 10);
  expect(secrets.map(({ value }) => value['key'])).not.toContain(alone.id);
  const audit = await new AuditLog(store.records).list('default', undefined, 10);
  const ends = audit.filter(({ before }) => before !== null);
  expect(ends.map(({ target, after }) => [target, after === null])).toEqual(
    [alone, both].map(({ id }) => [id, id === alone.id]).sort(([a], [b]) => (a! < b! ? -1 : 1)),
  );
  await runner.close();
});

test('of a tenant that has moved the record stays, and says where', async () => {
  const tenants = new TenantDirectory(store.records, true);
  await tenants.ensure('t');
  await store.write('t', [put('1', 'a')]);
  const deployment = { name: 'acme', url: 'http://10.0.0.5:8080' };
  await tenants.put('t', (record) => ({ ...record, plan: 'pro', deployment }));
  await tenants.drop('t', { stays: true });
  const runner = openRunner();
  await runner.request(DROP_TENANT, 't');
  await runner.tick();
  await runner.settled();
  expect(await tenants.read('t')).toMatchObject({ state: 'moved', plan: 'pro', deployment });
  expect(await store.tenants()).toEqual([]);
  await expect(tenants.require('t')).rejects.toMatchObject({ code: 'not_found' });
  await expect(tenants.ensure('t')).rejects.toMatchObject({ code: 'not_found' });
  await runner.close();
});

test('what is archived of a tenant goes with it, and stays where another installation may name it', async () => {
  const folder = openFolder();
  const archive = new ColdArchive(folder.target, undefined);
  const runner = openRunner(archive);
  const left = async (tenant: string): Promise<number> => {
    await folder.target.write(`cold/${tenant}/chunk`, Buffer.from('x'));
    await runner.request(DROP_TENANT, tenant);
    await runner.tick();
    await runner.settled();
    return (await archive.chunks(tenant)).length;
  };
  expect(await left('t')).toBe(0);
  await store.records.put(HANDOVER_KIND, COPIES_ID, {}, 0);
  expect(await left('u')).toBe(1);
  await runner.close();
  folder.remove();
});

test('a tenant that is dropped to come back keeps its keys', async () => {
  const tenants = new TenantDirectory(store.records, true);
  await tenants.ensure('t');
  const desk = keyDesk();
  const { id } = await desk.create({ kind: 'search', tenants: ['t'] }, 'me');
  const runner = openRunner();
  await tenants.drop('t', { keepsKeys: true });
  await runner.request(DROP_TENANT, 't');
  await runner.tick();
  await runner.settled();
  expect(await tenants.read('t')).toBeUndefined();
  expect((await desk.list(undefined, 10)).map((key) => key.id)).toEqual([id]);
  await runner.close();
});

test('counts of one tenant are repaired when that is asked for', async () => {
  await store.write('t', [put('1', 'a')]);
  const runner = openRunner();
  await runner.request('recount', 't');
  await runner.tick();
  await runner.settled();
  expect(await store.categories('t')).toEqual([{ category: 'a', products: 1 }]);
  expect(await store.records.get('job', 'recount:t')).toBeUndefined();
  await runner.close();
});
