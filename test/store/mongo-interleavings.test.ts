import fc, { type Scheduler } from 'fast-check';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { positionCovers } from '../../src/store/position.js';
import { collectionsOf, type Collections } from '../../src/store/mongo/collections.js';
import { readFeedPage } from '../../src/store/mongo/feed.js';
import type { MongoStoreOptions } from '../../src/store/mongo/options.js';
import { purgeTombstones } from '../../src/store/mongo/purge.js';
import { recountTenant } from '../../src/store/mongo/recount.js';
import type { ProductWrite } from '../../src/store/store.js';
import { Follower } from './contract/follower.js';
import { put, remove } from './contract/writes.js';
import { gated } from '../../src/store/mongo/gated-collections.js';
import { batchWriterOf, Closer, rangesOf } from './mongo-batch-fixture.js';
import { dropDatabase, freshOptions } from './mongo-fixture.js';
import { MONGODB_URL, MongoServer, whyNoServer } from './mongo-server.js';

const RUNS = Number(process.env['OMNISEARCH_INTERLEAVINGS'] ?? 25);
const IDS = ['a', 'b', 'c'];
const reason = whyNoServer();

let server: MongoServer | undefined;
let options: MongoStoreOptions;
let client: MongoClient;
let collections: Collections;
let runs = 0;

const aWrite = fc.record({ id: fc.constantFrom(...IDS), title: fc.constantFrom('x', 'y', '') });
const aBatch = fc.array(aWrite, { minLength: 1, maxLength: 3 });
/** Batches of one writer, and after how many operations it dies, if ever. */
const aWriter = fc.record({
  batches: fc.array(aBatch, { minLength: 1, maxLength: 3 }),
  diesAfter: fc.option(fc.nat({ max: 20 }), { nil: Infinity }),
});
const followerPages = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 6 });

type AWriter = typeof aWriter extends fc.Arbitrary<infer T> ? T : never;

/** Says that a process is dead: nothing of it goes on. */
class Killed extends Error {}

function toWrite({ id, title }: { id: string; title: string }): ProductWrite {
  return title === '' ? remove(id) : put(id, { title });
}

function bounded(write: ProductWrite, maxProducts: number): ProductWrite {
  return write.op === 'put' ? { ...write, maxProducts } : write;
}

/** Runs `operation` by itself, at a moment that the scheduler chooses. */
async function inTurn<T>(
  scheduler: Scheduler,
  name: string,
  operation: () => Promise<T>,
): Promise<T> {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  await scheduler.schedule(Promise.resolve(), name, undefined, async (release) => {
    await release();
    await ended;
  });
  try {
    return await operation();
  } finally {
    end();
  }
}

/** Writes until it is done or dead, each operation in its turn. */
async function runWriter(
  scheduler: Scheduler,
  tenant: string,
  { batches, diesAfter }: AWriter,
  maxProducts?: number,
): Promise<void> {
  let operations = 0;
  const own = gated(collections, (name, operation) =>
    inTurn(scheduler, name, () => {
      if (operations >= diesAfter) throw new Killed();
      operations += 1;
      return operation();
    }),
  );
  const write = batchWriterOf(own);
  try {
    for (const batch of batches) {
      const writes = batch.map(toWrite);
      await write(
        tenant,
        maxProducts === undefined ? writes : writes.map((each) => bounded(each, maxProducts)),
      );
    }
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
  }
}

function followerOf(from: Collections, tenant: string): Follower {
  return new Follower(
    {
      readFeed: (_, after, limit) => readFeedPage(from, tenant, after, limit, Infinity),
      covers: positionCovers,
    },
    tenant,
  );
}

/** A follower whose reads are cut into operations as well. */
function slowFollower(scheduler: Scheduler, tenant: string): Follower {
  return followerOf(
    gated(collections, (name, operation) => inTurn(scheduler, name, operation)),
    tenant,
  );
}

async function readToEnd(follower: Follower): Promise<void> {
  for (let pages = 0; pages < 100 && !(await follower.readPage(2)); pages++);
}

async function readPages(follower: Follower, limits: readonly number[]): Promise<void> {
  for (const limit of limits) await follower.readPage(limit);
}

async function closeRanges(): Promise<void> {
  await new Closer(collections).close();
}

async function purge(scheduler: Scheduler): Promise<void> {
  const own = gated(collections, (name, operation) => inTurn(scheduler, name, operation));
  await purgeTombstones(own, Date.now() + 60_000);
}

