import { readdirSync, rmSync, writeFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { backupKey } from '../../src/backup/backup-key.js';
import { ColdArchive } from '../../src/backup/cold/cold-archive.js';
import { ColdDesk } from '../../src/backup/cold/cold-desk.js';
import { DAY_MS } from '../../src/core/days.js';
import { createLogger } from '../../src/core/logger.js';
import type { JsonObject } from '../../src/core/product.js';
import { archiveProducts, type ArchiveDeps } from '../../src/jobs/archive-products.js';
import { sweepArchive } from '../../src/jobs/sweep-archive.js';
import { TENANT_KIND } from '../../src/store/record-store.js';
import { HANDOVER_ID, HANDOVER_KIND } from '../../src/tenancy/handover.js';
import { foundPosition, noteFound } from '../../src/store/found-marks.js';
import { FOUND_KIND, TIERS_KIND } from '../../src/store/tenant-records.js';
import { noteTierClock } from '../../src/store/tier-clock.js';
import { openFolder, openPlace, product, type Place } from '../backup/place.js';

const T = 'shop';
const KEY = backupKey(Buffer.alloc(32, 7));

let place: Place;
let folder: ReturnType<typeof openFolder>;
let archive: ColdArchive;
let desk: ColdDesk;
let maxProducts: number | undefined;
beforeEach(async () => {
  place = await openPlace();
  maxProducts = undefined;
  folder = openFolder();
  archive = new ColdArchive(folder.target, KEY);
  desk = deskOf(archive);
  for (const id of ['a', 'b', 'c'])
    await place.ingest.upsertOne(T, product(id, { in_stock: false }));
  await setTiers({ cold: { updated_days: 0, filter: { in_stock: false } } });
});
afterEach(async () => {
  await place.close();
  folder.remove();
});

function deskOf(of: ColdArchive | undefined): ColdDesk {
  const { store, deps } = place;
  const model = deps.model.fingerprint;
  const nudge = (): void => undefined;
  return new ColdDesk({
    store,
    archive: of,
    model,
    nudge,
    place: (...asked) => deps.placement.ensure(...asked),
    maxProducts: async () => maxProducts,
  });
}

async function setTiers(tiers: JsonObject): Promise<void> {
  const { records } = place.store;
  const before = await records.get(TENANT_KIND, T);
  const value = { ...before?.value, settings: { tiers } };
  await records.put(TENANT_KIND, T, value, before?.revision ?? 0);
}

async function run(changes: Partial<ArchiveDeps> = {}): Promise<string[]> {
  const came: string[] = [];
  const kind = archiveProducts({
    ...{ store: place.store, archive, everyMs: 1, nudge: () => undefined },
    ...{ diskUse: async () => 0, fullShare: 0.8, logger: createLogger('silent', 'test') },
    ...changes,
  });
  await kind.run({
    ...{ key: 'all', checkpoint: null, comeBack: () => undefined, save: async () => undefined },
    ...{ count: (result) => came.push(result), signal: new AbortController().signal },
  });
  return came;
}

async function states(...ids: string[]): Promise<('live' | 'cold' | undefined)[]> {
  const heads = await place.store.heads(T, ids);
  return heads.map((head) => {
    if (head?.archive !== undefined) return 'cold';
    return head?.deleted === false ? 'live' : undefined;
  });
}

const chunkFiles = (): string[] =>
  readdirSync(folder.folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder.folder, name))
    .filter((name) => /[0-9a-f]{64}$/.test(name));

test('nothing goes into the archive while all goes to another installation', async () => {
  const { records } = place.store;
  await records.put(HANDOVER_KIND, HANDOVER_ID, { side: 'old' }, 0);
  expect(await run()).toEqual([]);
  expect(await states('a')).toEqual(['live']);
  await records.remove(HANDOVER_KIND, HANDOVER_ID, 1);
  expect(await run()).toContain('archived');
});

test('a write that races with the archive stays, whenever it comes', async () => {
  const racing = new ColdArchive(folder.target, KEY);
  const put = racing.put.bind(racing);
  racing.put = async (...asked) => {
    const chunk = await put(...asked);
    await place.ingest.upsertOne(T, product('a', { in_stock: false, price: 9 }));
    await place.ingest.remove(T, 'b');
    return chunk;
  };
  expect((await run({ archive: racing })).sort()).toEqual(['archived', 'raced', 'raced']);
  expect(await states('a', 'b', 'c')).toEqual(['live', undefined, 'cold']);
  expect((await place.store.documents(T, ['a']))[0]?.product['price']).toBe(9);
  // And on the way back: what was written since is not replaced by what was archived.
  const late = new ColdArchive(folder.target, KEY);
  const read = late.read.bind(late);
  late.read = async (...asked) => {
    const rows = await read(...asked);
    await place.ingest.upsertOne(T, product('c', { in_stock: true, price: 3 }));
    return rows;
  };
  expect(await deskOf(late).restore(T, ['c', 'b'])).toMatchObject({
    restored: 0,
    live: 1,
    missing: 1,
  });
  expect((await place.store.documents(T, ['c']))[0]?.product['price']).toBe(3);
});

