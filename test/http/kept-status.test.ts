import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { KeptStatus, type StatusSources } from '../../src/http/kept-status.js';
import { notReadyReason, roleHealth, shardHealth, storeHealth } from '../../src/http/readiness.js';

const counts = { documents: 7, bytes: 1, behind: 0, partitions: 5, tenants: 1, storeReads: 0 };
const switching = { tenants: 0, first: [] };
const ready = { ready: true, damaged: [], switching, ...counts };
const up = (name: string) => ({ name, reply: ready });
const down = (name: string) => ({ name, reply: undefined, problem: 'no answer in time' });
const late = (name: string) => ({ name, reply: { ...ready, ready: false, notReady: '3 behind' } });

describe('the rule of readiness', () => {
  test('at first all shards must be ready, afterwards one of them', () => {
    expect(notReadyReason([up('s1')], 2, false)).toBe('1 of 2 shards are known');
    expect(notReadyReason([up('s1'), down('s2')], 2, false)).toContain('s2 (no answer in time)');
    expect(notReadyReason([up('s1'), late('s2')], 2, false)).toContain('s2 (3 behind)');
    expect(notReadyReason([up('s1'), up('s2')], 2, false)).toBeUndefined();
    expect(notReadyReason([up('s1'), down('s2')], 2, true)).toBeUndefined();
    expect(notReadyReason([down('s1'), down('s2')], 2, true)).toContain('s1');
  });
});

describe('health', () => {
  test('the store is down when a write would fail, degraded when something is damaged', () => {
    expect(storeHealth({ damaged: [] })).toEqual({ name: 'store', state: 'ok' });
    const full = storeHealth({ problem: 'no space left on device', damaged: [] });
    expect(full).toMatchObject({ state: 'down', detail: 'no space left on device' });
    const damaged = Array.from({ length: 5 }, (_, i) => ({
      ...{ tenant: 'a', id: `p${i}`, what: 'document' },
    }));
    const { state, detail } = storeHealth({ damaged });
    expect(state).toBe('degraded');
    expect(detail).toContain('document of a/p0');
    expect(detail).toContain('2 more');
  });

  test('a shard names what it left out', () => {
    const damaged = [{ tenant: 'a', id: 'p', what: 'vectors' }];
    const part = shardHealth({ name: 's1', reply: { ...ready, damaged } });
    expect(part).toMatchObject({
      state: 'degraded',
      detail: expect.stringContaining('a/p') as string,
    });
  });
});

describe('a role', () => {
  test('is as well as its nodes are', () => {
    const of = (...states: ('ok' | 'starting' | 'degraded' | 'down')[]) =>
      roleHealth(
        'shards',
        states.map((state, i) => ({ name: `shard s${i}`, state })),
      );
    expect(of('ok', 'ok')).toEqual({ name: 'shards', state: 'ok', detail: '2 of 2 healthy' });
    expect(of('ok', 'down')).toMatchObject({ state: 'degraded', detail: '1 of 2 healthy' });
    expect(of('starting', 'down')).toMatchObject({ state: 'starting', detail: '0 of 2 healthy' });
    expect(of('down', 'down')).toMatchObject({ state: 'down', detail: '0 of 2 healthy' });
  });
});

describe('status pages', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  /** A store of many tenants that counts what it is asked. */
  class CountingStore {
    calls = 0;
    readonly reads = 0;
    products = 10;
    problem: string | undefined;

    async productCount() {
      this.calls += 1;
      return this.products;
    }
    async healthy() {
      this.calls += 1;
      return this.problem;
    }
    damaged() {
      return [];
    }
  }

  const sources = (store: CountingStore): StatusSources => ({
    ...{
      model: { name: 'm', fingerprint: 'f', dimensions: 4 },
      cutoffs: () => ({ own: null, calibrated: [] }),
      analyzer: 1,
      minShards: 1,
      store,
    },
    queryNodes: () => [],
    redis: () => undefined,
    encoder: () => ({ failedInARow: 0, isFull: false }),
    shards: () => [up('s1'), up('s2')],
    caches: () => ({
      ...{ embeddingQueued: 0, embeddedProducts: 0 },
      embeddingCache: { entries: 0, hits: 0, misses: 0 },
      answerCache: { entries: 0, hits: 0, misses: 0 },
    }),
  });

  test('ask the store nothing, and at rest it is asked a few times a second, however many tenants', async () => {
    const store = new CountingStore();
    const status = await KeptStatus.start(sources(store));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(status.status()).toMatchObject({ products: 10, partitions: 10 });
    const before = store.calls;
    for (let i = 0; i < 100; i++) {
      expect(status.notReady()).toBeUndefined();
      status.parts();
      status.status();
    }
    expect(store.calls).toBe(before);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(store.calls - before).toBeLessThanOrEqual(60 * 4);
    status.close();
  });

  test('count the query nodes that hold a lease', async () => {
    const queryNodes = () => [{ isAlive: true }, { isAlive: false }, { isAlive: true }];
    const status = await KeptStatus.start({ ...sources(new CountingStore()), queryNodes });
    const detail = '2 of 3 healthy';
    expect(status.parts()).toContainEqual({ name: 'query nodes', state: 'degraded', detail });
    status.close();
  });

  test('follow what was written within a second, and a store that fails within a few', async () => {
    const store = new CountingStore();
    const status = await KeptStatus.start(sources(store));
    store.products = 11;
    store.problem = 'read-only file system';
    await vi.advanceTimersByTimeAsync(1_000);
    expect(status.status().products).toBe(11);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(status.parts()[0]).toMatchObject({ name: 'store', state: 'down' });
    expect(status.parts().map(({ name }) => name)).not.toContain('query nodes');
    status.close();
    const { calls } = store;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(store.calls).toBe(calls);
  });
});