async function storedVersions(tenant: string): Promise<Map<string, number>> {
  const found = await collections.products.find({ tenant, deleted: false }).toArray();
  return new Map(found.map(({ id, version }) => [id, version]));
}

/** All of them, and a fresh one, read to the end and hold what the store holds. */
async function expectEqual(tenant: string, followers: readonly Follower[]): Promise<void> {
  const stored = await storedVersions(tenant);
  for (const follower of [...followers, followerOf(collections, tenant)]) {
    await readToEnd(follower);
    expect(follower.held).toEqual(stored);
  }
}

describe.skipIf(reason !== undefined)(`interleavings${reason ? ` (${reason})` : ''}`, () => {
  beforeAll(async () => {
    if (MONGODB_URL === undefined) server = await MongoServer.start();
    options = freshOptions(server);
    client = new MongoClient(options.url);
    collections = collectionsOf(client.db());
  });
  afterAll(async () => {
    await client.close();
    await dropDatabase(options);
    await server?.stop();
  });

  it('whatever order, whoever dies: each follower ends with the ids and versions of the store', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(aWriter, { minLength: 2, maxLength: 3 }),
        fc.tuple(followerPages, followerPages),
        fc.boolean(),
        async (scheduler, writers, pages, purges) => {
          const tenant = `t${++runs}`;
          const followers = pages.map(() => slowFollower(scheduler, tenant));
          const actors = writers.map((writer) => runWriter(scheduler, tenant, writer));
          actors.push(...followers.map((follower, i) => readPages(follower, pages[i] ?? [])));
          if (purges) actors.push(purge(scheduler));
          await scheduler.waitFor(Promise.all(actors));
          await closeRanges();
          const settled = followers.map((follower) => expectEqual(tenant, [follower]));
          await scheduler.waitFor(Promise.all(settled));
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('whatever order, whoever dies: there are never more products than each write allows', async () => {
    const most = 2;
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(aWriter, { minLength: 2, maxLength: 3 }),
        async (scheduler, writers) => {
          const tenant = `t${++runs}`;
          const actors = writers.map((writer) => runWriter(scheduler, tenant, writer, most));
          await scheduler.waitFor(Promise.all(actors));
          // What dead writers have reserved is theirs until it is counted.
          const all = IDS.map((id) => bounded(put(id), most));
          const fill = async () => (await batchWriterOf(collections)(tenant, all)).statuses;
          await fill();
          expect((await storedVersions(tenant)).size).toBeLessThanOrEqual(most);
          await closeRanges();
          await fill();
          expect((await storedVersions(tenant)).size).toBeLessThanOrEqual(most);
          await recountTenant(collections, rangesOf(collections), tenant);
          expect(await fill()).toContain('full');
          expect((await storedVersions(tenant)).size).toBe(most);
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('a tombstone that is purged while a page is read makes the follower rebuild', async () => {
    const tenant = `t${++runs}`;
    const write = batchWriterOf(collections);
    await write(tenant, [put('a'), put('b')]);
    let meanwhile = async (): Promise<unknown> => undefined;
    const follower = followerOf(
      gated(collections, async (name, operation) => {
        if (name === 'products.find') await meanwhile();
        return operation();
      }),
      tenant,
    );
    await readToEnd(follower);
    await write(tenant, [remove('a')]);
    meanwhile = async () => {
      meanwhile = async () => undefined;
      await purgeTombstones(collections, Date.now() + 60_000);
    };
    await readToEnd(follower);
    await expectEqual(tenant, [follower]);
    expect(follower.rebuilds).toBe(1);
  });

  it('a writer whose range was closed before its writes landed gives them new numbers', async () => {
    const alive = aWriter.map(({ batches }) => ({ batches, diesAfter: Infinity }));
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(alive, { minLength: 1, maxLength: 3 }),
        followerPages,
        fc.integer({ min: 1, max: 3 }),
        async (scheduler, writers, pages, closings) => {
          const tenant = `t${++runs}`;
          const slow = slowFollower(scheduler, tenant);
          // Reads all there is as soon as ranges are closed: just before the late writes land.
          const quick = followerOf(collections, tenant);
          const close = () => closeRanges().then(() => readToEnd(quick));
          const actors = writers.map((writer) => runWriter(scheduler, tenant, writer));
          actors.push(readPages(slow, pages));
          for (let i = 0; i < closings; i++) actors.push(inTurn(scheduler, 'close', close));
          await scheduler.waitFor(Promise.all(actors));
          await scheduler.waitFor(expectEqual(tenant, [slow, quick]));
        },
      ),
      { numRuns: RUNS },
    );
  });
});
