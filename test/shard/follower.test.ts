import { partitionOf, place } from '../store/place.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Builder } from '../../src/shard/build/builder.js';
import { DEFAULT_TEXT_SETTINGS } from '../../src/text/default-settings.js';
import type { AppliedCount } from '../../src/shard/follow/behind.js';
import { Follower } from '../../src/shard/follow/follower.js';
import { decodePosition } from '../../src/shard/index/manifest.js';
import { SegmentKeeper } from '../../src/shard/index/segment-keeper.js';
import type { Loaded } from '../../src/shard/index/write-sealed.js';
import { TenantIndex } from '../../src/shard/index/tenant-index.js';
import { firstPartition } from '../../src/placement/partition.js';
import { openLmdbStore } from '../../src/store/lmdb/open.js';
import type { Position, Store, StoreReader } from '../../src/store/store.js';
import { BUILD_WORKER, put, remove, REPLAY_ENTRIES, ShardFixture } from './shard-fixture.js';
import { slowReader } from './slow-reader.js';

const VECTOR = [1, 0, 0, 0, 0, 0, 0, 0];

describe('a shard answers for exactly what it was given', () => {
  let shard: ShardFixture;
  beforeEach(async () => {
    shard = await ShardFixture.open();
    await shard.place('Mice');
    await shard.place('Pans', 's2');
    await shard.write([put('m', 'Mice', VECTOR), put('p', 'Pans', VECTOR)]);
  });
  afterEach(() => shard.close());

  test('invariant 6: a partition of another shard, or at another epoch, is refused by name', async () => {
    const mice = await partitionOf(shard.store, 'shop', 'Mice');
    const pans = await partitionOf(shard.store, 'shop', 'Pans');
    const asked = [mice, pans, { ...mice, epoch: 7 }, { ...mice, id: 'unheard-of' }];
    const { hits, refused } = await shard.search(VECTOR, { partitions: asked });
    expect(hits.ids).toEqual(['m']);
    expect(refused).toEqual([
      { partition: pans.id, reason: 'wrong_shard' },
      { partition: mice.id, reason: 'wrong_shard' },
      { partition: 'unheard-of', reason: 'wrong_shard' },
    ]);
  });

  test('invariant 6: a partition that comes here is refused until it was read, then complete', async () => {
    await shard.move('Pans', 's1');
    const first = await shard.search(VECTOR);
    expect(first.refused.map(({ reason }) => reason)).toEqual(['not_ready']);
    expect(first.hits.ids).toEqual(['m']);
    await shard.settle();
    const second = await shard.search(VECTOR);
    expect(second).toMatchObject({ refused: [], hits: { ids: ['m', 'p'] } });
  });

  test('invariant 6: right after a start nothing is searched that was not caught up', async () => {
    await shard.node.close();
    await shard.store.write('shop', [remove('m'), put('m2', 'Mice', VECTOR)]);
    await shard.restart();
    const early = await shard.search(VECTOR);
    const answered = early.refused.length === 0 ? ['m2'] : [];
    expect(early.hits.ids).toEqual(answered);
    await shard.settle();
    expect((await shard.search(VECTOR)).hits.ids).toEqual(['m2']);
  });

  test('a product that moves to another category here is found once, under the new one', async () => {
    await shard.place('Toys');
    await shard.write([put('m', 'Toys', VECTOR)]);
    const toys = [await partitionOf(shard.store, 'shop', 'Toys')];
    expect((await shard.search(VECTOR, { partitions: toys })).hits.ids).toEqual(['m']);
    expect((await shard.search(VECTOR)).hits.ids).toEqual(['m']);
    await shard.write([put('m', 'Pans', VECTOR)]);
    expect((await shard.search(VECTOR)).hits.ids).toEqual([]);
  });
});

test('a shard does not read again and again what others hold', async () => {
  const shard = await ShardFixture.open();
  try {
    await shard.place('Pans', 's2');
    await shard.place('Mice');
    await shard.write(Array.from({ length: 1_300 }, (_, i) => put(`p${i}`, 'Pans', VECTOR)));
    await shard.untilSaved((manifest) => manifest !== undefined);
    const position = decodePosition(shard.manifest()?.position ?? '');
    const behind = await shard.store.behind('shop', position, 10_000);
    expect(behind).toBeLessThan(1_300 - REPLAY_ENTRIES);
    await shard.restart();
    await shard.write([put('m', 'Mice', VECTOR)]);
    expect((await shard.search(VECTOR)).hits.ids).toEqual(['m']);
  } finally {
    await shard.close();
  }
});

