import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { endpointOf, type ShardAddress } from '../protocol/shard-address.js';
import type { Credentials } from './client-handshake.js';

interface Reached {
  socket: Socket;
  /** When the shard can be spoken to. */
  readyEvent: 'connect' | 'secureConnect';
}

/** Who is on the machine is reached through a file that is only ours: there is no TLS on a Unix socket. */
export function reach(address: ShardAddress, { ca }: Pick<Credentials, 'ca'>): Reached {
  const endpoint = endpointOf(address);
  if (ca === undefined || 'path' in endpoint) {
    return { socket: connect(endpoint), readyEvent: 'connect' };
  }
  const name = isIP(endpoint.host) === 0 ? { servername: endpoint.host } : {};
  const socket = connectTls({ ...endpoint, ...name, ca, minVersion: 'TLSv1.3' });
  return { socket, readyEvent: 'secureConnect' };
}

/** Of TLS an operator is told more: a certificate that is not trusted looks like a shard that is away. */
export function brokenBy(error: Error, readyEvent: Reached['readyEvent']): string {
  const broke = 'the connection to the shard broke';
  return readyEvent === 'connect' ? broke : `${broke}: ${error.message}`;
}
