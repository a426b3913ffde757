import type { ByteLease } from '../core/byte-budget.js';
import type { EmbeddingSource } from '../embedding/encoder.js';
import type { Filter } from '../filter/filter.js';
import type { Explanation } from './explanation.js';
import type { Product, JsonObject } from '../core/product.js';

/** A validated search of one tenant; `text` is embedded first, a vector is used as it is. */
export interface SearchRequest {
  tenant: string;
  /** The text of the query, or its unit-length vector. */
  query: string | Float32Array;
  topK: number;
  filter: Filter;
  /** Product fields to return; undefined returns all but the vector. */
  fields: readonly string[] | undefined;
  /** Compares with every vector instead of searching the graph. */
  exact: boolean;
  /** The reply says what the search did. */
  explain: boolean;
  /** For the whole request. */
  timeoutMs: number;
}

/** On whose behalf a search is done. */
export interface SearchCaller {
  /** Aborted when nobody waits for the answer any more: then all work for it ends. */
  signal: AbortSignal;
  /** Charged for each document of the reply; to be released once that has left. */
  bytes: ByteLease;
}

export class Hit {
  constructor(
    readonly id: string,
    /** Cosine of query and product, larger is better. */
    readonly score: number,
    /** The product, or what was asked for of it, as JSON: as the store has it where that is all of it. */
    readonly json: Buffer | string,
  ) {}

  get product(): Product | JsonObject {
    return JSON.parse(this.json.toString()) as JsonObject;
  }
}

export type MissingReason = 'timeout' | 'unavailable' | 'not_ready' | 'overloaded' | 'stale_index';

/** One thing that an answer misses, and why. */
export interface MissingPart {
  part: 'shard' | 'store';
  category?: string;
  shard?: string;
  reason: MissingReason;
}

export interface SearchReply {
  hits: Hit[];
  tookMs: number;
  timingsMs: { embed: number; search: number; join: number };
  /** Undefined for a search by vector. */
  embedding: EmbeddingSource | undefined;
  /** `name@fingerprint`, the fingerprint cut to 8 characters. */
  model: string;
  /** The ranking came from the result cache. */
  cached: boolean;
  /** What the answer misses; empty when it is complete. */
  missing: MissingPart[];
  /** Filter fields that no product of the tenant has. */
  unknownFields: string[];
  /** Undefined unless asked for. */
  explanation: Explanation | undefined;
}
