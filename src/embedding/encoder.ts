import type { CancelSignal } from '../core/cancellation.js';
import type { Deadline } from '../core/deadline.js';
import type { ModelIdentity } from '../core/product.js';
import type { ProductInputs } from './product-inputs.js';

/** `cached`: from the LRU. `shared`: another request was computing it. `computed`: by this one. */
export type EmbeddingSource = 'cached' | 'shared' | 'computed';

export interface QueryEmbedding {
  /** Unit length, `model.dimensions` values. Shared with the cache: never write to it. */
  vector: Float32Array;
  source: EmbeddingSource;
}

export interface EncoderStatus {
  embeddingCache: { entries: number; hits: number; misses: number };
  /** Texts that wait for a worker. */
  embeddingQueued: number;
  /** Of these, what shoppers wait for. */
  queriesQueued: number;
  /** Past so many of them more is refused. */
  queueLimit: number;
  /** Texts of products embedded since the start. */
  embeddedProducts: number;
  /** For how long the query that waits longest has waited, milliseconds; 0: none waits. */
  oldestMs: number;
  /** Texts of products that wait for a worker, and for how long the one that waits longest has. */
  productsQueued: number;
  oldestProductMs: number;
  /** Batches that failed, or whose thread died, since the last that went well. */
  failedInARow: number;
  /** No further query is taken in. */
  isFull: boolean;
}

/** On whose behalf something is embedded: tenants have equal shares. */
export interface EmbeddingCaller {
  /** `default` when absent. */
  tenant?: string;
  /** Aborted when nobody waits any more: texts that have not started are dropped. */
  signal?: CancelSignal | undefined;
}

/** Text to vectors of one model. The only part of the node that knows about models. */
export interface Encoder {
  readonly model: ModelIdentity;
  /**
   * From which cosine on a product that shares no word with a query may be meant by it, as far as the model's folder
   * says so. On a catalogue of some size it is calibrated.
   */
  readonly cutoff: number | undefined;
  /**
   * Rejects with `overloaded` when the queue is full or the wait would be too long,
   * `deadline_exceeded` when the deadline passes first, `unavailable` when the worker died twice over
   * it, the signal's reason when it is aborted.
   */
  embedQuery(text: string, deadline: Deadline, caller?: EmbeddingCaller): Promise<QueryEmbedding>;
  /**
   * Whether `word` is one whole piece of the model's vocabulary, of two letters or more: then it means
   * something to the model, and is no misspelling.
   */
  knowsPiece(word: string): boolean;
  /** All texts of a batch search in one pass, in order. Errors as for `embedQuery`. */
  embedQueries(
    texts: readonly string[],
    deadline: Deadline,
    caller?: EmbeddingCaller,
  ): Promise<QueryEmbedding[]>;
  /**
   * Products, in order, at lower priority than queries. Waits rather than overload. How their text
   * is made is the encoder's affair, and done in its threads.
   */
  embedProducts(
    products: readonly ProductInputs[],
    caller?: EmbeddingCaller,
  ): Promise<Float32Array[]>;
  status(): EncoderStatus;
  close(): Promise<void>;
}
