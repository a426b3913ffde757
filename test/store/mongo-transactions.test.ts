import { randomUUID } from 'node:crypto';
import { MongoClient, MongoServerError, type ClientSession } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Collections } from '../../src/store/mongo/collections.js';
import { readUsage } from '../../src/store/mongo/counts.js';
import { askFeatures } from '../../src/store/mongo/features.js';
import { TransactionSequence } from '../../src/store/mongo/transaction-sequence.js';
import { put, remove } from './contract/writes.js';
import { batchWriterOf, BatchFixture, withCollection } from './mongo-batch-fixture.js';
import { MONGODB_URL, whyNoServer } from './mongo-server.js';

const reason = whyNoServer();
let fixture: BatchFixture;

interface Options {
  session?: ClientSession;
}

/** A session that runs its transaction `times` times, each but the last as if it had met another. */
function sessions(times = 1) {
  const session = {
    withTransaction: async <T>(action: () => Promise<T>): Promise<T> => {
      for (let run = 1; run < times; run++) await action().catch(() => undefined);
      return action();
    },
  } as unknown as ClientSession;
  return { withSession: <T>(action: (own: ClientSession) => Promise<T>) => action(session) };
}

/** Collections that tell which commands belong to a session, to a server that has none. */
function inSession(commands: string[], fail?: (command: string) => void): Collections {
  const note = (name: string, optionsAt: number) => {
    return (own: (...args: unknown[]) => unknown) =>
      (...args: unknown[]) => {
        const { session, ...options } = (args[optionsAt] ?? {}) as Options;
        if (session !== undefined) {
          commands.push(name);
          fail?.(name);
        }
        return own(...args.slice(0, optionsAt), options);
      };
  };
  const products = { bulkWrite: note('products', 1), find: note('heads', 1) };
  const tenants = { findOneAndUpdate: note('numbers', 2), updateOne: note('totals', 2) };
  let own = withCollection(fixture.collections, 'products', products);
  own = withCollection(own, 'counts', { bulkWrite: note('counts', 1) });
  return withCollection(own, 'tenants', tenants);
}

