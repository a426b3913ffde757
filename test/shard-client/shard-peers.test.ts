import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeFrame, FrameReader } from '../../src/protocol/frames.js';
import { ShardPeers } from '../../src/shard-client/shard-peers.js';

let dir: string;
let server: Server;
let peers: ShardPeers;
/** Types of what came. */
let asked: string[];

/** A shard that speaks this version, and knows nothing of a later one. */
async function listen(protocol: number): Promise<void> {
  server = createServer((socket) => {
    const reader = new FrameReader();
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      for (const { request, message } of reader.push(chunk)) {
        asked.push(message.type);
        if (message.type === 'hello') {
          socket.write(encodeFrame(request, { type: 'welcome', protocol, shard: 's1' }));
        } else {
          const failure = {
            type: 'failure',
            code: 'unavailable',
            message: 'nothing here',
          } as const;
          socket.write(encodeFrame(request, failure));
        }
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(join(dir, 's1.sock'), resolve));
}

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'omnisearch-peer-calls-'));
  asked = [];
  const addresses = new Map([['s1', join(dir, 's1.sock')]]);
  peers = new ShardPeers(() => Promise.resolve(addresses), { storeId: 'store' });
});
afterEach(async () => {
  peers.close();
  await new Promise((resolve) => server.close(resolve));
  rmSync(dir, { recursive: true });
});

const offer = (node: string): Promise<unknown> =>
  peers.offer(node, 'shop', 0, new AbortController().signal);

test('a shard of the protocol before is not asked for files: it would take that for nonsense', async () => {
  await listen(6);
  await expect(offer('s1')).rejects.toMatchObject({
    code: 'unavailable',
    message: 'the shard speaks protocol 6 only',
  });
  expect(asked).toEqual(['hello']);
});

test('one of this protocol is, and what it says instead is told', async () => {
  await listen(7);
  await expect(offer('s1')).rejects.toThrow('nothing here');
  expect(asked).toEqual(['hello', 'offer']);
});

test('one that has told no address cannot be asked', async () => {
  await listen(7);
  await expect(offer('s2')).rejects.toThrow('s2 has told no address');
});
