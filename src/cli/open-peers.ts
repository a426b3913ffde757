import type { Config } from '../config/settings.js';
import { ShardPeers } from '../shard-client/shard-peers.js';
import type { PeerOptions } from '../shard/peer/peer-copies.js';
import type { StoreReader } from '../store/store.js';
import type { Opened } from './run-role.js';
import { addressesIn } from './shard-fleet.js';
import { shardCa } from './shard-tls.js';

/** So many rows are read from the store in some seconds. */
const MIN_COPIED_ROWS = 5_000;

/** The other shards as this one copies from them; undefined where it is not to, or nothing tells where they are. */
export function openPeers(
  config: Config,
  { storeId, directory }: StoreReader,
  opened: Opened,
): PeerOptions | undefined {
  const { peerBuildBytesPerS: bytesPerS, shardSecret: secret } = config;
  const named = new Map(config.shardAddress);
  if (bytesPerS === 0 || (named.size === 0 && directory === undefined)) return undefined;
  const addresses = async (): Promise<ReadonlyMap<string, string>> =>
    named.size > 0 || directory === undefined ? named : addressesIn(directory);
  const calls = new ShardPeers(addresses, { storeId, secret, ca: shardCa(config) });
  opened.add(() => calls.close());
  return { calls, bytesPerS, minRows: MIN_COPIED_ROWS };
}
