import { join } from 'node:path';
import { pino } from 'pino';
import { UntilSearchable } from '../../src/placement/until-searchable.js';
import { ShardFleet } from '../../src/shard-client/shard-fleet.js';
import { ShardServer } from '../../src/shard/node/shard-server.js';
import type { StoreReader } from '../../src/store/store.js';
import type { ShardFixture } from './shard-fixture.js';

/** What waits, as a query node does, until all shards that serve have applied something. */
export function searchableOver(store: StoreReader, fleet: ShardFleet): UntilSearchable {
  const change = async (): Promise<never> => {
    throw new Error('nothing is dead here');
  };
  return new UntilSearchable({ store, nodes: fleet, change, deadAfterMs: 5_000 });
}

/** A fixture's shard behind its socket, and the fleet by which a query node reaches it. */
export interface ServedShard {
  address: string;
  server: ShardServer;
  fleet: ShardFleet;
  close(): Promise<void>;
}

export async function serveShard(shard: ShardFixture, queueLimit = 8): Promise<ServedShard> {
  const { storeId } = shard.store;
  const address = join(shard.dir, 's1.sock');
  const options = { shard: 's1', storeId, address, queueLimit, tenantQueueLimit: queueLimit };
  const server = new ShardServer(shard.node, options, pino({ level: 'silent' }));
  await server.listen();
  const fleet = new ShardFleet(new Map([['s1', address]]), { storeId });
  const close = async (): Promise<void> => {
    fleet.close();
    await server.close();
  };
  return { address, server, fleet, close };
}