describe.skipIf(reason !== undefined)(`MongoDB transactions${reason ? ` (${reason})` : ''}`, () => {
  beforeAll(async () => {
    fixture = await BatchFixture.open();
  });
  afterAll(() => fixture.close());

  it('numbers, products and counts belong to one transaction, and no range is open', async () => {
    const commands: string[] = [];
    const own = inSession(commands);
    const told: string[] = [];
    const sequence = new TransactionSequence(sessions(), own.tenants, async (tenant) => {
      told.push(tenant);
    });
    const { statuses } = await batchWriterOf(own, sequence)('one', [put('b'), put('a')]);
    expect(statuses).toEqual(['applied', 'applied']);
    expect(commands).toEqual(['numbers', 'products', 'counts', 'totals']);
    const record = await fixture.collections.tenants.findOne({ _id: 'one' });
    expect(record).toMatchObject({ sequence: 2, open: [], products: 2 });
    expect(told).toEqual(['one']);
  });

  it('a product that another writer changed meanwhile: all is undone, and decided again within the next', async () => {
    const commands: string[] = [];
    let meanwhile: (() => Promise<unknown>) | undefined = () =>
      batchWriterOf(fixture.collections)('raced', [put('a', { title: 'theirs' })]);
    const own = withCollection(inSession(commands), 'products', {
      bulkWrite:
        (bulkWrite) =>
        async (...args) => {
          const first = meanwhile;
          meanwhile = undefined;
          await first?.();
          return bulkWrite(...args);
        },
    });
    const sequence = new TransactionSequence(sessions(), own.tenants, async () => undefined);
    const { statuses } = await batchWriterOf(own, sequence)('raced', [
      put('a', { title: 'ours', category: 'other' }),
    ]);
    expect(statuses).toEqual(['applied']);
    const again = ['numbers', 'heads', 'products', 'counts', 'counts', 'totals'];
    expect(commands).toEqual(['numbers', 'products', ...again]);
    expect(await readUsage(fixture.collections, 'raced')).toMatchObject({ products: 1 });
    const stored = await fixture.collections.products.findOne({ _id: 'raced/a' });
    expect(stored?.product).toContain('ours');
  });

  it('a transaction has room for what the tenant may have, and for what it takes away itself', async () => {
    const own = inSession([]);
    const sequence = new TransactionSequence(sessions(), own.tenants, async () => undefined);
    const write = batchWriterOf(own, sequence);
    const bounded = (id: string) => ({ ...put(id), maxProducts: 2 });
    const first = await write('bounded', ['a', 'b', 'c'].map(bounded));
    expect(first.statuses).toEqual(['applied', 'applied', 'full']);
    const second = await write('bounded', [bounded('d'), remove('a'), bounded('b')]);
    expect(second.statuses).toEqual(['applied', 'applied', 'unchanged']);
    expect((await write('bounded', [bounded('a')])).statuses).toEqual(['full']);
    expect(await readUsage(fixture.collections, 'bounded')).toMatchObject({ products: 2 });
  });

  it('what fails within it is told, and nothing is announced', async () => {
    const told: string[] = [];
    const own = inSession([], (name) => {
      if (name === 'counts') throw new Error('the connection was cut');
    });
    const sequence = new TransactionSequence(sessions(), own.tenants, async (tenant) => {
      told.push(tenant);
    });
    await expect(batchWriterOf(own, sequence)('failed', [put('a')])).rejects.toThrow('cut');
    expect(told).toEqual([]);
  });

  it('the server is asked whether it has transactions, by one that is undone', async () => {
    const client = new MongoClient(fixture.options.url);
    const features = await askFeatures(client, fixture.collections);
    if (MONGODB_URL === undefined) {
      expect(features).toEqual({ transactions: false, changeStreams: false });
    }
    expect(await fixture.collections.meta.countDocuments({ _id: /^trial/ })).toBe(0);
    await client.close();
  });
});

/** A client whose server says `hello`, and what its transactions come to. */
function clientOf(hello: object, aborted: 'undone' | 'kept' | 'refused') {
  let left = 0;
  const session = { startTransaction: () => undefined, abortTransaction: async () => undefined };
  const client = {
    db: () => ({ command: async () => hello }),
    withSession: (action: (own: object) => Promise<unknown>) => action(session),
  } as unknown as MongoClient;
  const meta = {
    insertOne: async () => {
      if (aborted === 'refused')
        throw new MongoServerError({ message: 'no transactions', code: 20 });
      left = aborted === 'kept' ? 1 : 0;
    },
    deleteOne: async () => ({ deletedCount: left }),
  };
  return { client, collections: { meta } as unknown as Pick<Collections, 'meta'> };
}

describe('what a server is found to have', () => {
  const sessions = { logicalSessionTimeoutMinutes: 30 };
  const replicaSet = { setName: randomUUID(), ...sessions };
  it.each([
    ['a replica set', replicaSet, 'undone', true, true],
    ['one that keeps what was aborted', replicaSet, 'kept', false, true],
    ['one that refuses transactions', replicaSet, 'refused', false, true],
    ['one without sessions', { setName: 'x' }, 'undone', false, true],
    ['a sharded cluster', { msg: 'isdbgrid', ...sessions }, 'undone', false, true],
    [
      'documentdb',
      { msg: 'isdbgrid', internal: { documentdb_versions: ['0.1'] }, ...sessions },
      'undone',
      true,
      true,
    ],
    ['a single server', sessions, 'undone', false, false],
  ] as const)('%s', async (_, hello, aborted, transactions, changeStreams) => {
    const { client, collections } = clientOf(hello, aborted);
    expect(await askFeatures(client, collections)).toEqual({ transactions, changeStreams });
  });
});
