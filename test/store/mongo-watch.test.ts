import { MongoClient, MongoServerError, type ChangeStream } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { collectionsOf, type Collections } from '../../src/store/mongo/collections.js';
import type { ServerFeatures } from '../../src/store/mongo/features.js';
import { TenantWatch } from '../../src/store/mongo/tenant-watch.js';

describe('the watch of tenants', () => {
  it('closed while it asks whether it can watch: it ends, and no stream is opened', async () => {
    // Never connected: a stream on it would wait for its server.
    const client = new MongoClient('mongodb://127.0.0.1:1/x');
    const streams: ChangeStream[] = [];
    const collections = collectionsOf(client.db());
    const tenants = new Proxy(collections.tenants, {
      get(target, property) {
        if (property !== 'watch') return Reflect.get(target, property) as unknown;
        return () => {
          const stream = target.watch();
          streams.push(stream);
          return stream;
        };
      },
    });
    let answer: (can: boolean) => void = () => undefined;
    const features = () =>
      new Promise<ServerFeatures>((resolve) => {
        answer = (changeStreams) => resolve({ changeStreams, transactions: false });
      });
    const connection = { features, collections: { ...collections, tenants } };
    const watch = new TenantWatch(connection, () => undefined);
    const closed = watch.close();
    answer(true);
    await closed;
    expect(streams).toEqual([]);
    await client.close();
  });

  it('a server that says it has change streams and refuses one is asked once', async () => {
    let asked = 0;
    const refusal = new MongoServerError({ message: 'no such stage', code: 40_324 });
    const collections = {
      tenants: {
        watch: () => {
          asked += 1;
          return {
            [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(refusal) }),
            close: async () => undefined,
          };
        },
      },
    } as unknown as Collections;
    const features = async () => ({ changeStreams: true, transactions: false });
    const watch = new TenantWatch({ features, collections }, () => undefined);
    await watch.ended;
    expect(asked).toBe(1);
    await watch.close();
  });
});
