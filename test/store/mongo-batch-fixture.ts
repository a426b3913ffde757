import { MongoClient } from 'mongodb';
import { Deadline } from '../../src/core/deadline.js';
import { collectionsOf, type Collections } from '../../src/store/mongo/collections.js';
import type { MongoStoreOptions } from '../../src/store/mongo/options.js';
import { prepareWrite } from '../../src/store/mongo/prepare.js';
import { Renumbering } from '../../src/store/mongo/renumbering.js';
import { Sequence } from '../../src/store/mongo/sequence.js';
import { StrayWrites } from '../../src/store/mongo/stray-writes.js';
import { BatchWriter } from '../../src/store/mongo/write.js';
import type { ProductWrite, WriteResult } from '../../src/store/store.js';
import { dropDatabase, freshOptions } from './mongo-fixture.js';
import { MONGODB_URL, MongoServer } from './mongo-server.js';

/** Long enough for no range to be closed unless a test says so. */
export const TIMES = { leaseMs: 60_000, landingMs: 60_000, writeTimeoutMs: 60_000 };

type Write = (tenant: string, writes: readonly ProductWrite[]) => Promise<WriteResult>;

/** A writer that looks for strays after `strayMs`. */
export function batchWriterOf(
  own: Collections,
  strayMs = TIMES.leaseMs + TIMES.landingMs,
): { write: Write; strays: StrayWrites } {
  const sequence = new Sequence(own.tenants, TIMES);
  const renumbering = new Renumbering(own, sequence, TIMES.writeTimeoutMs);
  const strays = new StrayWrites(own, renumbering, strayMs);
  const writer = new BatchWriter(own, sequence, renumbering, strays, TIMES);
  const write: Write = (tenant, writes) =>
    writer.write(tenant, writes.map(prepareWrite), Deadline.after(TIMES.writeTimeoutMs));
  return { write, strays };
}

/** A database of its own, and its collections as a writer has them. */
export class BatchFixture {
  private constructor(
    readonly collections: Collections,
    readonly options: MongoStoreOptions,
    private readonly client: MongoClient,
    private readonly server: MongoServer | undefined,
  ) {}

  static async open(): Promise<BatchFixture> {
    const server = MONGODB_URL === undefined ? await MongoServer.start() : undefined;
    const options = freshOptions(server);
    const client = new MongoClient(options.url);
    return new BatchFixture(collectionsOf(client.db()), options, client, server);
  }

  async close(): Promise<void> {
    await this.client.close();
    await dropDatabase(this.options);
    await this.server?.stop();
  }
}

type Method = (...args: unknown[]) => unknown;

/** `collections`, whose products have `method` in place of their own of that name. */
export function withProducts(
  collections: Collections,
  name: 'find' | 'bulkWrite',
  replace: (own: Method) => Method,
): Collections {
  const products = new Proxy(collections.products, {
    get(target, property) {
      const member = Reflect.get(target, property) as unknown;
      if (typeof member !== 'function') return member;
      const own = member.bind(target) as Method;
      return property === name ? replace(own) : own;
    },
  });
  return { ...collections, products };
}
