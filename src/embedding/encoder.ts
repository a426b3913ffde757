import type { Deadline } from '../core/deadline.js';
import type { ModelIdentity } from '../core/product.js';

/** `cached`: from the LRU. `shared`: another request was computing it. `computed`: by this one. */
export type EmbeddingSource = 'cached' | 'shared' | 'computed';

export interface QueryEmbedding {
  /** Unit length, `model.dimensions` values. Shared with the cache: never write to it. */
  vector: Float32Array;
  source: EmbeddingSource;
}

export interface EncoderStatus {
  cache: { entries: number; capacity: number; hits: number; misses: number };
  pool: { threads: number; queued: number };
  /** Texts of products embedded since the start. */
  embeddedProducts: number;
}

/** Text to vectors of one model. The only part of the node that knows about models. */
export interface Encoder {
  readonly model: ModelIdentity;
  /**
   * Rejects with `overloaded` when the queue is full, `deadline_exceeded` when the deadline passes
   * first, `unavailable` when the worker died twice over it.
   */
  embedQuery(text: string, deadline: Deadline): Promise<QueryEmbedding>;
  /** Equal for two texts exactly when the model cannot tell them apart. */
  queryKey(text: string): string;
  /** All texts of a batch search in one pass, in order. Errors as for `embedQuery`. */
  embedQueries(texts: readonly string[], deadline: Deadline): Promise<QueryEmbedding[]>;
  /** Texts of products, in order, at lower priority than queries. Waits rather than overload. */
  embedProducts(texts: readonly string[]): Promise<Float32Array[]>;
  status(): EncoderStatus;
  close(): Promise<void>;
}
