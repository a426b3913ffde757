import { join } from 'node:path';
import { REPOSITORY } from '../lib/paths.js';
import type { Floor } from './case.js';
import type { Ledger } from './sum-up.js';

export const FLAGS = {
  vectors: { default: 100_000, help: 'synthetic vectors of the first part' },
  dimensions: { default: 512, help: 'of these' },
  shards: { default: 2, help: 'shard processes' },
  catalogue: { default: '', help: 'products as NDJSON for the part with text' },
  model: { default: join(REPOSITORY, 'models', 'starter'), help: 'model folder for that part' },
  parts: { default: 'vectors,texts', help: 'what to measure' },
  seconds: { default: 5, help: 'of searches in each ledger, profiled and again without' },
  timeout: {
    default: 10_000,
    help: 'ms until a search gives up: nothing is measured of one that did',
  },
};

/** What a part of the bench found. */
export interface Floors {
  floors: Floor[];
  ledgers: Ledger[];
}
