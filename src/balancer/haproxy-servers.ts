import { textOf } from '../core/host-port.js';
import type { BalancedProgram } from './balancer.js';
import type { HaproxySocket } from './haproxy-socket.js';

/** Of servers that are ours to remove; those that the file of HAProxy names are left to its checks. */
const PREFIX = 'omnisearch-';
/** As the `default-server` of deploy/haproxy.cfg, which a server that is added does not take over. */
const SERVER_OPTIONS = 'check inter 500ms fall 1 rise 1 pool-max-conn 64 pool-purge-delay 30s';
/** SRV_ADMF_FMAINT of `show servers state`: it was put into maintenance over the socket. */
const IN_MAINTENANCE = 0x01;

interface Server {
  name: string;
  address: string;
  /** It has nothing new: neither requests nor checks. What it works on goes on. */
  isAway: boolean;
}

/**
 * The servers of HAProxy (2.5 or later), changed through its socket while it runs. What HAProxy has is read each time
 * and brought closer to what it should have, so that neither a restart of it nor one of ours leaves anything behind.
 */
export class HaproxyServers implements BalancedProgram {
  constructor(
    private readonly socket: Pick<HaproxySocket, 'ask'>,
    private readonly backends: readonly string[],
  ) {}

  async setServers(addresses: readonly string[]): Promise<void> {
    for (const backend of this.backends) await this.setBackend(backend, addresses);
  }

  private async setBackend(backend: string, addresses: readonly string[]): Promise<void> {
    const servers = await this.servers(backend);
    const missing = addresses.filter(
      (wanted) => !servers.some((server) => isAt(server, wanted) && !server.isAway),
    );
    for (const address of missing) await this.add(backend, address, servers);
    for (const { name, isAway } of servers) {
      if (!name.startsWith(PREFIX) || addresses.some((one) => nameOf(one) === name)) continue;
      const server = `${backend}/${name}`;
      if (!isAway) await this.socket.ask(`set server ${server} state maint`);
      // Refused while it works on anything: it is asked for again next time.
      await this.socket.ask(`del server ${server}`);
    }
  }

  /** Rejects with what HAProxy said where the server is not there after that. */
  private async add(backend: string, address: string, servers: readonly Server[]): Promise<void> {
    const known = servers.find((server) => isAt(server, address));
    const name = known?.name ?? nameOf(address);
    // An operator has put it into maintenance.
    if (!name.startsWith(PREFIX)) return;
    const server = `${backend}/${name}`;
    const said: string[] = [];
    if (known === undefined) {
      said.push(await this.socket.ask(`add server ${server} ${address} ${SERVER_OPTIONS}`));
    }
    said.push(await this.socket.ask(`enable health ${server}`));
    said.push(await this.socket.ask(`set server ${server} state ready`));
    const after = await this.servers(backend);
    if (after.some((one) => one.name === name && !one.isAway)) return;
    throw new Error(`HAProxy does not take ${server}: ${said.filter(Boolean).join(' ')}`);
  }

  private async servers(backend: string): Promise<Server[]> {
    const answer = await this.socket.ask(`show servers state ${backend}`);
    const [, head = '', ...rows] = answer.split('\n');
    const columns = head.replace(/^# /, '').split(' ');
    const at = (name: string): number => columns.indexOf(name);
    if (at('srv_name') < 0) throw new Error(`HAPROXY_BACKENDS ${backend}: HAProxy says ${answer}`);
    return rows.map((row) => {
      const cells = row.split(' ');
      const cell = (name: string): string => cells[at(name)] ?? '';
      return {
        name: cell('srv_name'),
        address: textOf({ host: cell('srv_addr'), port: Number(cell('srv_port')) }),
        isAway: (Number(cell('srv_admin_state')) & IN_MAINTENANCE) !== 0,
      };
    });
  }
}

/** Ours by its name, since an address of IPv6 can be written in several ways. */
function isAt(server: Server, address: string): boolean {
  return server.name === nameOf(address) || server.address === address;
}

/** HAProxy takes no brackets in names. */
function nameOf(address: string): string {
  return PREFIX + address.replaceAll(/[[\]]/g, '');
}
