import { textOf } from '../core/host-port.js';

/** Where a shard process listens: a Unix socket's path, or `HOST:PORT` (`[HOST]:PORT` for IPv6). */
export type ShardAddress = string;

/** As `node:net` takes it. */
export type Endpoint = { host: string; port: number } | { path: string };

/** What `address` names; anything that does not end in a port is the path of a socket. */
export function endpointOf(address: ShardAddress): Endpoint {
  const tcp = /^(?:\[([^\]]+)\]|([^/]+)):(\d+)$/.exec(address);
  const host = tcp?.[1] ?? tcp?.[2];
  return host === undefined ? { path: address } : { host, port: Number(tcp?.[3]) };
}

/** `endpointOf` backwards. */
export function addressOf(endpoint: Endpoint): ShardAddress {
  return 'path' in endpoint ? endpoint.path : textOf(endpoint);
}
