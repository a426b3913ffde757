import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backupKey } from '../../src/backup/backup-key.js';
import type { BackupSource } from '../../src/backup/backup-source.js';
import { chainOf, chooseBase } from '../../src/backup/chain.js';
import { backupNames, latestOfAll } from '../../src/backup/latest.js';
import type { Manifest } from '../../src/backup/manifest.js';
import { pruneBackups } from '../../src/backup/prune.js';
import { restoreBackup } from '../../src/backup/restore-backup.js';
import { takeBackup } from '../../src/backup/take-backup.js';
import { openFolder, openPlace, product, type Place } from './place.js';

const TAKING = { software: 'test' };
const KEY = backupKey(Buffer.alloc(32, 7));
const LATEST = { name: 'latest' };
const RESTORING = { ...LATEST, replace: false, resume: false, wait: false };

let place: Place;
let disk: ReturnType<typeof openFolder>;
beforeEach(async () => {
  [place, disk] = [await openPlace(), openFolder()];
  for (const id of ['p1', 'p2']) await place.ingest.upsertOne('shop', product(id));
  await place.ingest.upsertOne('other', product('p1'));
});
afterEach(async () => {
  await place.close();
  disk.remove();
});

async function take(more: Partial<Parameters<typeof takeBackup>[2]> = {}, source = place.source) {
  return (await takeBackup(source, disk.target, { ...TAKING, ...more })).manifest;
}

async function goOn(tenant?: string): Promise<Manifest> {
  const { base } = await chooseBase(disk.target, { ...LATEST, tenant }, undefined);
  return take({ tenant, base });
}

/** A server that does something before its first page of records. */
function meanwhile(run: () => Promise<unknown>): BackupSource {
  let isFirst = true;
  const records: BackupSource['records'] = async (...asked) => {
    if (isFirst) await run();
    isFirst = false;
    return place.source.records(...asked);
  };
  return { ...place.source, records };
}

describe('the latest backup', () => {
  it('to go on from is the full one once that is whole, though others were begun while it ran', async () => {
    const first = await take();
    let beside: Manifest | undefined;
    const full = await take(
      {},
      meanwhile(async () => (beside = await goOn())),
    );
    expect(beside?.base?.name).toBe(first.name);
    expect(beside && beside.name > full.name).toBe(true);
    const next = await goOn();
    expect(next.base?.name).toBe(full.name);
    expect((await goOn()).base?.name).toBe(next.name);
  });

  it('to restore is of the tenant that is asked for, or of all', async () => {
    const all = await take();
    const own = await take({ tenant: 'shop' });
    const names = async (tenant?: string) =>
      (await chainOf(disk.target, { ...LATEST, tenant }, undefined)).map(
        ({ manifest }) => manifest.name,
      );
    expect(await names()).toEqual([all.name]);
    expect(await names('shop')).toEqual([own.name]);
    expect(await names('other')).toEqual([all.name]);
    expect((await goOn()).base?.name).toBe(all.name);
    expect((await goOn('shop')).base?.name).toBe(own.name);
  });

  it('of all tenants is found behind newer ones of a single one', async () => {
    await take({ tenant: 'shop' });
    expect(await latestOfAll(disk.target)).toBeUndefined();
    const all = await take();
    await take({ tenant: 'shop' });
    expect(await latestOfAll(disk.target)).toBe(all.name);
  });

  it('is not gone on from where what it goes on from is gone: the next has all', async () => {
    const full = await take();
    const later = await goOn();
    rmSync(join(disk.folder, full.name, 'manifest.json'));
    const { base, why } = await chooseBase(disk.target, LATEST, undefined);
    expect(base).toBeUndefined();
    expect(why).toContain(`what ${later.name} goes on from is not whole: there is no backup`);
  });

  it('is no backup where what it goes on from went while it was written', async () => {
    const full = await take();
    const gone = async () => rmSync(join(disk.folder, full.name), { recursive: true });
    const { base } = await chooseBase(disk.target, LATEST, undefined);
    await expect(take({ base }, meanwhile(gone))).rejects.toThrow(
      `there is no backup ${full.name}`,
    );
    expect(await backupNames(disk.target)).toEqual([]);
  });
});

