import type { ByteLease } from '../core/byte-budget.js';
import type { EmbeddingSource } from '../embedding/encoder.js';
import type { Filter } from '../filter/filter.js';
import type { HitScores } from '../query/leaf-result.js';
import type { Explanation, HitExplanation } from './explanation.js';
import type { Product, JsonObject } from '../core/product.js';

/** What ranks the hits of a text: its words and its meaning together, or one of them. */
export type SearchMode = 'hybrid' | 'keyword' | 'vector';

/** How the text of a query is taken. */
export interface TextOptions {
  mode: SearchMode;
  /** The last word is the beginning of one. */
  prefix: boolean;
  /** Price words and negation become filters; undefined: as the tenant's settings have it. */
  understand: boolean | undefined;
  /** Fields whose words are marked where the query has them. */
  highlight: readonly string[];
}

/** How a text is taken where a request does not say. */
export const PLAIN_TEXT: TextOptions = {
  mode: 'hybrid',
  prefix: false,
  understand: undefined,
  highlight: [],
};

/** A validated search of one tenant; a text is read first, a vector is used as it is. */
export interface SearchRequest {
  tenant: string;
  /** The text of the query, or its unit-length vector. */
  query: string | Float32Array;
  /** Of a text alone; absent: `PLAIN_TEXT`. */
  text?: TextOptions;
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

/** What was asked for of a hit besides its product. */
export interface HitExtras {
  /** HTML by field: its words that the query has are in `<mark>`, all else is escaped. */
  highlight?: Readonly<Record<string, string>>;
  explanation?: HitExplanation;
}

export class Hit {
  constructor(
    readonly id: string,
    /** What orders the hits, larger is better: of a search by vector, or by meaning alone, the cosine. */
    readonly score: number,
    /** The product, or what was asked for of it, as JSON: as the store has it where that is all of it. */
    readonly json: Buffer | string,
    /** What the score consists of; undefined for a search by vector. */
    readonly scores?: HitScores,
    readonly extras?: HitExtras,
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

/** What of a query's text became a filter. */
export interface UnderstoodPart {
  /** As typed. */
  text: string;
  /** In the form of a request's filter; absent for words that no hit may have. */
  filter?: JsonObject;
}

/** What the reply to a text says of it. */
export interface TextReply {
  /** 0 exactly when nothing was found. */
  total: number;
  /** The text that was searched for instead, corrected; null where nothing was. */
  rewritten: { from: string; to: string } | null;
  /** Other texts that may have been meant. */
  didYouMean: readonly string[];
  understood: readonly UnderstoodPart[];
  /** Word statistics of a shard that does not answer were its last ones. */
  isApproximate: boolean;
}

export interface SearchReply {
  hits: Hit[];
  tookMs: number;
  timingsMs: { embed: number; search: number; join: number };
  /** Undefined for a search by vector. */
  embedding: EmbeddingSource | undefined;
  /** `name@fingerprint`, the fingerprint cut to 8 characters. */
  model: string;
  /** What the answer misses; empty when it is complete. */
  missing: MissingPart[];
  /** Filter fields that no product of the tenant has. */
  unknownFields: string[];
  /** Undefined unless asked for. */
  explanation: Explanation | undefined;
  /** Undefined for a search by vector. */
  text: TextReply | undefined;
}
