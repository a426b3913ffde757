import type { Setting } from './setting.js';
import { SHARDS } from './verbs.js';

/** A shard: who it is, when it builds what. */
export const SHARD_SETTINGS = {
  shard: {
    type: 'string',
    default: 's1',
    placeholder: 'NAME',
    form: { pattern: /^[a-z0-9_-]{1,64}$/, expected: '1 to 64 of a-z, 0-9, _ and -' },
    verbs: ['shard-node'],
    description: 'name of the shard that this node holds',
  },
  listen: {
    type: 'string',
    default: undefined,
    placeholder: 'ADDRESS',
    form: { pattern: /\S/, expected: 'HOST:PORT or the path of a socket' },
    verbs: ['shard-node'],
    description: 'where query nodes reach this shard: HOST:PORT or the path of a socket',
  },
  shardAddress: {
    type: 'pairs',
    default: [],
    placeholder: 'NAME=ADDRESS',
    verbs: ['query-node', 'worker'],
    description: 'a shard and where it listens; once for each shard',
  },
  tailRows: {
    type: 'integer',
    default: 4_096,
    min: 1,
    max: 10_000_000,
    unit: 'rows',
    verbs: SHARDS,
    description: 'new rows a shard scans before it builds a segment of them',
  },
  graphMinRows: {
    type: 'integer',
    default: 2_500,
    min: 1,
    max: 1_000_000_000,
    unit: 'rows',
    verbs: SHARDS,
    description: 'size from which a segment or category gets a graph; below it is scanned',
  },
  graphEngine: {
    type: 'enum',
    choices: ['usearch', 'hnswlib'],
    default: 'usearch',
    verbs: SHARDS,
    description: 'library of new graphs: usearch (int8, memory-mapped) or hnswlib (float32)',
  },
  hnswM: {
    type: 'integer',
    default: 16,
    min: 2,
    max: 128,
    unit: 'links',
    verbs: SHARDS,
    description: 'M of HNSW: links of a node',
  },
  hnswEfConstruction: {
    type: 'integer',
    default: 200,
    min: 4,
    max: 4_096,
    verbs: SHARDS,
    description: 'efConstruction of HNSW: candidates kept while building',
  },
  hnswEf: {
    type: 'integer',
    default: 128,
    min: 1,
    max: 4_096,
    verbs: SHARDS,
    description: 'ef of HNSW: candidates kept while searching',
  },
} as const satisfies Record<string, Setting>;
