import type { Setting } from './setting.js';
import { EMBEDDING, SERVING } from './verbs.js';

const MAX_TTL_MS = 2_592_000_000;

/** What nodes share, and for how long. */
export const REDIS_SETTINGS = {
  redisUrl: {
    type: 'string',
    default: undefined,
    placeholder: 'URL',
    form: {
      pattern: /^rediss?(:\/\/.|\+(sentinel|cluster):\/\/[^/@?]+(@[^/@?]+)?(\/[^/?]*)?$)/,
      expected: 'redis://…, redis+sentinel://HOST:PORT,…/NAME or redis+cluster://HOST:PORT,…',
    },
    secret: true,
    verbs: EMBEDDING,
    description:
      'Redis by which query nodes share rate limits, embeddings, answers and figures; rediss with TLS',
  },
  redisTimeoutMs: {
    type: 'ms',
    default: 4,
    min: 1,
    max: 10_000,
    verbs: SERVING,
    description: 'how long a search waits for what Redis may know; then it goes on without',
  },
  redisEmbeddingsTtlMs: {
    type: 'ms',
    default: 3_600_000,
    min: 0,
    max: MAX_TTL_MS,
    verbs: SERVING,
    description: 'how long the embedding of a query is kept in Redis; 0: not at all',
  },
  redisAnswersTtlMs: {
    type: 'ms',
    default: 300_000,
    min: 0,
    max: MAX_TTL_MS,
    verbs: SERVING,
    description:
      'how long the answer to a text is kept in Redis, given only while nothing changed; 0: not at all',
  },
  redisAnalyticsTtlMs: {
    type: 'ms',
    default: 600_000,
    min: 0,
    max: MAX_TTL_MS,
    verbs: SERVING,
    description: 'how long sums of past days, for analytics, are kept in Redis; 0: not at all',
  },
} as const satisfies Record<string, Setting>;
