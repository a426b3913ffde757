import { MongoClient, type ChangeStream } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { collectionsOf } from '../../src/store/mongo/collections.js';
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
    const canWatch = () => new Promise<boolean>((resolve) => (answer = resolve));
    const connection = { canWatch, collections: { ...collections, tenants } };
    const watch = new TenantWatch(connection, () => undefined);
    const closed = watch.close();
    answer(true);
    await closed;
    expect(streams).toEqual([]);
    await client.close();
  });
});
