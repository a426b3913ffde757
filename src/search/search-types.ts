import type { ByteLease } from '../core/byte-budget.js';
import type { CancelSignal } from '../core/cancellation.js';
import type { Span } from '../core/span.js';
import type { EmbeddingSource } from '../embedding/encoder.js';
import type { Filter } from '../filter/filter.js';
import type { Boost } from '../query/result-set.js';
import type { HitScores } from '../query/leaf-result.js';
import type { RuleBook } from '../merchandising/rule-book.js';
import type { SortKey } from '../query/sort.js';
import type { Explainer, Explanation, HitExplanation } from './explanation.js';
import type { JsonObject, JsonValue, Product } from '../core/product.js';
import type { Narrowing } from '../tenancy/narrowing.js';

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
  /** They are marked whole, lists element by element; otherwise long ones are cut around the first match. */
  whole?: boolean;
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
  /** The text of the query, or its unit-length vector; undefined: all that match the filter. */
  query: string | Float32Array | undefined;
  /** The id of a product: its vector is the query, and it is not among the hits. Then `query` is undefined. */
  similarTo?: string;
  /** Of a text alone; absent: `PLAIN_TEXT`. */
  text?: TextOptions;
  topK: number;
  filter: Filter;
  /** What the caller's key leaves: all that is told is of that; absent: everything. */
  narrowing?: Narrowing | undefined;
  /** Name of the price list whose prices and stock count in place of the products' own. */
  priceList?: string | undefined;
  /** Product fields to return; undefined returns all but the vector. */
  fields: readonly string[] | undefined;
  /** Compares with every vector instead of searching the graph. */
  exact: boolean;
  /** The reply says what the search did. */
  explain: boolean;
  /** For the whole request. */
  timeoutMs: number;
  /** What a storefront asks for besides; absent: `PLAIN_SHOP`. */
  shop?: ShopOptions;
  /** Of the reply, by which events name it; absent where nobody is told. */
  queryId?: string;
  /** Products in the archive are searched as well; undefined: they are not. */
  includeCold?: boolean;
  /** In place of the tenant's own rules: of a preview. */
  book?: RuleBook;
}

/** A storefront's part of a request. Without a query it browses: all that match the filter. */
export interface ShopOptions {
  facets: readonly FacetRequest[];
  /** Empty: by score. */
  sort: readonly SortKey[];
  /** Hits [from, from + topK) of the order. */
  from: number;
  /** Opaque: the page behind the one that gave it, whatever else the request says of pages. */
  cursor: string | undefined;
  /** The reply has a cursor where there is more. */
  wantsCursor: boolean;
  group: { field: string; limit: number } | undefined;
  /** Positions count from 1. */
  pinned: readonly { id: string; position: number }[];
  hidden: readonly string[];
  boosts: readonly Boost[];
  /** At most `limit` hits of one value among the first window. */
  diversify: { field: string; limit: number } | undefined;
  /** What rules may ask for, besides query and category. */
  tags: readonly string[];
  /** Percent of the products that must have been searched, else `unavailable`; 0: any. */
  minCoverage: number;
  /** Stored rules are applied. */
  rules: boolean;
}

/** A search of which a storefront asks nothing besides its hits. */
export const PLAIN_SHOP: ShopOptions = {
  facets: [],
  sort: [],
  from: 0,
  cursor: undefined,
  wantsCursor: false,
  group: undefined,
  pinned: [],
  hidden: [],
  boosts: [],
  diversify: undefined,
  tags: [],
  minCoverage: 0,
  rules: true,
};

export interface FacetRequest {
  field: string;
  limit: number;
  prefix: string | undefined;
  ranges: readonly { from?: number; to?: number; label?: string }[] | undefined;
  /** Counted without the filter's top-level clauses on that field. */
  disjunctive: boolean;
}

/** A field's counts over the result set under the filter. */
export interface FacetReply {
  field: string;
  values: { value: string | number | boolean; count: number; from?: number; to?: number }[];
  /** Of values that are not named, summed. */
  other: number;
  /** Distinct values in all. */
  distinct: number;
  /** Of a field that has numbers. */
  stats: { min: number; max: number; avg: number; sum: number } | undefined;
}

/** Something about a request that its sender should know, though it was answered. */
export interface Warning {
  code: string;
  field: string;
  message: string;
}

/** On whose behalf a search is done. */
export interface SearchCaller {
  /** Aborted when nobody waits for the answer any more: then all work for it ends. */
  signal: CancelSignal;
  /** Charged for each document of the reply; to be released once that has left. */
  bytes: ByteLease;
  /** Of the request, where it is traced. */
  span?: Span | undefined;
  /** Takes what each search did, where somebody wants to know afterwards. */
  notes?: Explainer[] | undefined;
}

/** What was asked for of a hit besides its product. */
export interface HitExtras {
  /** It is not of the result set, but near. */
  isWidened?: boolean;
  /** With `group`: products of its group in the result set, and the best of them, itself first. */
  group?: { value: string | number | boolean | null; total: number; hits: Hit[] };
  /** HTML by field: its words that the query has are in `<mark>`, all else is escaped. */
  highlight?: Readonly<Record<string, string | readonly string[]>>;
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

/** Products that the shards which were to be searched have, and how many of these were searched. */
export interface Coverage {
  documents: number;
  of: number;
  /** Rounded down to a tenth. */
  percent: number;
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
  /** Of how much of the catalogue it is, where it misses something and that can be told. */
  coverage: Coverage | undefined;
  /** Filter fields that no product of the tenant has. */
  unknownFields: string[];
  /** Up to which position of the feed the shards knew the catalogue; undefined where that is not known. */
  through: number | undefined;
  /** Undefined unless asked for. */
  explanation: Explanation | undefined;
  /** Undefined for a search by vector. */
  text: TextReply | undefined;
  shop: ShopReply;
  /** Undefined unless asked for. */
  cold?: ColdReply;
}

/** What a search found among products that are in no index. */
export interface ColdReply {
  hits: Hit[];
  /** Products that it looked at. */
  compared: number;
  /** Why these are not all that there are. */
  missing: 'timeout' | 'unavailable' | undefined;
}

/** The storefront's part of a reply. */
export interface ShopReply {
  /** Products (with `group` groups) of the result set that match the filter. */
  total: number;
  facets: readonly FacetReply[];
  nextCursor: string | undefined;
  warnings: readonly Warning[];
  /** Stored rules that were applied, by id, and what they say. */
  rules: readonly string[];
  redirect: string | undefined;
  data: readonly JsonValue[];
}

/** Of a search that nothing of a storefront was asked for, but for its total. */
export const PLAIN_REPLY: Omit<ShopReply, 'total'> = {
  facets: [],
  nextCursor: undefined,
  warnings: [],
  rules: [],
  redirect: undefined,
  data: [],
};