test('whoever dies on the way loses nothing, and the next goes on', async () => {
  const dying = new ColdArchive(folder.target, KEY);
  const put = dying.put.bind(dying);
  dying.put = async (...asked) => {
    await put(...asked);
    throw new Error('the process died here');
  };
  await expect(run({ archive: dying })).rejects.toThrow('died here');
  expect(await states('a', 'b', 'c')).toEqual(['live', 'live', 'live']);
  expect(await run()).toEqual(['archived', 'archived', 'archived']);
  expect(await run()).toEqual([]);
  const before = await place.store.heads(T, ['a']);
  expect(await desk.restore(T, ['a', 'b', 'x'])).toMatchObject({ restored: 2, missing: 1 });
  expect(await states('a', 'b', 'c')).toEqual(['live', 'live', 'cold']);
  const [row] = await place.store.rows(T, ['a']);
  expect(row?.product).toEqual(product('a', { in_stock: false }));
  expect(row?.version).toBeGreaterThan(before[0]?.version ?? Infinity);
  // Its content is what it was: to send it again changes nothing.
  const again = await place.ingest.upsertOne(T, product('a', { in_stock: false }));
  expect(again.unchanged).toBe(1);
});

test('a chunk that is not what was written, or that another key reads, is refused by name', async () => {
  await run();
  await expect(deskOf(undefined).restore(T, ['a'])).rejects.toThrow('knows no archive');
  await expect(deskOf(new ColdArchive(folder.target, undefined)).restore(T, ['a'])).rejects.toThrow(
    'can not be read',
  );
  const files = chunkFiles();
  for (const file of files) {
    const bytes = readFileSync(file);
    bytes[40] = (bytes[40] as number) ^ 1;
    writeFileSync(file, bytes);
  }
  await expect(desk.restore(T, ['a'])).rejects.toMatchObject({ code: 'unavailable' });
  await expect(desk.restore(T, ['a'])).rejects.toThrow('SHA-256 differs');
  for (const file of files) rmSync(file);
  await expect(desk.restore(T, ['a'])).rejects.toThrow('is not there');
  expect(await states('a')).toEqual(['cold']);
  // A write needs no archive.
  await place.ingest.upsertOne(T, product('a'));
  expect(await states('a')).toEqual(['live']);
});

test('by default ninety days count; a full disk takes what is warm as well, where a rule has products go cold', async () => {
  await noteTierClock(place.store, T, Date.now() - 91 * DAY_MS);
  for (const id of ['late', 'new']) {
    await place.ingest.upsertOne(T, product(id, { in_stock: id === 'new' }));
  }
  const warm = { updated_days: 0, filter: { in_stock: true } };
  await setTiers({ warm, cold: null });
  expect(await run({ diskUse: async () => 0.9 })).toEqual(['disk full']);
  await setTiers({ warm });
  expect(await run()).toEqual(['archived', 'archived', 'archived']);
  expect(await states('a', 'late', 'new')).toEqual(['cold', 'live', 'live']);
  expect(await run({ diskUse: async () => 0.9 })).toEqual(['disk full', 'archived']);
  expect(await states('a', 'late', 'new')).toEqual(['cold', 'live', 'cold']);
});

test('what comes back is one product more, which a plan may refuse', async () => {
  await run();
  await place.ingest.upsertOne(T, product('d'));
  maxProducts = 1;
  await expect(desk.restore(T, ['a'])).rejects.toMatchObject({
    ...{ code: 'quota_exceeded', field: 'max_products' },
  });
  expect(await states('a', 'd')).toEqual(['cold', 'live']);
});

test('an import updates what is archived as any product, and a dry run leaves it there', async () => {
  const asOf = await place.store.head(T);
  await run();
  const { signal } = new AbortController();
  const target = { tenant: T, imported: { number: 1, asOf }, signal };
  const rows = ['a', 'x'].map((id, i) => ({
    ...{ line: i + 1, bytes: 0, isKnown: true },
    value: product(id, { in_stock: false, price: 8 }),
  }));
  const rejected = [{ line: 2, id: 'x', code: 'not_found' }];
  const foreseen = await place.ingest.foresee(target, rows);
  expect(foreseen).toMatchObject({ accepted: 1, added: 0, changed: 1, rejected });
  expect(await states('a', 'x')).toEqual(['cold', undefined]);
  // Without an archive, and though the archive has written it since the import began.
  const report = await place.ingest.import(target, rows);
  expect(report).toMatchObject({ accepted: 1, stale: 0, unchanged: 0, rejected });
  expect(await states('a', 'x')).toEqual(['live', undefined]);
  expect((await place.store.documents(T, ['a']))[0]?.product['price']).toBe(8);
});

