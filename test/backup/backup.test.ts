import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backupKey, type BackupKey } from '../../src/backup/backup-key.js';
import { chooseBase, findBackup } from '../../src/backup/chain.js';
import type { SealedManifest } from '../../src/backup/manifest.js';
import { restoreBackup } from '../../src/backup/restore-backup.js';
import { takeBackup } from '../../src/backup/take-backup.js';
import { digestTenant } from '../../src/store/catalogue-pages.js';
import type { ProductWrite } from '../../src/store/store.js';
import { openFolder, openPlace, product, type Place } from './place.js';

const TAKING = { software: 'test' };
const RESTORING = { name: 'latest', replace: false, resume: false, wait: false };

let from: Place;
let to: Place;
let disk: ReturnType<typeof openFolder>;

beforeEach(async () => {
  [from, to] = [await openPlace(), await openPlace()];
  disk = openFolder();
});
afterEach(async () => {
  await from.close();
  await to.close();
  disk.remove();
});

async function fill(tenant: string, count: number, more: object = {}): Promise<void> {
  const rows = Array.from({ length: count }, (_, i) => product(`p${i}`, more));
  for (const row of rows) await from.ingest.upsertOne(tenant, row);
}

/** What the next goes on from. */
async function latest(key?: BackupKey, tenant?: string): Promise<SealedManifest> {
  const { base } = await chooseBase(disk.target, { name: 'latest', tenant }, key);
  return base as SealedManifest;
}

async function areEqual(tenant: string, as = tenant): Promise<void> {
  const [source, copy] = [await digestTenant(from.store, tenant), await digestTenant(to.store, as)];
  expect([copy.products, copy.hex]).toEqual([source.products, source.hex]);
}

describe('a backup', () => {
  it('brings back products, vectors, prices, tombstones’ absence and records', async () => {
    await fill('shop', 40);
    await fill('other', 5);
    await from.ingest.remove('shop', 'p3');
    await from.ingest.prices('shop', 'gold', rowsOf([{ id: 'p1', price: 2 }]));
    await from.directory.changeSettings('shop', { stop_words: ['the'] });
    await from.store.records.put('rule', 'shop/r1', { id: 'r1' }, 0);
    await from.store.records.put('alias', 'live', { tenant: 'shop' }, 0);
    await from.store.records.put('key', 'k1', { id: 'k1' }, 0);
    await from.store.records.put('job', 'j1', { id: 'j1' }, 0);
    const { manifest } = await takeBackup(from.source, disk.target, TAKING);
    expect(manifest.counts.puts).toBe(44);
    await restoreBackup(disk.target, to.sink, RESTORING);
    for (const tenant of ['shop', 'other']) await areEqual(tenant);
    const prices = await to.store.prices('shop', ['p1']);
    expect(prices[0]?.prices).toEqual((await from.store.prices('shop', ['p1']))[0]?.prices);
    for (const [kind, id] of [
      ['rule', 'shop/r1'],
      ['alias', 'live'],
      ['key', 'k1'],
      ['price lists', 'shop/lists'],
      ['tenant', 'shop'],
    ] as const) {
      const [there, wanted] = [
        await to.store.records.get(kind, id),
        await from.store.records.get(kind, id),
      ];
      expect(there?.value, kind).toEqual(wanted?.value);
    }
    expect(await to.store.records.get('job', 'j1')).toBeUndefined();
  });

  it('goes on from another with what changed, deletes among it, and is restored with it', async () => {
    await fill('shop', 30);
    await takeBackup(from.source, disk.target, TAKING);
    await from.ingest.upsertOne('shop', product('p1', { price: 9 }));
    await from.ingest.remove('shop', 'p2');
    await fill('late', 3);
    const base = await latest();
    const { manifest } = await takeBackup(from.source, disk.target, { ...TAKING, base });
    expect(manifest.counts).toMatchObject({ puts: 4, deletes: 1 });
    const third = await findBackup(disk.target, manifest.name, undefined);
    await takeBackup(from.source, disk.target, { ...TAKING, base: third });
    await restoreBackup(disk.target, to.sink, RESTORING);
    for (const tenant of ['shop', 'late']) await areEqual(tenant);
  });

  it('has all of a tenant again where its deletes are forgotten, or the store is another', async () => {
    await fill('shop', 5);
    await takeBackup(from.source, disk.target, TAKING);
    const base = await latest();
    await from.ingest.remove('shop', 'p1');
    await from.store.purgeTombstones(Date.now() + 1_000);
    const taken = await takeBackup(from.source, disk.target, { ...TAKING, base });
    expect(taken.anew).toEqual(['shop']);
    await restoreBackup(disk.target, to.sink, RESTORING);
    await areEqual('shop');
  });

  it('of a tenant that was dropped and made again has nothing of before', async () => {
    await fill('shop', 5);
    await takeBackup(from.source, disk.target, TAKING);
    const base = await latest();
    while (!(await from.store.dropTenant('shop', 100)));
    await from.ingest.upsertOne('shop', product('new'));
    await takeBackup(from.source, disk.target, { ...TAKING, base });
    await restoreBackup(disk.target, to.sink, RESTORING);
    await areEqual('shop');
  });

  it('goes on where it was interrupted: what stands is not written again', async () => {
    // Three chunks: a page has about 4 MiB, a chunk three of them.
    await fill('shop', 60, { description: 'x'.repeat(500_000) });
    let left = 5;
    const dying = {
      ...from.source,
      products: async (...asked: Parameters<typeof from.source.products>) => {
        if (left-- === 0) throw new Error('killed');
        return from.source.products(...asked);
      },
    };
    await expect(takeBackup(dying, disk.target, TAKING)).rejects.toThrow('killed');
    const [name = ''] = readdirSync(disk.folder);
    const before = readFileSync(join(disk.folder, name, '00000.ndjson.gz'));
    await from.ingest.upsertOne('shop', product('p0', { description: 'again' }));
    await from.ingest.remove('shop', 'p1');
    from.pages = 0;
    const { manifest, resumed } = await takeBackup(from.source, disk.target, TAKING);
    expect([resumed, manifest.name]).toEqual([true, name]);
    expect(readFileSync(join(disk.folder, name, '00000.ndjson.gz'))).toEqual(before);
    expect(from.pages).toBeLessThan(9);
    await restoreBackup(disk.target, to.sink, RESTORING);
    await areEqual('shop');
  }, 60_000);

  it('has all that was acknowledged before, whoever writes meanwhile', async () => {
    // The same values may come twice: each run has a tenant of its own.
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(9), fc.boolean()), { maxLength: 30 }),
        fc.nat(1_000_000),
        async (writes, seed) => {
          runs += 1;
          const tenant = `t${runs}`;
          await fill(tenant, 6);
          const before = await from.store.heads(tenant, ['p0', 'p1', 'p2', 'p3', 'p4', 'p5']);
          const writing = (async () => {
            for (const [i, gone] of writes) {
              if (gone) await from.ingest.remove(tenant, `p${i}`).catch(() => undefined);
              else await from.ingest.upsertOne(tenant, product(`p${i}`, { price: seed + i }));
            }
          })();
          await takeBackup(from.source, disk.target, { ...TAKING, tenant });
          await writing;
          const base = await latest(undefined, tenant);
          await takeBackup(from.source, disk.target, { ...TAKING, tenant, base });
          expect(before.every((head) => head !== undefined)).toBe(true);
          await restoreBackup(disk.target, to.sink, { ...RESTORING, tenant });
          await areEqual(tenant);
        },
      ),
      { numRuns: 15 },
    );
  }, 60_000);
});

