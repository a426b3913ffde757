import { Packr } from 'msgpackr';
import { encodePartitions } from '../../src/protocol/partition-list.js';
import type { Message, SearchLeaf, SearchLeafReply } from '../../src/protocol/messages.js';
import { vectorBytes } from '../../src/protocol/vector-bytes.js';
import { Random } from './random.js';

export const TRANSPORTS = [
  'frames, Unix socket',
  'frames, loopback TCP',
  'HTTP node:http, Unix socket',
  'HTTP Fastify, Unix socket',
] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** HTTP bodies are the same MessagePack as in frames: only the way differs. */
export const CONTENT_TYPE = 'application/msgpack';
const packr = new Packr({ useRecords: false, encodeUndefinedAsNil: true });

export function packMessage(message: Message): Buffer {
  return packr.pack(message);
}

export function unpackMessage(bytes: Uint8Array): Message {
  return packr.unpack(bytes) as Message;
}

/** A search as a query node sends it to one shard. */
export function exampleSearch(dimensions: number, partitions: number, seed: number): SearchLeaf {
  const random = new Random(seed, 'transport');
  const vector = Float32Array.from({ length: dimensions }, () => random.gaussian());
  const refs = Array.from({ length: partitions }, (_, i) => {
    return { id: `category ${String(i).padStart(2, '0')}`, epoch: i + 1 };
  });
  return {
    type: 'search',
    tenant: 'default',
    partitions: encodePartitions(refs),
    vector: vectorBytes(vector),
    model: 'sha256:0f3c6f21a0d94a1e',
    k: 10,
    filter: null,
    exact: false,
    budgetMs: 987.25,
  };
}

export function exampleReply(hits: number): SearchLeafReply {
  const ranks = Array.from({ length: hits }, (_, i) => i);
  return {
    type: 'hits',
    hits: {
      ids: ranks.map((i) => String(3_920_564 + 7919 * i)),
      versions: ranks.map((i) => 104_729 + i),
      scores: { vector: ranks.map((i) => 0.8123456789 - i / 97) },
    },
    more: true,
    refused: [],
    counter: 42,
    tookMs: 0.318,
  };
}
