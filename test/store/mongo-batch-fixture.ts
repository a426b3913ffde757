import { MongoClient } from 'mongodb';
import { Deadline } from '../../src/core/deadline.js';
import { collectionsOf, type Collections } from '../../src/store/mongo/collections.js';
import type { MongoStoreOptions } from '../../src/store/mongo/options.js';
import { prepareWrite } from '../../src/store/mongo/prepare.js';
import { RangeSequence } from '../../src/store/mongo/range-sequence.js';
import { RangeReclaim } from '../../src/store/mongo/reclaim.js';
import type { Sequence } from '../../src/store/mongo/sequence.js';
import { BatchWriter } from '../../src/store/mongo/write.js';
import type { ProductWrite, WriteResult } from '../../src/store/store.js';
import { dropDatabase, freshOptions } from './mongo-fixture.js';
import { MONGODB_URL, MongoServer } from './mongo-server.js';

/** Long enough for no range to be closed unless a test says so. */
export const TIMES = { leaseMs: 60_000, writeTimeoutMs: 60_000 };

type Write = (tenant: string, writes: readonly ProductWrite[]) => Promise<WriteResult>;

const UNTOLD = (): Promise<void> => Promise.resolve();

export function rangesOf(own: Collections): RangeSequence {
  return new RangeSequence(own, TIMES, UNTOLD);
}

/** A writer of its own. */
export function batchWriterOf(own: Collections, sequence: Sequence = rangesOf(own)): Write {
  const writer = new BatchWriter(own, sequence, TIMES);
  return (tenant, writes) =>
    writer.write(tenant, writes.map(prepareWrite), Deadline.after(TIMES.writeTimeoutMs));
}

/** Another process, which closes every range that is open, as if its time had come. */
export class Closer {
  private nowMs = 0;
  readonly reclaim: RangeReclaim;

  constructor(collections: Collections) {
    const ranges = rangesOf(collections);
    this.reclaim = new RangeReclaim(collections, ranges, 4 * TIMES.leaseMs, () => this.nowMs);
  }

  /** Returns how many were closed. */
  async close(): Promise<number> {
    await this.reclaim.run();
    this.nowMs += TIMES.leaseMs;
    return this.reclaim.run();
  }
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

/** `collections`, one of which has other methods in place of its own. */
export function withCollection(
  collections: Collections,
  name: keyof Collections,
  replace: Readonly<Record<string, (own: Method) => Method>>,
): Collections {
  const collection = new Proxy(collections[name], {
    get(target, property) {
      const member = Reflect.get(target, property) as unknown;
      if (typeof member !== 'function') return member;
      const own = member.bind(target) as Method;
      return replace[String(property)]?.(own) ?? own;
    },
  });
  return { ...collections, [name]: collection };
}
