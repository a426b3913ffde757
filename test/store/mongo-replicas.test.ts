import fc from 'fast-check';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StoreReads } from '../../src/cluster/store-reads.js';
import { openMongoStore } from '../../src/store/mongo/open.js';
import { ReplicaLag } from '../../src/store/mongo/replica-lag.js';
import { describeLag, outdated } from '../../src/store/mongo/replica-reads.js';
import type { Store } from '../../src/store/store.js';
import { put } from './contract/writes.js';
import { MongoServer, whyNoServer } from './mongo-server.js';
import { TwoFacedMongo } from './two-faced-mongo.js';

const reason = process.env['MONGODB_URL'] === undefined ? whyNoServer() : 'needs its own server';
const T = 'shop';
const logger = pino({ level: 'silent' });

describe.skipIf(reason !== undefined)(
  `joins from secondaries${reason ? ` (${reason})` : ''}`,
  () => {
    let server: MongoServer;
    let set: TwoFacedMongo;
    let store: Store;
    const open = (more = '') =>
      openMongoStore({
        ...{ url: set.url('replicas') + more, minPoolSize: 0, serverSelectionTimeoutMs: 2_000 },
      });
    beforeAll(async () => {
      server = await MongoServer.start();
      set = await TwoFacedMongo.before(server.port);
      store = await open();
      await store.write(T, [put('x'), put('y')]);
    }, 300_000);
    afterAll(async () => {
      await store.close();
      set.close();
      await server.stop();
    });

    /** Who is asked for a join. */
    async function asked(at = store): Promise<string> {
      const before = { ...set.reads };
      const found = await at.documents(T, ['x', 'y', 'none'], [1, 1, 1]);
      expect(found.map((document) => document?.product.id)).toEqual(['x', 'y', undefined]);
      return set.reads.secondary > before.secondary ? 'secondary' : 'primary';
    }
    const soon = { timeout: 15_000 };

    it('only while all are within the bound; what is measured is told, and nothing is without one', async () => {
      const secondary = set.address('secondary');
      expect(await asked()).toBe('primary');
      expect(store.detail?.()).toBeUndefined();
      store.replicas?.follow(5_000);
      await expect.poll(() => asked(), soon).toBe('secondary');
      expect(store.detail?.()).toMatch(/^joins may be stale by 5000 ms; 127.* is \d+ ms behind$/);
      set.lagMs = 60_000;
      await expect.poll(() => store.servers?.().lagSeconds, soon).toBeGreaterThan(58);
      await expect.poll(() => asked(), soon).toBe('primary');
      const [lag, ...more] = store.replicas?.lags ?? [];
      expect(more).toEqual([]);
      expect(lag?.server).toBe(secondary);
      expect(lag?.lagMs).toBeGreaterThan(58_000);
      expect(store.detail?.()).toContain('so the primary is read');
      set.lagMs = 0;
      await expect.poll(() => asked(), soon).toBe('secondary');
      store.replicas?.follow(undefined);
      expect(await asked()).toBe('primary');
      expect(store.replicas?.lags).toEqual([]);
    });

    it("of a region alone where the URL has its tags, and by that region's lag", async () => {
      const [near, far] = [
        await open('&readPreferenceTags=region:eu'),
        await open('&readPreferenceTags=region:asia'),
      ];
      try {
        for (const each of [near, far]) each.replicas?.follow(5_000);
        await expect.poll(() => asked(near), soon).toBe('secondary');
        expect(await asked(far)).toBe('primary');
        expect(far.replicas?.lags).toEqual([]);
        set.lagMs = 60_000;
        await expect.poll(() => near.replicas?.lags[0]?.lagMs, soon).toBeGreaterThan(58_000);
        await expect.poll(() => asked(near), soon).toBe('primary');
      } finally {
        set.lagMs = 0;
        await near.close();
        await far.close();
      }
    });

    it('by what was said last, on every node, whatever its own settings say', async () => {
      const other = await open();
      const here = new StoreReads(store.records, store.replicas, 'primary', logger);
      const there = new StoreReads(other.records, other.replicas, 'secondary:90000', logger);
      for (const each of [here, there]) each.start();
      expect([here, there].map((each) => each.show().reads)).toEqual([
        'primary',
        'secondary:90000',
      ]);
      await here.change('secondary:7000');
      await expect.poll(() => there.show().reads, soon).toBe('secondary:7000');
      expect(here.show().reads).toBe('secondary:7000');
      await there.change('primary');
      await expect.poll(() => here.show().reads, soon).toBe('primary');
      for (const each of [here, there]) await each.close();
      await other.close();
    });
  },
);

