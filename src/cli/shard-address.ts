import { ConfigError } from '../config/setting.js';
import type { Config } from '../config/settings.js';
import { addressOf, endpointOf, type ShardAddress } from '../protocol/shard-address.js';

type Addresses = Pick<Config, 'listen' | 'advertise' | 'shardSecret'>;

/**
 * Throws `ConfigError` where strangers could reach the shard without a secret, or query nodes could
 * not be told where it is.
 */
export function checkAddresses({ listen, advertise, shardSecret }: Addresses): void {
  const endpoint = endpointOf(listen);
  if ('path' in endpoint || isLoopback(endpoint.host)) return;
  if (shardSecret === undefined) {
    throw new ConfigError(
      `LISTEN ${listen} is beyond loopback: set SHARD_SECRET, the same on shards and query nodes`,
    );
  }
  if (isWildcard(endpoint.host) && advertise === undefined) {
    throw new ConfigError(`LISTEN ${listen} is no address to connect to: set ADVERTISE as well`);
  }
}

/**
 * What others are told. A port of 0 in `advertise` stands for the one that is listened on.
 *
 * @param listened where the shard does listen
 */
export function advertisedAddress(advertise: string | undefined, listened: string): ShardAddress {
  if (advertise === undefined) return listened;
  const endpoint = endpointOf(advertise);
  const own = endpointOf(listened);
  if ('path' in endpoint || 'path' in own || endpoint.port !== 0) return advertise;
  return addressOf({ ...endpoint, port: own.port });
}

/** Whether it stands for all addresses of this machine, and is none to connect to. */
export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** Whether only this machine can reach `host`. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
