import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'undici';
import { Deadline } from '../../src/core/deadline.js';
import type { Reply, SearchLeaf } from '../../src/protocol/messages.js';
import { ShardConnection } from '../../src/shard-client/shard-connection.js';
import { ChildServer, freePort } from './child-server.js';
import { REPOSITORY } from './paths.js';
import { preciseCpuMs } from './processes.js';
import {
  CONTENT_TYPE,
  exampleSearch,
  packMessage,
  unpackMessage,
  type Transport,
} from './transport-message.js';

/** More than are ever under way: HTTP/1.1 carries one request a connection at a time. */
const CONNECTIONS = 64;
const DEADLINE_MS = 10_000;

/** A shard that does nothing, in a process of its own, and the way to it. */
export class TransportPeer {
  private constructor(
    readonly transport: Transport,
    private readonly server: ChildServer,
    private readonly folder: string,
    private readonly client: { send(message: SearchLeaf): Promise<Reply>; close(): void },
  ) {}

  static async start(transport: Transport): Promise<TransportPeer> {
    const folder = mkdtempSync(join(tmpdir(), 'omnisearch-transport-'));
    const isTcp = transport.includes('TCP');
    const address = isTcp ? `127.0.0.1:${String(await freePort())}` : join(folder, 'socket');
    const script = join(REPOSITORY, 'bench', 'lib', 'transport-server.ts');
    const args = ['--import', 'tsx', script, transport, address];
    const server = ChildServer.start(process.execPath, args, { name: transport, cwd: REPOSITORY });
    const client = transport.startsWith('frames') ? framesClient(address) : httpClient(address);
    const peer = new TransportPeer(transport, server, folder, client);
    const probe = exampleSearch(1, 1, 0);
    const isUp = async (): Promise<boolean> =>
      (isTcp || existsSync(address)) && (await peer.search(probe)) === 10;
    try {
      await server.waitUntil(isUp, 30_000);
    } catch (error) {
      await peer.close();
      throw error;
    }
    return peer;
  }

  /** How many hits came back. */
  async search(message: SearchLeaf): Promise<number> {
    const reply = await this.client.send(message);
    if (reply.type !== 'hits') throw new Error(`a shard answered ${reply.type}`);
    return reply.hits.ids.length;
  }

  /** CPU of the server so far. */
  cpuMs(): number {
    return this.server.processes().reduce((sum, { pid }) => sum + preciseCpuMs(pid), 0);
  }

  async close(): Promise<void> {
    this.client.close();
    await this.server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function framesClient(address: string) {
  const connection = new ShardConnection(address, { storeId: 'bench' });
  return {
    send: (message: SearchLeaf) => connection.request(message, Deadline.after(DEADLINE_MS)),
    close: () => connection.close(),
  };
}

function httpClient(socketPath: string) {
  const pool = new Pool('http://shard', {
    socketPath,
    connections: CONNECTIONS,
    headersTimeout: DEADLINE_MS,
    bodyTimeout: DEADLINE_MS,
  });
  const send = async (message: SearchLeaf): Promise<Reply> => {
    const { body } = await pool.request({
      method: 'POST',
      path: '/search',
      headers: { 'content-type': CONTENT_TYPE },
      body: packMessage(message),
    });
    return unpackMessage(new Uint8Array(await body.arrayBuffer())) as Reply;
  };
  return { send, close: () => void pool.destroy() };
}
