import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Collections } from '../../src/store/mongo/collections.js';
import { readFeedPage } from '../../src/store/mongo/feed.js';
import { landingMsOf, resolveOptions } from '../../src/store/mongo/options.js';
import { RangeReclaim } from '../../src/store/mongo/reclaim.js';
import { positionCovers } from '../../src/store/position.js';
import { Follower } from './contract/follower.js';
import { put } from './contract/writes.js';
import {
  batchWriterOf,
  BatchFixture,
  Closer,
  rangesOf,
  TIMES,
  withCollection,
} from './mongo-batch-fixture.js';
import { whyNoServer } from './mongo-server.js';

const reason = whyNoServer();
let fixture: BatchFixture;

function followerOf(tenant: string): Follower {
  const { collections } = fixture;
  const readFeed = (_: string, after: Uint8Array | undefined, limit: number) =>
    readFeedPage(collections, tenant, after, limit, Infinity);
  return new Follower({ readFeed, covers: positionCovers }, tenant);
}

async function storedVersions(tenant: string): Promise<Map<string, number>> {
  const stored = await fixture.collections.products.find({ tenant }).toArray();
  return new Map(stored.map(({ id, version }) => [id, version]));
}

async function openRanges(tenant: string): Promise<number> {
  return (await fixture.collections.tenants.findOne({ _id: tenant }))?.open.length ?? 0;
}

/** Collections whose first bulk of products is cut off, and that bulk, to land whenever a test says. */
function cutOff(): { own: Collections; land: () => Promise<unknown> } {
  let land: (() => Promise<unknown>) | undefined;
  const own = withCollection(fixture.collections, 'products', {
    bulkWrite:
      (bulkWrite) =>
      async (...args) => {
        if (land !== undefined) return bulkWrite(...args);
        land = async () => bulkWrite(...args);
        throw new Error('the connection was cut');
      },
  });
  return { own, land: () => land?.() ?? Promise.reject(new Error('nothing was issued')) };
}

describe.skipIf(reason !== undefined)(`MongoDB strays${reason ? ` (${reason})` : ''}`, () => {
  beforeAll(async () => {
    fixture = await BatchFixture.open();
  });
  afterAll(() => fixture.close());

  it('a write that lands after its range was closed gets a new number', async () => {
    const tenant = 'late';
    await batchWriterOf(fixture.collections)(tenant, [put('first')]);
    const follower = followerOf(tenant);
    const { own, land } = cutOff();
    const writes = [put('first', { title: 'new' }), put('late')];
    await expect(batchWriterOf(own)(tenant, writes)).rejects.toThrow('cut');
    const closer = new Closer(fixture.collections);
    await closer.close();
    await follower.readPage(10);
    await land();
    await closer.reclaim.run();
    await follower.readPage(10);
    expect(follower.held).toEqual(await storedVersions(tenant));
    expect(follower.held.has('late')).toBe(true);
  });

  it('a range whose owner is silent for a lease is closed, one that is beaten is not', async () => {
    const tenant = 'beaten';
    const owner = rangesOf(fixture.collections);
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const writing = owner.write(tenant, 1, [], async () => {
      await held;
      return { products: 0, bytes: 0, versions: [] };
    });
    let nowMs = 0;
    const other = new RangeReclaim(
      fixture.collections,
      rangesOf(fixture.collections),
      0,
      () => nowMs,
    );
    await expect.poll(() => openRanges(tenant)).toBe(1);
    for (let n = 0; n < 5; n++) {
      await other.run();
      nowMs += TIMES.leaseMs / 2;
      await owner.beat();
    }
    expect(await openRanges(tenant)).toBe(1);
    await other.run();
    nowMs += TIMES.leaseMs;
    expect(await other.run()).toBe(1);
    expect(await openRanges(tenant)).toBe(0);
    release();
    await writing;
  });

  it('more than ten writes whose outcome is unknown at once: no warning of listeners', async () => {
    const warnings: string[] = [];
    const listen = (warning: Error) => warnings.push(warning.name);
    process.on('warning', listen);
    const own = withCollection(fixture.collections, 'products', {
      bulkWrite: () => () => Promise.reject(new Error('the connection was cut')),
    });
    const write = batchWriterOf(own);
    const tenants = Array.from({ length: 12 }, (_, i) => `unknown${i}`);
    await Promise.allSettled(tenants.map((tenant) => write(tenant, [put('a')])));
    await new Promise(setImmediate);
    process.off('warning', listen);
    expect(warnings).toEqual([]);
  });

  it('a closed range is watched for longer than both attempts of the driver take', () => {
    const options = { url: 'mongodb://x', timeoutMs: 1_000, serverSelectionTimeoutMs: 300 };
    expect(landingMsOf(resolveOptions(options))).toBe(2_300);
  });
});
