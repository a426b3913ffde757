import type { Setting } from './setting.js';
import { EMBEDDING, SERVING } from './verbs.js';

const MIB = 1_048_576;

/** The model and what runs it. */
export const EMBEDDING_SETTINGS = {
  model: {
    type: 'string',
    default: 'models/starter',
    placeholder: 'DIR',
    form: { pattern: /\S/, expected: 'a model folder, or none' },
    verbs: EMBEDDING,
    description: 'model folder, or none: products and searches bring their own vectors',
  },
  dimensions: {
    type: 'integer',
    default: 512,
    min: 2,
    max: 4_096,
    verbs: [...EMBEDDING, 'plan'],
    description: 'length of the vectors with --model none; otherwise the model says',
  },
  modelPrecision: {
    type: 'enum',
    choices: ['fp32', 'int8'],
    default: 'fp32',
    verbs: EMBEDDING,
    description: "which of the model's files to run",
  },
  reembed: {
    type: 'boolean',
    default: false,
    verbs: EMBEDDING,
    description: 'embed all products again where the data is of another model',
  },
  embeddingThreads: {
    type: 'integer',
    default: 0,
    min: 0,
    max: 64,
    unit: 'threads',
    verbs: EMBEDDING,
    description: 'worker threads that run the model; 0 chooses from the cores',
  },
  embeddingQueue: {
    type: 'integer',
    default: 256,
    min: 1,
    max: 100_000,
    unit: 'texts',
    verbs: EMBEDDING,
    description: 'queries that may wait to be embedded; past it they are refused at once',
  },
  embeddingMaxWaitMs: {
    type: 'ms',
    default: 500,
    min: 1,
    max: 60_000,
    verbs: EMBEDDING,
    description: 'how long a query may wait to be embedded, its own timeout_ms permitting',
  },
  embeddingCacheEntries: {
    type: 'integer',
    default: 10_000,
    min: 0,
    max: 10_000_000,
    unit: 'entries',
    verbs: SERVING,
    description: 'query embeddings kept, least recently used out first; 0 keeps none',
  },
  embeddingCacheBytes: {
    type: 'bytes',
    default: 64 * MIB,
    min: 0,
    max: MIB * MIB,
    verbs: SERVING,
    description: 'memory that the kept embeddings may take',
  },
} as const satisfies Record<string, Setting>;
