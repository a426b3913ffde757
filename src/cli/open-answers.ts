import type { Config } from '../config/settings.js';
import type { EncoderStatus } from '../embedding/encoder.js';
import type { AnswerState } from '../search/answer-state.js';
import { KeptAnswers } from '../search/kept-answers.js';
import type { RootSearch } from '../search/root-search.js';
import { SharedAnswers } from '../search/shared-answers.js';
import type { Store } from '../store/store.js';
import type { OpenedRedis } from './open-redis.js';
import { isLmdb } from './open-store.js';
import { packageVersion } from './package-file.js';

const NO_CACHE = { entries: 0, hits: 0, misses: 0 };
const NO_ENCODER: EmbeddingFigures = {
  embeddingCache: NO_CACHE,
  embeddingQueued: 0,
  embeddedProducts: 0,
};

type EmbeddingFigures = Pick<
  EncoderStatus,
  'embeddingCache' | 'embeddingQueued' | 'embeddedProducts'
>;

interface AnswerParts {
  config: Config;
  store: Store;
  redis: OpenedRedis;
  search: RootSearch;
  answers: AnswerState;
}

/**
 * Of a store beyond this machine it costs as much to ask whether they hold as to ask shards: that is worth it only where
 * nodes share them.
 */
export function keptAnswers({
  config,
  store,
  redis,
  ...deps
}: AnswerParts): KeptAnswers | undefined {
  // Another version may write them otherwise.
  const scope = `${store.storeId} ${packageVersion()}`;
  const values = redis.values('answers', config.redisAnswersTtlMs, scope);
  const shared = values && new SharedAnswers(values);
  if (shared === undefined && !isLmdb(config.storeUrl)) return undefined;
  return new KeptAnswers({ ...deps, shared });
}

/** A text whose answer was kept needed no model either. */
export function cacheFigures(
  { embeddingCache, embeddingQueued, embeddedProducts }: EmbeddingFigures = NO_ENCODER,
  { texts = 0, ...answerCache }: Partial<ReturnType<KeptAnswers['status']>> = {},
) {
  return {
    ...{ embeddingQueued, embeddedProducts },
    embeddingCache: { ...embeddingCache, hits: embeddingCache.hits + texts },
    answerCache: { ...NO_CACHE, ...answerCache },
  };
}
