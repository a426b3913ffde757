import type { Config } from '../config/settings.js';
import type { Logger } from '../core/logger.js';
import { AddressWatch } from '../shard-client/address-watch.js';
import { ShardFleet } from '../shard-client/shard-fleet.js';
import type { ShardDirectory, StoreReader } from '../store/store.js';
import { StartError } from './run-role.js';

export interface OpenedFleet {
  fleet: ShardFleet;
  /** The shards stand in the settings: partitions of others are moved to them. */
  isFixed: boolean;
  close(): void;
}

/** The shards that `SHARD_ADDRESS` names or, without it, those that registered in the store. */
export async function openFleet(
  config: Config,
  store: StoreReader,
  logger: Logger,
): Promise<OpenedFleet> {
  const addresses = new Map(config.shardAddress);
  const { storeId, directory } = store;
  const fleet = new ShardFleet(addresses, { storeId, secret: config.shardSecret });
  if (addresses.size > 0) {
    return { fleet, isFixed: true, close: () => fleet.close() };
  }
  if (directory === undefined) {
    throw new StartError('SHARD_ADDRESS is needed with this store: NAME=ADDRESS a shard');
  }
  const watch = new AddressWatch(fleet, () => addressesIn(directory), logger);
  await watch.start();
  return {
    fleet,
    isFixed: false,
    close: () => {
      watch.close();
      fleet.close();
    },
  };
}

async function addressesIn(directory: ShardDirectory): Promise<Map<string, string>> {
  const registered = await directory.list();
  return new Map(registered.map(({ shard, address }) => [shard, address]));
}
