import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeMongoStore } from '../store/mongo-fixture.js';
import { MongoServer, MONGODB_URL, whyNoServer } from '../store/mongo-server.js';
import { ReconciledShard, TENANT } from './reconciled-shard.js';
import { put } from './shard-fixture.js';

const reason = whyNoServer();
const builder = ReconciledShard.builder();
let server: MongoServer | undefined;

describe.skipIf(reason !== undefined)(`on MongoDB ${reason ?? ''}`, () => {
  beforeAll(async () => {
    if (MONGODB_URL === undefined) server = await MongoServer.start();
  }, 330_000);
  afterAll(async () => {
    await builder.close();
    await server?.stop();
  });

  it('finds and heals a missing row while others are written', async () => {
    const { store, close } = await makeMongoStore(server);
    await ReconciledShard.place(store, 'Mice');
    const writeAll = (price: number): Promise<unknown> => {
      const ids = Array.from({ length: 100 }, (_, i) => `p${i}`);
      const writes = ids.map((id) => put(id, 'Mice', [1, 0, 0, 0, 0, 0, 0, 0], { price }));
      return store.write(TENANT, writes);
    };
    await writeAll(0);
    await store.write(TENANT, [put('lost', 'Mice', [1, 0, 0, 0, 0, 0, 0, 0])]);
    const shard = new ReconciledShard(store, builder);
    try {
      await shard.settle();
      for (let price = 1; price < 5; price++) await Promise.all([shard.check(), writeAll(price)]);
      expect(shard.reconciler.report().reconciled).toBe(0);
      shard.index.drop('lost', Infinity);
      for (let price = 5; price < 9; price++) await Promise.all([shard.check(), writeAll(price)]);
      await shard.settle();
      expect(shard.reconciler.report().reconciled).toBe(1);
      expect(shard.index.heldVersion('lost')).toBeDefined();
    } finally {
      await shard.close();
      await close();
    }
  });
});
