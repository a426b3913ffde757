import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { BSON } from 'mongodb';

const HEADER_BYTES = 16;
const OP_REPLY = 1;
const OP_MSG = 2013;
/** Where the first document of each begins. */
const DOCUMENT_AT: Readonly<Record<number, number>> = { [OP_REPLY]: 36, [OP_MSG]: 21 };

/**
 * One server that looks like a replica set of a primary and a secondary, by two proxies before it which change what it
 * says of itself. What is behind is said only: both have the same documents.
 */
export class TwoFacedMongo {
  /** How far behind the secondary says that it is. */
  lagMs = 0;
  /** Reads of products that each was asked for. */
  readonly reads = { primary: 0, secondary: 0 };
  private readonly sockets = new Set<Socket>();
  private readonly servers: { primary: Server; secondary: Server };

  private constructor(port: number) {
    const face = (role: 'primary' | 'secondary'): Server =>
      createServer((client) => {
        const server = connect(port, '127.0.0.1');
        for (const socket of [client, server]) {
          this.sockets.add(socket);
          socket.on('error', () => undefined);
          socket.on('close', () => {
            this.sockets.delete(socket);
            client.destroy();
            server.destroy();
          });
        }
        eachMessage(client, (message) => {
          if (documentOf(message)?.['find'] === 'products') this.reads[role] += 1;
          server.write(message);
        });
        eachMessage(server, (message) => client.write(this.changed(message, role)));
      });
    this.servers = { primary: face('primary'), secondary: face('secondary') };
  }

  static async before(port: number): Promise<TwoFacedMongo> {
    const set = new TwoFacedMongo(port);
    for (const server of Object.values(set.servers)) {
      await once(server.listen(0, '127.0.0.1'), 'listening');
    }
    return set;
  }

  url(database: string): string {
    const hosts = [this.address('primary'), this.address('secondary')].join(',');
    return `mongodb://${hosts}/${database}?replicaSet=rs`;
  }

  address(role: 'primary' | 'secondary'): string {
    return `127.0.0.1:${(this.servers[role].address() as AddressInfo).port}`;
  }

  close(): void {
    for (const server of Object.values(this.servers)) server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private changed(message: Buffer, role: 'primary' | 'secondary'): Buffer {
    const document = documentOf(message);
    if (document?.['maxWireVersion'] === undefined) return message;
    const isPrimary = role === 'primary';
    const lastWriteDate = new Date(Date.now() - (isPrimary ? 0 : this.lagMs));
    const said = {
      ...{ ...document, ismaster: isPrimary, isWritablePrimary: isPrimary, secondary: !isPrimary },
      ...{ setName: 'rs', me: this.address(role), primary: this.address('primary') },
      ...{ hosts: [this.address('primary'), this.address('secondary')], setVersion: 1 },
      lastWrite: { lastWriteDate },
      tags: { region: isPrimary ? 'us' : 'eu' },
    };
    const head = message.subarray(0, DOCUMENT_AT[message.readInt32LE(12)]);
    const changed = Buffer.concat([head, BSON.serialize(said)]);
    changed.writeInt32LE(changed.length, 0);
    return changed;
  }
}

/** Calls `take` with each whole message. */
function eachMessage(socket: Socket, take: (message: Buffer) => void): void {
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= HEADER_BYTES && rest.length >= rest.readInt32LE(0)) {
      const bytes = rest.readInt32LE(0);
      take(rest.subarray(0, bytes));
      rest = rest.subarray(bytes);
    }
  });
}

function documentOf(message: Buffer): Record<string, unknown> | undefined {
  const at = DOCUMENT_AT[message.readInt32LE(12)];
  if (at === undefined || message.length < at + 4) return undefined;
  return BSON.deserialize(message.subarray(at, at + message.readInt32LE(at)));
}