describe('the lag of secondaries', () => {
  it('is never told as less than it is, whatever the clocks say and whenever servers are asked', () => {
    const ms = fc.integer({ min: 0, max: 500 });
    const look = fc.record({ lagMs: fc.integer({ min: 0, max: 100_000 }), afterMs: ms });
    fc.assert(
      fc.property(fc.integer(), fc.array(look, { minLength: 1 }), ms, (skewMs, looks, laterMs) => {
        const lag = new ReplicaLag();
        // Of a primary that is written all the time, by its own clock; ours is another.
        const primary = (atMs: number) => ({ isSecondary: false, writtenMs: atMs + skewMs, atMs });
        let nowMs = 0;
        let showsMs = 0;
        for (const { lagMs, afterMs } of looks) {
          lag.heard('a', primary(nowMs));
          nowMs += afterMs;
          showsMs = nowMs - lagMs;
          lag.heard('b', { isSecondary: true, writtenMs: showsMs + skewMs, atMs: nowMs });
        }
        const behindMs = lag.behindMs(nowMs + laterMs) ?? -Infinity;
        expect(behindMs).toBeGreaterThanOrEqual(nowMs + laterMs - showsMs);
        expect(behindMs).toBeLessThanOrEqual(nowMs + laterMs - showsMs + 1);
      }),
    );
  });

  it('is none where nothing was written, and unknown without a primary or a secondary', () => {
    const lag = new ReplicaLag();
    expect(lag.behindMs(0)).toBeUndefined();
    lag.heard('a', { isSecondary: false, writtenMs: 1_000, atMs: 90_000 });
    expect(lag.behindMs(90_000)).toBeUndefined();
    lag.heard('b', { isSecondary: true, writtenMs: 1_000, atMs: 90_000 });
    expect(lag.behindMs(90_000)).toBe(0);
    expect([lag.isStill(500, 90_100), lag.isStill(500, 90_500)]).toEqual([false, true]);
    lag.lost('a');
    expect(lag.behindMs(90_000)).toBeUndefined();
  });

  it('of one that is silent grows, until it is gone', () => {
    const lag = new ReplicaLag();
    lag.heard('a', { isSecondary: false, writtenMs: 1_000, atMs: 0 });
    lag.heard('b', { isSecondary: true, writtenMs: 1_000, atMs: 0 });
    lag.silent('b', 500);
    expect(lag.behindMs(500)).toBe(500);
    lag.silent('b', 20_000);
    expect(lag.behindMs(20_000)).toBe(20_000);
    lag.silent('b', 30_000);
    expect(lag.behindMs(30_000)).toBeUndefined();
    lag.heard('b', { isSecondary: true, writtenMs: 1_000, atMs: 0 });
    lag.silent('a', 500);
    expect(lag.behindMs(500)).toBeUndefined();
  });

  it('what is older than its hit, or not there yet, is read again', () => {
    const found = new Map([
      ['a', { version: 5 }],
      ['b', { version: 4 }],
    ]);
    expect(outdated(['a', 'b', 'c'], [5, 5, 1], found)).toEqual(['b', 'c']);
  });

  it('is told of each', () => {
    expect(describeLag([{ server: 'm2:1', lagMs: 1_000 }], 90_000)).toBe(
      'joins may be stale by 90000 ms; m2:1 is 1000 ms behind',
    );
    expect(describeLag([], 1)).toContain('no secondary is known');
  });
});
