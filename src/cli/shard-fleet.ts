import type { Config } from '../config/settings.js';
import type { Logger } from '../core/logger.js';
import { AddressWatch } from '../shard-client/address-watch.js';
import { ShardFleet } from '../shard-client/shard-fleet.js';
import type { ShardDirectory } from '../store/shard-directory.js';
import type { StoreReader } from '../store/store.js';
import { StartError, type Opened } from './run-role.js';
import { shardCa } from './shard-tls.js';

export interface OpenedFleet {
  fleet: ShardFleet;
  /** The shards stand in the settings: partitions of others are moved to them. */
  isFixed: boolean;
}

/** The shards that `SHARD_ADDRESS` names or, without it, those that registered in the store. */
export async function openFleet(
  config: Config,
  store: StoreReader,
  logger: Logger,
  opened: Opened,
  weightOf?: (tenant: string) => number,
): Promise<OpenedFleet> {
  const addresses = new Map(config.shardAddress);
  const { storeId, directory } = store;
  const credentials = { storeId, secret: config.shardSecret, ca: shardCa(config) };
  const fleet = new ShardFleet(addresses, credentials, weightOf);
  opened.add(() => fleet.close());
  if (addresses.size > 0) {
    await fleet.watch();
    return { fleet, isFixed: true };
  }
  if (directory === undefined) {
    throw new StartError('SHARD_ADDRESS is needed with this store: NAME=ADDRESS a shard');
  }
  const watch = new AddressWatch(fleet, () => addressesIn(directory), logger);
  opened.add(() => watch.close());
  await watch.start();
  await fleet.watch();
  return { fleet, isFixed: false };
}

/** Where the shards are, as they said of themselves. */
export async function addressesIn(directory: ShardDirectory): Promise<Map<string, string>> {
  const registered = await directory.list();
  return new Map(registered.map(({ shard, address }) => [shard, address]));
}