describe('over a store that fails or answers late', () => {
  let dir: string;
  let store: Store;
  let follower: Follower | undefined;
  let applied: AppliedCount;
  const builder = new Builder(BUILD_WORKER);

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'omnisearch-follower-'));
    store = await openLmdbStore({ dir: join(dir, 'store') });
    await place(store, 't', [firstPartition('c', ['s1'])]);
  });
  afterEach(async () => {
    await follower?.stop();
    await store.close();
    rmSync(dir, { recursive: true });
  });

  function follow(reader: StoreReader): Follower {
    const index = new TenantIndex('t', 'm1', VECTOR.length, DEFAULT_TEXT_SETTINGS);
    const merge = {
      tailRows: 1e9,
      fanout: 2,
      maxDeadShare: 0.5,
      maxSegmentRows: 1e6,
      replayEntries: 1e9,
    };
    const segment = {
      graphMinRows: 1e9,
      ef: { target: 0.95, min: 64, max: 64 },
      graph: { engine: 'usearch' as const, M: 4, efConstruction: 10 },
    };
    const origin = { folder: join(dir, 'shard'), storeId: store.storeId, terms: 'words' };
    const options = { ...origin, segment, merge };
    const logger = pino({ level: 'silent' });
    const keeper = new SegmentKeeper(index, builder, options, logger);
    applied = { entries: 0 };
    follower = new Follower('s1', reader, index, keeper, logger, undefined, applied);
    follower.start();
    return follower;
  }

  /** Another follower of what `index` holds, as after a restart. */
  function followOn(index: TenantIndex, reader: StoreReader): Follower {
    const keeper = new NoFiles(index.position) as unknown as SegmentKeeper;
    const again = new Follower('s1', reader, index, keeper, pino({ level: 'silent' }));
    again.start();
    return again;
  }

  const writes = (count: number): ReturnType<typeof put>[] =>
    Array.from({ length: count }, (_, i) => put(`p${i}`, 'c', VECTOR));

  test('it goes on where it was when the store comes back', async () => {
    let failing = true;
    const { mark } = await store.write('t', writes(300));
    const one = follow(
      slowReader(
        store,
        () => 0,
        () => failing,
      ),
    );
    await sleep(20);
    expect([one.index.liveRows, one.readiness.allReady]).toEqual([0, false]);
    // How many cannot be asked: that there may be some is told.
    await expect.poll(() => one.behind.entries).toBe(1);
    expect(applied.entries).toBe(0);
    failing = false;
    expect(await one.awaitApplied(mark, 10_000)).toBe(true);
    expect(one.index.liveRows).toBe(300);
    expect([one.behind.entries, applied.entries]).toEqual([0, 300]);
  });

  test('a resync drops what the feed does not know any more, whatever the feed has forgotten', async () => {
    const { mark } = await store.write('t', writes(300));
    const held = follow(store);
    expect(await held.awaitApplied(mark, 10_000)).toBe(true);
    // While it is cut off, products are deleted and their tombstones purged: it cannot be told.
    await held.stop();
    await store.write(
      't',
      Array.from({ length: 200 }, (_, i) => remove(`p${i}`)),
    );
    await store.purgeTombstones(Date.now() + 1_000);
    const again = followOn(held.index, store);
    const { mark: now } = await store.write('t', []);
    expect(await again.awaitApplied(now, 10_000)).toBe(true);
    await again.stop();
    expect(again.index.liveRows).toBe(100);
  });

  test('a purge in the middle of a resync starts it again', async () => {
    const { mark } = await store.write('t', writes(400));
    const base = follow(store);
    await base.awaitApplied(mark, 10_000);
    await base.stop();
    // Gone and forgotten while nobody followed: the way back is a resync.
    await store.write('t', [remove('p0')]);
    await store.purgeTombstones(Date.now() + 1_000);
    let pages = 0;
    const reader = onEachPage(async () => {
      if (pages++ !== 3) return;
      await store.write('t', [remove('p1'), remove('p2')]);
      await store.purgeTombstones(Date.now() + 1_000);
    });
    const again = followOn(base.index, reader);
    expect(await again.awaitApplied(mark, 10_000)).toBe(true);
    const { mark: now } = await store.write('t', []);
    expect(await again.awaitApplied(now, 10_000)).toBe(true);
    await again.stop();
    expect(again.index.liveRows).toBe(397);
    expect(again.index.heldVersion('p1')).toBeUndefined();
  });

  /** The store, with something done before each page of its feed is read. */
  function onEachPage(before: () => Promise<void>): StoreReader {
    return new Proxy(store, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        const method = member.bind(target) as (...args: unknown[]) => unknown;
        if (name !== 'readFeed') return method;
        return async (...args: Parameters<Store['readFeed']>) => {
          await before();
          return store.readFeed(...args);
        };
      },
    });
  }

  /** A store that others write to before each page is read: the feed's end is never met. */
  function underSteadyWrites(entriesAPage: number): StoreReader {
    let n = 0;
    return onEachPage(async () => {
      const more = Array.from({ length: entriesAPage }, () => put(`more${n++}`, 'c', VECTOR));
      // Among them one that stood further ahead in the feed, and moves to its end.
      await store.write('t', [...more, put(`p${n % 300}`, 'c', VECTOR, { n })]);
    });
  }

  test('it is ready once it has read what was there at its start, though the feed never ends', async () => {
    const { mark } = await store.write('t', writes(1_000));
    const one = follow(underSteadyWrites(200));
    expect(await one.awaitApplied(mark, 10_000)).toBe(true);
    expect(one.readiness.allReady).toBe(true);
    expect(one.index.liveRows).toBeGreaterThanOrEqual(999 - 20);
    expect(await store.behind('t', one.index.position, 1)).toBe(1);
  });

  test('a resync ends too, and drops nothing that was only written again', async () => {
    const { mark } = await store.write('t', writes(300));
    const base = follow(store);
    await base.awaitApplied(mark, 10_000);
    await base.stop();
    await store.write('t', [remove('p299')]);
    await store.purgeTombstones(Date.now() + 1_000);
    const again = followOn(base.index, underSteadyWrites(200));
    const { mark: now } = await store.write('t', []);
    expect(await again.awaitApplied(now, 10_000)).toBe(true);
    const held = writes(299).filter(({ id }) => again.index.heldVersion(id) !== undefined);
    expect(held).toHaveLength(299);
    expect(again.index.heldVersion('p299')).toBeUndefined();
    await again.stop();
  });

  test('a row that is lost while all is compared is found by comparing once more', async () => {
    const { mark } = await store.write('t', writes(400));
    let pages = -Infinity;
    const reader = onEachPage(async () => {
      if (++pages !== 3) return;
      one.index.drop('p0', Infinity);
      one.invalidate();
    });
    const one = follow(reader);
    expect(await one.awaitApplied(mark, 10_000)).toBe(true);
    pages = 0;
    one.invalidate();
    expect(await one.awaitApplied(mark, 10_000)).toBe(true);
    expect(pages).toBeGreaterThan(3);
    expect(one.index.liveRows).toBe(400);
  });

  test('waiting for what never comes ends, and stopping ends every wait', async () => {
    const one = follow(store);
    const { mark } = await store.write('t', []);
    await one.awaitApplied(mark, 10_000);
    const future = Buffer.from(mark);
    future.writeUInt8(9, future.length - 1);
    expect(await one.awaitApplied(future, 5)).toBe(false);
    const waiting = one.awaitApplied(future, 60_000);
    await sleep(1);
    await one.stop();
    expect(await waiting).toBe(false);
    expect(await one.awaitApplied(future, 60_000)).toBe(false);
  });
});

/** A keeper of nothing: the index keeps what it has in memory, and where it stood. */
class NoFiles {
  constructor(private readonly position: Position | undefined) {}

  async load(): Promise<Loaded> {
    return { position: this.position, partitions: [] };
  }
  maintain(): void {
    // Nothing is built.
  }
  sealSoon(): void {
    // Nothing is on disk.
  }
  beginClose(): void {
    // Nothing is called off.
  }
  async backpressure(): Promise<void> {
    // There is always room.
  }
  async close(): Promise<void> {
    // There is nothing to close.
  }
}
