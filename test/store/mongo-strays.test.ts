import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFeedPage } from '../../src/store/mongo/feed.js';
import { landingMsOf, resolveOptions } from '../../src/store/mongo/options.js';
import { RangeReclaim } from '../../src/store/mongo/reclaim.js';
import { positionCovers } from '../../src/store/position.js';
import { eventually } from './contract/fixture.js';
import { Follower } from './contract/follower.js';
import { put } from './contract/writes.js';
import { batchWriterOf, BatchFixture, TIMES, withProducts } from './mongo-batch-fixture.js';
import { whyNoServer } from './mongo-server.js';

const T = 'shop';
const STRAY_MS = 500;
const reason = whyNoServer();
let fixture: BatchFixture;

/** Closes every range that is open, as if its time had come. */
async function closeRanges(): Promise<void> {
  let nowMs = 0;
  const reclaim = new RangeReclaim(fixture.collections, () => nowMs);
  await reclaim.run();
  nowMs = TIMES.leaseMs + TIMES.landingMs;
  await reclaim.run();
}

describe.skipIf(reason !== undefined)(`MongoDB strays${reason ? ` (${reason})` : ''}`, () => {
  beforeAll(async () => {
    fixture = await BatchFixture.open();
  });
  afterAll(() => fixture.close());

  it('a write that lands after its range was closed gets a new number', async () => {
    const { collections } = fixture;
    await batchWriterOf(collections).write(T, [put('first')]);
    const follower = new Follower(
      {
        readFeed: (_, after, limit) => readFeedPage(collections, T, after, limit),
        covers: positionCovers,
      },
      T,
    );
    let cut = true;
    let land: () => Promise<unknown> = () => Promise.reject(new Error('nothing was issued'));
    const own = withProducts(collections, 'bulkWrite', (bulkWrite) => async (...args) => {
      if (!cut) return bulkWrite(...args);
      cut = false;
      land = async () => bulkWrite(...args);
      throw new Error('the connection was cut');
    });
    const { write, strays } = batchWriterOf(own, STRAY_MS);
    const writes = [put('first', { title: 'new' }), put('late')];
    await expect(write(T, writes)).rejects.toThrow('cut');
    await closeRanges();
    await follower.readPage(10);
    await land();
    await eventually('the follower has what landed behind it', async () => {
      await follower.readPage(10);
      return follower.held.has('late');
    });
    const stored = await collections.products.find({ tenant: T }).toArray();
    expect(follower.held).toEqual(new Map(stored.map(({ id, version }) => [id, version])));
    await strays.close();
  });

  it('a range is held for both attempts of the driver', () => {
    const options = { url: 'mongodb://x', timeoutMs: 1_000, serverSelectionTimeoutMs: 300 };
    expect(landingMsOf(resolveOptions(options))).toBe(2_300);
  });
});