describe('with a key', () => {
  it('a plain backup is neither gone on from nor restored', async () => {
    const plain = await take();
    await expect(chooseBase(disk.target, LATEST, KEY)).rejects.toThrow('is not encrypted');
    const asked = { ...RESTORING, name: plain.name, key: KEY };
    await expect(restoreBackup(disk.target, place.sink, asked)).rejects.toThrow('is not encrypted');
    const full = await take({ key: KEY });
    expect((await chooseBase(disk.target, LATEST, KEY)).base?.manifest.name).toBe(full.name);
    await pruneBackups(disk.target, { days: 0, weeks: 0, months: 0 }, new Date(), KEY);
    expect(await backupNames(disk.target)).toEqual([full.name]);
  });

  it('an interrupted one that somebody else has changed is not gone on with', async () => {
    for (let i = 0; i < 40; i++) {
      const row = product(`big${i}`, { description: 'x'.repeat(400_000) });
      await place.ingest.upsertOne('shop', row);
    }
    let left = 4;
    const products: BackupSource['products'] = async (...asked) => {
      if (left-- === 0) throw new Error('killed');
      return place.source.products(...asked);
    };
    const dying = { ...place.source, products };
    await expect(take({ key: KEY }, dying)).rejects.toThrow('killed');
    const [file = ''] = (await disk.target.list('')).filter((each) => each.includes('progress'));
    const path = join(disk.folder, file);
    const progress = JSON.parse(readFileSync(path, 'utf8')) as { left: string[] };
    writeFileSync(path, JSON.stringify({ ...progress, left: [] }));
    const { resumed } = await takeBackup(place.source, disk.target, { ...TAKING, key: KEY });
    expect(resumed).toBe(false);
  }, 60_000);
});

describe('a backup that is being written', () => {
  it('is gone on with by nobody else until its process has ended', async () => {
    for (let i = 0; i < 40; i++) {
      const row = product(`big${i}`, { description: 'x'.repeat(400_000) });
      await place.ingest.upsertOne('shop', row);
    }
    let second: Promise<unknown> | undefined;
    const busy = meanwhile(async () => {
      second = takeBackup(place.source, disk.target, TAKING);
      await expect(second).rejects.toThrow(`is being written by process ${process.pid}`);
    });
    const first = await take({}, busy);
    expect(second).toBeDefined();
    expect(await backupNames(disk.target)).toEqual([first.name]);
    expect((await disk.target.list('')).filter((file) => !/manifest|ndjson/.test(file))).toEqual(
      [],
    );
  }, 60_000);

  it('stays, however old, while its process is heard of', async () => {
    const name = '20200101T000000000Z';
    mkdirSync(join(disk.folder, name));
    const path = join(disk.folder, name, 'running.json');
    const claimed = (atMs: number, pid: number) =>
      writeFileSync(path, JSON.stringify({ id: 'x', host: hostname(), pid, atMs }));
    const none = { days: 0, weeks: 0, months: 0 };
    claimed(Date.now(), process.pid);
    await pruneBackups(disk.target, none, new Date(), undefined);
    expect(await disk.target.list('')).toEqual([`${name}/running.json`]);
    claimed(Date.now() - 600_000, process.pid);
    await pruneBackups(disk.target, none, new Date(), undefined);
    expect(await disk.target.list('')).toEqual([]);
  });
});

it('what is too old of one tenant takes nothing of another', async () => {
  const names = [(await take()).name, (await take({ tenant: 'other' })).name];
  const older = await take({ tenant: 'shop' });
  names.push((await take({ tenant: 'shop' })).name);
  const ages = { days: 1, weeks: 0, months: 0 };
  expect(await pruneBackups(disk.target, ages, new Date(), undefined)).toEqual([older.name]);
  expect(await backupNames(disk.target)).toEqual(names);
});
