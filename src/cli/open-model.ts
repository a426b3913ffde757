import { existsSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import type { Config } from '../config/settings.js';
import type { ModelIdentity } from '../core/product.js';
import type { Encoder } from '../embedding/encoder.js';
import { noneModel, openEncoder } from '../embedding/open-encoder.js';
import type { OpenedRedis } from './open-redis.js';
import { packageFile, packageUrl } from './package-file.js';
import { StartError } from './run-role.js';

/** The model that `MODEL` names, and what embeds by it; no encoder with `none`. */
export async function openModel(
  config: Config,
  weightOf: (tenant: string) => number,
  redis: OpenedRedis,
): Promise<{ encoder?: Encoder; model: ModelIdentity }> {
  if (config.model === 'none') return { model: noneModel(config.dimensions) };
  // A folder of the user's first, then one that came with the package.
  const own = resolve(config.model);
  const modelDir = existsSync(own) || isAbsolute(config.model) ? own : packageFile(config.model);
  try {
    const encoder = await openEncoder({
      modelDir,
      precision: config.modelPrecision,
      queueLimit: config.embeddingQueue,
      maxWaitMs: config.embeddingMaxWaitMs,
      weightOf,
      cacheEntries: config.embeddingCacheEntries,
      cacheBytes: config.embeddingCacheBytes,
      cacheFile: join(config.dataDir, 'embedding-cache'),
      sharedValues: redis.values('embeddings', config.redisEmbeddingsTtlMs),
      workerFile: packageUrl('dist/embedding/worker.js'),
      ...(config.embeddingThreads === 0 ? {} : { threads: config.embeddingThreads }),
    });
    return { encoder, model: encoder.model };
  } catch (error) {
    throw new StartError(`MODEL cannot be used: ${(error as Error).message}`);
  }
}
