import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openIngest, type IngestHarness } from '../ingest/harness.js';
import type { StoreFixture } from '../store/contract/fixture.js';
import { makeMongoStore } from '../store/mongo-fixture.js';
import { MONGODB_URL, MongoServer, whyNoServer } from '../store/mongo-server.js';
import { openImports } from './import-harness.js';

const reason = whyNoServer();
const product = (id: string, price = 1) => ({ id, title: `title ${id}`, category: 'Mice', price });
const many = (count: number) => Array.from({ length: count }, (_, i) => product(`p${i}`));

describe.skipIf(reason !== undefined)('imports on MongoDB', () => {
  let server: MongoServer | undefined;
  let fixture: StoreFixture;
  let node: IngestHarness;
  beforeAll(async () => {
    if (MONGODB_URL === undefined) server = await MongoServer.start();
    fixture = await makeMongoStore(server);
    node = await openIngest({ store: fixture.store });
  });
  afterAll(async () => {
    await fixture.close();
    await server?.stop();
  });

  test('are written, prune what is missing, ask first, and leave alone what others wrote', async () => {
    const imports = openImports(node);
    expect((await imports.run(many(100))).state).toBe('done');
    const some = await imports.run([...many(99), { id: 'x' }], { prune: true });
    expect(some).toMatchObject({
      ...{ state: 'done', toPrune: 1, pruned: 1, counts: { unchanged: 99, rejected: 1 } },
    });
    const id = await imports.take([...many(10), product('p10', 5)], { prune: true });
    await node.ingest.upsertOne('default', product('p10', 7));
    await node.ingest.upsertOne('default', product('p50', 7));
    await imports.work();
    expect(await imports.desk.get('default', id)).toMatchObject({
      ...{ state: 'waiting_for_confirmation', toPrune: 87, counts: { stale: 1 } },
    });
    await imports.desk.confirm('default', id);
    await imports.work();
    expect(await imports.desk.get('default', id)).toMatchObject({ state: 'done', pruned: 87 });
    expect((await node.store.usage('default')).products).toBe(12);
    const [kept] = await node.store.documents('default', ['p10']);
    expect(kept?.product['price']).toBe(7);
    await imports.runner.close();
  }, 60_000);

  test('go on with another worker where their own stood still', async () => {
    const clock = { ms: 0 };
    const [first, second] = [
      openImports(node, { tenant: 'two', now: () => clock.ms }),
      openImports(node, { tenant: 'two', now: () => clock.ms }),
    ];
    const id = await first.take(many(3_000));
    await first.runner.tick();
    while ((await first.desk.get('two', id)).counts.rows === 0) await pause();
    // It is looked at, and beats no more.
    await second.runner.tick();
    clock.ms += 15_001;
    await second.runner.tick();
    await second.runner.settled();
    await first.runner.settled();
    await second.work();
    expect(await first.desk.get('two', id)).toMatchObject({
      ...{ state: 'done', counts: { rows: 3_000, accepted: 3_000 } },
    });
    expect((await node.store.usage('two')).products).toBe(3_000);
    await Promise.all([first.runner.close(), second.runner.close()]);
  }, 120_000);
});

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
