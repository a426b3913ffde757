import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { DAY_MS } from '../../src/core/days.js';
import { parseFilter } from '../../src/filter/parse-filter.js';
import { TENANT_KIND } from '../../src/store/record-store.js';
import type { JsonObject } from '../../src/core/product.js';
import { beginFound } from '../../src/store/found-clock.js';
import { foundPosition, noteFound } from '../../src/store/found-marks.js';
import { noteTierClock } from '../../src/store/tier-clock.js';
import type { SegmentRecord } from '../../src/shard/index/segment-record.js';
import { randomVector, seeded } from '../e2e/catalogue.js';
import { DIMENSIONS, put, remove, ShardFixture, textOf, type LookReply } from './shard-fixture.js';

const TENANT = 'shop';
const ROWS = 240;
const random = seeded(7);
const vectors = Array.from({ length: ROWS + 40 }, () => randomVector(random, DIMENSIONS));
const queries = Array.from({ length: 6 }, () => randomVector(random, DIMENSIONS));

let shard: ShardFixture | undefined;
afterEach(async () => {
  await shard?.close();
  shard = undefined;
});

function row(i: number, inStock = i % 4 === 0, price = i): ReturnType<typeof put> {
  const vector = vectors[i % vectors.length] as number[];
  return put(`p${i}`, i % 3 === 0 ? 'a' : 'b', vector, { price, in_stock: inStock });
}

async function setTiers(fixture: ShardFixture, tiers: JsonObject | undefined): Promise<void> {
  const { records } = fixture.store;
  const before = await records.get(TENANT_KIND, TENANT);
  const value = { ...before?.value, settings: tiers === undefined ? {} : { tiers } };
  expect(await records.put(TENANT_KIND, TENANT, value, before?.revision ?? 0)).toBe(true);
}

/** On a busy machine a build takes its time. */
async function until(
  fixture: ShardFixture,
  what: Parameters<ShardFixture['untilSaved']>[0],
): Promise<void> {
  for (let attempt = 1; attempt < 4; attempt++) {
    const isSaved = await fixture.untilSaved(what).then(
      () => true,
      () => false,
    );
    if (isSaved) return;
  }
  await fixture.untilSaved(what);
}

const warmRows = (segments: readonly SegmentRecord[] = []): number =>
  segments.filter(({ tier }) => tier === 'warm').reduce((sum, { rows }) => sum + rows, 0);

/** What exact searches of all kinds find. */
async function answers(fixture: ShardFixture): Promise<LookReply['hits'][]> {
  const filter = parseFilter({ price: { lt: 150 }, in_stock: false });
  const found: LookReply['hits'][] = [];
  for (const query of queries) {
    found.push((await fixture.search(query)).hits, (await fixture.search(query, { filter })).hits);
  }
  found.push((await fixture.search([], { text: textOf('p7'), required: [] })).hits);
  return found;
}

async function open(): Promise<ShardFixture> {
  shard = await ShardFixture.open({ tiers: { everyMs: 40, minRows: 10 } });
  await shard.place('a');
  await shard.place('b');
  await shard.write(Array.from({ length: ROWS }, (_, i) => row(i)));
  await until(shard, (manifest) => (manifest?.segments.length ?? 0) > 0);
  return shard;
}

test('invariant 3: rows that become warm, change, die and come back are found alike, also after a restart', async () => {
  const fixture = await open();
  const before = await answers(fixture);
  await setTiers(fixture, { warm: { updated_days: 0, filter: { in_stock: false } } });
  await until(fixture, (manifest) => warmRows(manifest?.segments) >= ROWS / 2);
  expect(await answers(fixture)).toEqual(before);
  expect(fixture.node.status().warm?.documents).toBeGreaterThanOrEqual(ROWS / 2);

  const plain = await ShardFixture.open();
  try {
    await plain.place('a');
    await plain.place('b');
    await plain.write(Array.from({ length: ROWS }, (_, i) => row(i)));
    // Of warm rows some are written anew, some die; new ones come.
    const writes = [
      ...[1, 2, 3, 5].map((i) => row(i, true, 1_000 + i)),
      ...[6, 7, 9].map((i) => remove(`p${i}`)),
      ...Array.from({ length: 40 }, (_, i) => row(ROWS + i, false)),
    ];
    await fixture.write(writes);
    await plain.write(writes);
    const now = await answers(plain);
    expect(await answers(fixture)).toEqual(now);
    await fixture.restart();
    await fixture.settle();
    expect(warmRows(fixture.manifest()?.segments)).toBeGreaterThan(0);
    expect(await answers(fixture)).toEqual(now);
    // Without a rule all is hot again.
    await setTiers(fixture, undefined);
    await until(fixture, (manifest) => warmRows(manifest?.segments) === 0);
    expect(await answers(fixture)).toEqual(now);
    expect(fixture.log.filter((line) => !line.includes('recall'))).toEqual([]);
  } finally {
    await plain.close();
  }
}, 60_000);

test('days are counted from when they were first noted: what was written since is hot', async () => {
  const fixture = await open();
  await setTiers(fixture, { warm: { updated_days: 30 } });
  const { store } = fixture;
  await noteTierClock(store, TENANT, Date.now() - 31 * DAY_MS);
  // Noted once a day.
  const { notes } = await noteTierClock(store, TENANT, Date.now() - 30.5 * DAY_MS);
  expect(notes.length).toBe(1);
  await fixture.write(Array.from({ length: 40 }, (_, i) => row(i, true, 5_000 + i)));
  await until(fixture, (manifest) => warmRows(manifest?.segments) > 0);
  await until(fixture, (manifest) => (manifest?.segments.length ?? 0) > 1);
  await expect
    .poll(() => fixture.node.status().warm?.documents, { timeout: 20_000 })
    .toBe(ROWS - 40);
}, 60_000);

test('what searches found lately is hot, once it has been noted for so many days', async () => {
  const fixture = await open();
  const { records } = fixture.store;
  const found = Array.from({ length: 40 }, (_, i) => foundPosition(`p${i * 6}`));
  const before = await answers(fixture);
  await noteFound(records, TENANT, found, Date.now() - 9 * DAY_MS);
  await noteFound(
    records,
    TENANT,
    found.map((_, i) => foundPosition(`p${i}`)),
    Date.now() - 11 * DAY_MS,
  );
  await setTiers(fixture, { warm: { updated_days: 0, found_days: 10 } });
  await sleep(150);
  expect(fixture.node.status().warm?.documents ?? 0).toBe(0);
  await beginFound(records, TENANT, Date.now() - 11 * DAY_MS);
  await expect
    .poll(() => fixture.node.status().warm?.documents, { timeout: 20_000 })
    .toBe(ROWS - 40);
  expect(await answers(fixture)).toEqual(before);
}, 60_000);
