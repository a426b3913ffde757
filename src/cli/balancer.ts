import type { NetConnectOpts } from 'node:net';
import { resolve } from 'node:path';
import { Balancer, type BalancedProgram } from '../balancer/balancer.js';
import { HaproxyServers } from '../balancer/haproxy-servers.js';
import { HaproxySocket } from '../balancer/haproxy-socket.js';
import { NginxServers } from '../balancer/nginx-servers.js';
import { LeaseObserver } from '../cluster/lease-observer.js';
import { ConfigError } from '../config/setting.js';
import type { Config } from '../config/settings.js';
import type { Logger } from '../core/logger.js';
import { endpointOf } from '../protocol/shard-address.js';
import { openReader } from './open-store.js';
import type { Opened } from './run-role.js';

type BalancerSettings = Pick<Config, 'nginx' | 'reload' | 'haproxy' | 'haproxyBackends'>;

/** Wires `omnisearch balancer`: leases of the store → the servers of nginx or HAProxy. */
export async function startBalancer(config: Config, logger: Logger, opened: Opened): Promise<void> {
  const program = programOf(config);
  const store = await openReader(config);
  opened.add(() => store.close());
  const { leaseMs } = config;
  const observer = new LeaseObserver(store.records, leaseMs);
  const balancer = new Balancer({ observer, leaseMs, program, logger });
  opened.add(() => balancer.close());
  balancer.start();
}

/** Throws `ConfigError` unless one program is named. */
export function programOf(settings: BalancerSettings): BalancedProgram {
  const { nginx, haproxy, reload, haproxyBackends } = settings;
  if (nginx !== undefined && haproxy === undefined) {
    return new NginxServers({ file: resolve(nginx), reload });
  }
  if (haproxy !== undefined && nginx === undefined) {
    const socket = new HaproxySocket(connectionOf(haproxy));
    return new HaproxyServers(socket, haproxyBackends.split(','));
  }
  throw new ConfigError('one of NGINX and HAPROXY is needed: --nginx FILE or --haproxy SOCKET');
}

function connectionOf(haproxy: string): NetConnectOpts {
  const endpoint = endpointOf(haproxy);
  return 'path' in endpoint ? { path: resolve(endpoint.path) } : endpoint;
}
