import { availableParallelism } from 'node:os';
import { digest } from '../core/ids.js';
import type { ModelIdentity } from '../core/product.js';
import type { SharedValues } from '../core/shared-values.js';
import { EmbeddingCache } from './embedding-cache.js';
import { badFolder, firstLine } from './model-config.js';
import {
  modelFingerprint,
  readModelFolder,
  SAMPLE_TEXT,
  sessionOptions,
  type ModelFolder,
  type Precision,
} from './model-folder.js';
import { EmbeddingPool } from './embedding-pool.js';
import { ModelEncoder } from './model-encoder.js';
import { SecondLevel } from './second-level.js';
import { SharedCache } from './shared-cache.js';

export interface EncoderOptions {
  /** A folder as the hub lays it out. */
  modelDir: string;
  precision?: Precision;
  /** Worker threads, one session (one copy of the model) each. */
  threads?: number;
  cacheEntries?: number;
  cacheBytes?: number;
  /** Query texts that may wait for a worker. */
  queueLimit?: number;
  /** A query that would wait longer for a worker is turned away. */
  maxWaitMs?: number;
  /** A tenant's share of the workers beside others'; 1 without it. */
  weightOf?: (tenant: string) => number;
  /** Where the cache's most used entries outlive a restart; without it they do not. */
  cacheFile?: string;
  /** Where nodes share what they have embedded; without it each has its own. */
  sharedValues?: SharedValues | undefined;
  /** The built `worker.js`. */
  workerFile: URL;
}

const MEGABYTE = 1 << 20;
const DEFAULTS = {
  precision: 'fp32' as Precision,
  // Two sessions of one thread each embed twice as much as one; more than four copies of a model
  // that may take 250 MB are for the operator to ask for.
  threads: Math.min(4, availableParallelism()),
  cacheEntries: 10_000,
  cacheBytes: 64 * MEGABYTE,
  queueLimit: 1_000,
  maxWaitMs: 500,
};
const RUN_TIMEOUT_MS = 60_000;

/** The identity of "no model": vectors of that many dimensions, brought by the caller. */
export function noneModel(dimensions: number): ModelIdentity {
  return { name: 'none', fingerprint: digest('none', String(dimensions)), dimensions };
}

/**
 * Opens a model folder: every worker loaded and warm, the cache filled from its file. Rejects with
 * `unavailable`, in one line that names the file that is wrong.
 */
export async function openEncoder(options: EncoderOptions): Promise<ModelEncoder> {
  const settings = { ...DEFAULTS, ...options };
  const folder = await readModelFolder(settings.modelDir, settings.precision);
  const { options: model, fileDigest } = await sessionOptions(folder);
  const { pool, shape } = await EmbeddingPool.open({
    threads: settings.threads,
    queueLimit: settings.queueLimit,
    maxWaitMs: settings.maxWaitMs,
    ...(settings.weightOf === undefined ? {} : { weightOf: settings.weightOf }),
    runTimeoutMs: RUN_TIMEOUT_MS,
    setup: { model, sample: folder.tokenizer.encode(SAMPLE_TEXT) },
    workerFile: settings.workerFile,
  }).catch((error: unknown) => {
    throw cannotLoad(folder, error);
  });
  const identity = {
    name: folder.name,
    fingerprint: modelFingerprint(folder, fileDigest, shape),
    dimensions: shape.dimensions,
  };
  if (shape.pooled && folder.config.denseAfterPooling) {
    await pool.close(0);
    throw badFolder(folder.modelFile, 'lacks the dense layer that modules.json puts after pooling');
  }
  const { cacheEntries: entries, cacheBytes: bytes } = settings;
  const cache = new EmbeddingCache({ entries, bytes });
  const { cacheFile, sharedValues } = settings;
  const shared = cacheFile === undefined ? undefined : new SharedCache(cacheFile, cache, identity);
  await shared?.open();
  return new ModelEncoder({
    model: identity,
    tokenizer: folder.tokenizer,
    pool,
    cache,
    shared,
    secondLevel: sharedValues && new SecondLevel(sharedValues, identity),
    cutoff: folder.config.cutoff,
  });
}

function cannotLoad(folder: ModelFolder, error: unknown): Error {
  return badFolder(folder.modelFile, `cannot be loaded: ${firstLine(error)}`, error);
}
