import { Deadline } from '../core/deadline.js';
import { OmniError } from '../core/errors.js';
import type { FilesOffered, ReadFile } from '../protocol/messages.js';
import type { ReadAddresses } from './address-watch.js';
import type { Credentials } from './client-handshake.js';
import { expectReply } from './leaf-calls.js';
import { ShardConnection } from './shard-connection.js';

/** To find out where a shard is, to connect, and to be told what it has. */
const OFFER_TIMEOUT_MS = 5_000;
/** A range waits its turn there: at the least rate, with all that may read at once, some seconds. */
const READ_TIMEOUT_MS = 15_000;

/** The other shards as one of them reaches them: a connection to each that it copies from. */
export class ShardPeers {
  private readonly connections = new Map<string, ShardConnection>();
  private closed = false;

  constructor(
    private readonly addresses: ReadAddresses,
    private readonly credentials: Credentials,
  ) {}

  async offer(
    node: string,
    tenant: string,
    generation: number,
    signal: AbortSignal,
  ): Promise<FilesOffered> {
    const deadline = Deadline.after(OFFER_TIMEOUT_MS);
    const connection = await deadline.race(this.locate(node), 'looking for a shard');
    const request = { type: 'offer' as const, tenant, generation };
    return expectReply(await connection.request(request, deadline, signal), 'offered');
  }

  async read(
    node: string,
    range: Omit<ReadFile, 'type'>,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const connection = this.connections.get(node);
    if (connection === undefined) throw new OmniError('unavailable', 'nothing is offered there');
    const deadline = Deadline.after(READ_TIMEOUT_MS);
    const reply = await connection.request({ type: 'read', ...range }, deadline, signal);
    return expectReply(reply, 'range').bytes;
  }

  end(node: string, transfer: string): void {
    this.connections.get(node)?.notify({ type: 'end-transfer', transfer });
  }

  close(): void {
    this.closed = true;
    for (const connection of this.connections.values()) connection.close();
  }

  private async locate(node: string): Promise<ShardConnection> {
    const address = (await this.addresses()).get(node);
    if (address === undefined) throw new OmniError('unavailable', `${node} has told no address`);
    if (this.closed) throw new OmniError('unavailable', 'closing');
    const known = this.connections.get(node);
    if (known?.address === address) return known;
    known?.close();
    const connection = new ShardConnection(address, this.credentials);
    this.connections.set(node, connection);
    return connection;
  }
}
