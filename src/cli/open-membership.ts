import { networkInterfaces } from 'node:os';
import { performance } from 'node:perf_hooks';
import { LeaseObserver } from '../cluster/lease-observer.js';
import { Membership } from '../cluster/membership.js';
import { ConfigError } from '../config/setting.js';
import type { Config } from '../config/settings.js';
import { hostPortOf } from '../core/host-port.js';
import type { Logger } from '../core/logger.js';
import { addressOf } from '../protocol/shard-address.js';
import type { Store } from '../store/store.js';
import { packageVersion } from './package-file.js';
import { advertisedAddress, isWildcard } from './shard-address.js';

/** Throws `ConfigError` where `ADVERTISE` of a query node is nothing that a balancer could connect to. */
export function checkAdvertised({ advertise }: Pick<Config, 'advertise'>): void {
  if (advertise === undefined || hostPortOf(advertise) !== undefined) return;
  throw new ConfigError(`ADVERTISE of a query node must be HOST:PORT, got ${advertise}`);
}

/**
 * A query node's lease. Undefined where nobody asks for one: a store that only this machine reaches has its query nodes
 * on one port, started and restarted by one supervisor, and a lease would cost it a flush to disk each second.
 */
export function openMembership(
  config: Config,
  store: Store,
  logger: Logger,
  isReady: () => boolean,
): Membership | undefined {
  const isAsked = store.directory !== undefined || config.advertise !== undefined;
  // Who is on a socket is reached by this machine alone.
  if (!isAsked || config.socket !== undefined) return undefined;
  const { leaseMs, zone, serve: serves } = config;
  const { records } = store;
  const observer = new LeaseObserver(records, leaseMs);
  const says = { zone, version: packageVersion(), serves };
  return new Membership({ records, observer, says, leaseMs, isReady, load: loadMeter(), logger });
}

/**
 * Where others find this query node: what `ADVERTISE` says (port 0 stands for `port`), else where it listens; where that
 * is on all addresses, at the first that is not loopback.
 */
export function queryNodeAddress(
  { advertise, host }: Pick<Config, 'advertise' | 'host'>,
  port: number,
): string {
  const own = isWildcard(host) ? ownAddress() : host;
  return advertisedAddress(advertise, addressOf({ host: own, port }));
}

/** IPv4 before IPv6; loopback where there is nothing else. */
function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const outside = all.filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
  const first = outside.find(({ family }) => family === 'IPv4') ?? outside[0];
  return first?.address ?? '127.0.0.1';
}

/** How busy the event loop was since it was asked last. */
function loadMeter(): () => number {
  let last = performance.eventLoopUtilization();
  return () => {
    const current = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(current, last);
    last = current;
    return Math.round(utilization * 100) / 100;
  };
}