test('what a rule has left and another takes once it is older is not passed over', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const cold = { updated_days: 0, filter: { in_stock: false } };
  await setTiers({ warm: { updated_days: 30 }, cold });
  const pressed = { diskUse: async () => 0.9 };
  expect(await run(pressed)).toEqual(['disk full', 'archived', 'archived', 'archived']);
  await place.ingest.upsertOne(T, product('new', { in_stock: true }));
  // What was noted first is thirty days old, and this came behind it.
  for (const came of [[], ['archived']]) {
    vi.setSystemTime(Date.now() + 31 * DAY_MS);
    expect(await run(pressed)).toEqual(['disk full', ...came]);
  }
  expect(await states('new')).toEqual(['cold']);
});

describe('a rule that goes by what searches find', () => {
  const search = (...ids: string[]) =>
    noteFound(place.store.records, T, new Set(ids.map(foundPosition)), Date.now());
  const days = (count: number): void => void vi.setSystemTime(Date.now() + count * DAY_MS);
  const noted = async () => place.store.records.ids(FOUND_KIND, undefined, 500);
  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    await setTiers({ cold: { updated_days: 0, found_days: 30, filter: { in_stock: false } } });
  });

  test('counts from when it was first seen, and takes what none has found for so long', async () => {
    await place.ingest.upsertOne(T, product('d', { in_stock: true }));
    await search('a');
    expect(await run()).toEqual([]);
    days(29);
    await search('b');
    expect(await run()).toEqual([]);
    days(2);
    expect(await run()).toEqual(['archived', 'archived']);
    expect(await states('a', 'b', 'c', 'd')).toEqual(['cold', 'live', 'cold', 'live']);
    // What was left for having been found is looked at again on each day.
    await search('b');
    days(30);
    expect(await run()).toEqual([]);
    days(1);
    expect(await run()).toEqual(['archived']);
  });

  test('begins anew where it was another, and where another installation answers', async () => {
    await run();
    await search('a');
    days(31);
    await setTiers({ cold: { updated_days: 0, filter: { in_stock: true } } });
    expect([await run(), await noted()]).toEqual([[], []]);
    await setTiers({ cold: { updated_days: 0, found_days: 1 } });
    expect(await run()).toEqual([]);
    expect(await noted()).toEqual([`${T}/since`]);
    const { records } = place.store;
    await records.put(HANDOVER_KIND, HANDOVER_ID, { side: 'old' }, 0);
    await run();
    expect(await noted()).toEqual([]);
    await records.remove(HANDOVER_KIND, HANDOVER_ID, 1);
    days(2);
    expect(await run()).toEqual([]);
    days(2);
    expect((await run()).length).toBe(3);
  });

  test('holds for each tier by itself on a full disk', async () => {
    const warm = { updated_days: 0, found_days: 2 };
    await setTiers({ warm, cold: { updated_days: 0, found_days: 30 } });
    await run();
    days(3);
    await search('a');
    expect(await run()).toEqual([]);
    expect(await run({ diskUse: async () => 0.9 })).toEqual(['disk full', 'archived', 'archived']);
    expect(await states('a')).toEqual(['live']);
  });

  test('leaves nothing of a tenant that has gone', async () => {
    await noteFound(place.store.records, 'gone', [1], Date.now());
    await run();
    expect(await noted()).toEqual([`${T}/since`]);
  });
});

test('what another store noted of its versions and its feed tells nothing here', async () => {
  await setTiers({ cold: { updated_days: 90 } });
  const { records } = place.store;
  const foreign = { notes: [[Date.now() - 91 * DAY_MS, 1e9]], store: 'f'.repeat(32) };
  await records.put(TIERS_KIND, `${T}/clock`, foreign, 0);
  expect(await run()).toEqual([]);
  expect(await states('a', 'b', 'c')).toEqual(['live', 'live', 'live']);
  await setTiers({ cold: { updated_days: 0 } });
  await run();
  const cursor = await records.get(TIERS_KIND, `${T}/cold`);
  const other = { ...cursor?.value, store: 'f'.repeat(32) };
  await records.put(TIERS_KIND, `${T}/cold`, other, cursor?.revision ?? 0);
  await desk.restore(T, ['a']);
  expect(await run()).toEqual(['archived']);
});

test('chunks that nothing names any more go after thirty days, told at each look', async () => {
  await run();
  const { store } = place;
  const { signal } = new AbortController();
  const [nowMs, day] = [Date.now(), DAY_MS];
  const sweep = (days: number) => sweepArchive(store, archive, T, nowMs + days * day, signal);
  await desk.restore(T, ['a', 'b']);
  expect([await sweep(1), await sweep(40)]).toEqual([0, 0]);
  await desk.restore(T, ['c']);
  // Once a day; named again in between, it is counted anew.
  expect([await sweep(41), await sweep(41.5), await sweep(70), chunkFiles().length]).toEqual([
    0, 0, 0, 1,
  ]);
  expect([await sweep(72), chunkFiles().length]).toEqual([1, 0]);
});