describe('a restore', () => {
  it('of one tenant under another name leaves all else', async () => {
    await fill('shop', 10);
    await fill('other', 3);
    await from.store.records.put('rule', 'shop/r1', { id: 'r1' }, 0);
    await from.store.records.put('usage', 'shop/2026-11-01', { searches: 1 }, 0);
    await takeBackup(from.source, disk.target, TAKING);
    await restoreBackup(disk.target, to.sink, { ...RESTORING, tenant: 'shop', as: 'shop2' });
    expect(await to.store.records.get('usage', 'shop2/2026-11-01')).toBeUndefined();
    await areEqual('shop', 'shop2');
    expect(await to.store.tenants()).toEqual(['shop2']);
    expect((await to.store.records.get('rule', 'shop2/r1'))?.value).toEqual({ id: 'r1' });
    expect((await to.directory.read('shop2'))?.id).toBe('shop2');
  });

  it('writes what the backup has, whatever versions of the shop’s own are there', async () => {
    await from.ingest.upsertOne('shop', product('lower', { version: 5 }));
    await from.ingest.upsertOne('shop', product('same', { version: 5 }));
    await from.ingest.upsertOne('shop', product('gone', { version: 2 }));
    const full = await takeBackup(from.source, disk.target, TAKING);
    const base = await latest();
    for (const id of ['lower', 'same']) {
      await from.ingest.remove('shop', id);
      const price = id === 'same' ? 5 : 9;
      await from.ingest.upsertOne('shop', product(id, { version: 3, price }));
    }
    await from.ingest.upsertOne('shop', product('gone', { version: 3, price: 8 }));
    await takeBackup(from.source, disk.target, { ...TAKING, base });
    // A bad feed has deleted everything, with versions far ahead.
    const deletes = ['lower', 'same', 'gone'].map((id): ProductWrite => {
      return { op: 'delete', id, feedVersion: 12 };
    });
    for (const id of ['lower', 'same', 'gone']) await to.ingest.upsertOne('shop', product(id));
    await to.store.write('shop', deletes);
    const { written } = await restoreBackup(disk.target, to.sink, RESTORING);
    expect(written).toBe(full.manifest.counts.puts + 3);
    await areEqual('shop');
  });

  it('of one tenant brings back keys that were for it alone, and no others', async () => {
    await fill('shop', 1);
    const key = (id: string, kind: string, ...tenants: string[]) => ({ id, kind, tenants });
    const keys = [
      key('own', 'search', 'shop'),
      key('both', 'search', 'shop', 'other'),
      key('boss', 'admin', 'shop'),
    ];
    for (const value of keys) {
      await from.store.records.put('key', value.id, value, 0);
      await from.store.records.put('key secret', `hash-${value.id}`, { key: value.id }, 0);
    }
    await takeBackup(from.source, disk.target, TAKING);
    await restoreBackup(disk.target, to.sink, { ...RESTORING, tenant: 'shop' });
    const idsOf = async (kind: string) =>
      (await to.store.records.list(kind, undefined, 10)).map(({ id }) => id);
    expect([await idsOf('key'), await idsOf('key secret')]).toEqual([['own'], ['hash-own']]);
  });

  it('refuses a tenant that has products, unless it is to be replaced or gone on with', async () => {
    await fill('shop', 4);
    await takeBackup(from.source, disk.target, TAKING);
    await to.ingest.upsertOne('shop', product('mine'));
    await expect(restoreBackup(disk.target, to.sink, RESTORING)).rejects.toThrow(
      'the tenant shop has 1 products: --replace',
    );
    expect((await to.store.usage('shop')).products).toBe(1);
    await restoreBackup(disk.target, to.sink, { ...RESTORING, replace: true });
    await areEqual('shop');
    const again = await restoreBackup(disk.target, to.sink, { ...RESTORING, resume: true });
    expect([again.written, again.unchanged]).toEqual([0, 4]);
  });

  it('refuses a name that is another tenant’s, and leaves out what was being dropped', async () => {
    await fill('shop', 2);
    await fill('going', 2);
    await from.directory.drop('going');
    await takeBackup(from.source, disk.target, TAKING);
    await to.store.records.put('alias', 'live', { tenant: 'x' }, 0);
    const asked = { ...RESTORING, tenant: 'shop', as: 'live' };
    await expect(restoreBackup(disk.target, to.sink, asked)).rejects.toThrow('another name');
    const { tenants } = await restoreBackup(disk.target, to.sink, RESTORING);
    expect(tenants).toEqual(['shop']);
    expect(await to.store.tenants()).toEqual(['shop']);
  });

  it('refuses vectors of another model, and says what to do', async () => {
    await fill('shop', 2);
    await takeBackup(from.source, disk.target, TAKING);
    const sink = { ...to.sink, model: async () => ({ name: 'new', fingerprint: 'e'.repeat(32) }) };
    await expect(restoreBackup(disk.target, sink, RESTORING)).rejects.toThrow(
      /of the model counting .* start.* --reembed/,
    );
    expect(await to.store.tenants()).toEqual([]);
  });

  it('with a key: only with that key, and nothing of the products is readable without', async () => {
    const key = backupKey(Buffer.from('ab'.repeat(32)));
    await fill('shop', 3, { title: 'Secret thing' });
    const { manifest } = await takeBackup(from.source, disk.target, { ...TAKING, key });
    const [chunk] = manifest.chunks;
    const stored = readFileSync(join(disk.folder, manifest.name, chunk?.file ?? ''));
    expect(stored.subarray(0, 2)).not.toEqual(Buffer.from([0x1f, 0x8b]));
    const other = backupKey(Buffer.alloc(32, 1));
    for (const wrong of [undefined, other]) {
      const asked = { ...RESTORING, key: wrong };
      await expect(restoreBackup(disk.target, to.sink, asked)).rejects.toThrow(
        `encrypted with the key ${key.id}`,
      );
    }
    await restoreBackup(disk.target, to.sink, { ...RESTORING, key });
    await areEqual('shop');
  });

  it.each([
    ['plain', undefined],
    ['encrypted', backupKey(Buffer.alloc(32, 7))],
  ])(
    'names a byte that was changed anywhere (%s), and changes nothing',
    async (_, key) => {
      await fill('shop', 20);
      await takeBackup(from.source, disk.target, { ...TAKING, key });
      await from.ingest.remove('shop', 'p2');
      const base = await latest(key);
      await takeBackup(from.source, disk.target, { ...TAKING, base, key });
      for (const file of await disk.target.list('')) {
        const path = join(disk.folder, file);
        const whole = readFileSync(path);
        const step = Math.max(1, Math.floor(whole.length / 60));
        for (let at = 0; at < whole.length; at += step) {
          const changed = Buffer.from(whole);
          changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
          writeFileSync(path, changed);
          const restoring = restoreBackup(disk.target, to.sink, { ...RESTORING, key });
          await expect(restoring, `${file} at ${at}`).rejects.toThrow(file.split('/')[0]);
        }
        writeFileSync(path, whole.subarray(0, -1));
        await expect(restoreBackup(disk.target, to.sink, { ...RESTORING, key })).rejects.toThrow(
          file,
        );
        writeFileSync(path, whole);
      }
      expect(await to.store.tenants()).toEqual([]);
      expect(await to.store.records.list('tenant', undefined, 10)).toEqual([]);
      await restoreBackup(disk.target, to.sink, { ...RESTORING, key });
      await areEqual('shop');
    },
    60_000,
  );
});

async function* rowsOf(values: readonly object[]) {
  for (const [i, value] of values.entries()) yield { line: i + 1, bytes: 50, value } as never;
}
