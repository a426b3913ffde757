import type { ShardDirectory, ShardRegistration } from '../shard-directory.js';
import type { ShardRecord } from './collections.js';
import type { Connection } from './connection.js';

/** Shards and where they are, a document each; the last to register under a name is the shard. */
export class MongoShardDirectory implements ShardDirectory {
  constructor(private readonly connection: Connection) {}

  async register(shard: string, address: string): Promise<void> {
    const { shards } = this.connection.collections;
    const record: Omit<ShardRecord, '_id'> = { address, registeredAtMs: Date.now() };
    await this.connection.run(
      () => shards.replaceOne({ _id: shard }, record, { upsert: true }),
      'a registration',
    );
  }

  async list(): Promise<ShardRegistration[]> {
    const { shards } = this.connection.collections;
    const records = await this.connection.run(
      () => shards.find({}, { sort: { _id: 1 } }).toArray(),
      'a read of the shards',
    );
    return records.map(({ _id, address, registeredAtMs }) => ({
      shard: _id,
      address,
      registeredAtMs,
    }));
  }
}
