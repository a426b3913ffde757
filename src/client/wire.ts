/** The shapes of the HTTP API, named as on the wire: the server's own, with products and filters typed. */
import type {
  PreviewRequest,
  RuleRequest,
  SearchReply as AnyReply,
  SearchRequest,
  SettingsReply,
  SimilarRequest,
  VectorRequest,
  WriteReply as AnyWriteReply,
} from './api-types.js';

export type Scalar = string | number | boolean;

/** What a shop knows of a product; other fields are kept and returned as sent. */
export interface Product {
  id: string;
  title: string;
  category: string;
  brand?: string;
  description?: string;
  price?: number;
  in_stock?: boolean;
  image_url?: string;
  url?: string;
  categories?: readonly string[] | Readonly<Record<string, string | readonly string[]>>;
  attributes?: Readonly<Record<string, Scalar | readonly string[]>>;
  vector?: readonly number[];
  version?: number;
  [field: string]: unknown;
}

export interface Comparison {
  gt?: Scalar;
  gte?: Scalar;
  lt?: Scalar;
  lte?: Scalar;
  eq?: Scalar | null;
  ne?: Scalar | null;
  in?: readonly (Scalar | null)[];
  not_in?: readonly (Scalar | null)[];
  exists?: boolean;
}

/** A field to a value, a list (any of) or comparisons; fields together mean "and". */
export type Filter = {
  [field: string]:
    Scalar | null | readonly (Scalar | null)[] | Comparison | readonly Filter[] | Filter;
};

/** As it may be sent: with lists that nobody changes, too. */
type Sent<T> = T extends readonly (infer Item)[]
  ? readonly Sent<Item>[]
  : T extends object
    ? { [K in keyof T]: K extends 'filter' ? Filter : Sent<T[K]> }
    : T;

type TextPart = 'query' | 'browse' | 'mode' | 'prefix' | 'understand' | 'highlight';

/** What all searches take. */
export type SearchOptions = Sent<Omit<SearchRequest, TextPart>>;
export type TextSearch = Sent<Omit<SearchRequest, 'query' | 'browse'>> & { query: string };
/** All products that match the filter. */
export type Browse = SearchOptions & { browse: true };
export type VectorSearch = Sent<VectorRequest>;
/** Like the product with this id. */
export type SimilarSearch = Sent<SimilarRequest>;

export type FacetRequest = Exclude<NonNullable<SearchOptions['facets']>[number], string>;
/** By `_score` for the relevance. */
export type SortKey = NonNullable<SearchOptions['sort']>[number];
/** A product at a position, from 1. */
export type Pin = NonNullable<SearchOptions['pinned']>[number];
export type Boost = NonNullable<SearchOptions['boost']>[number];

type AnyHit = AnyReply['hits'][number];

/** `highlight` is HTML in which only `<mark>` is markup; `widened`: near, but not of the counted set. */
export type Hit<P = Partial<Product>> = Omit<AnyHit, 'product' | 'group' | 'explain'> & {
  product: P;
  explain?: unknown;
  group?: { value: Scalar | null; total: number; hits: Hit<P>[] };
};

export type Facet = NonNullable<AnyReply['facets']>[string];
export type FacetValue = Facet['values'][number];
export type Warning = NonNullable<AnyReply['warnings']>[number];
/** What an answer lacks. */
export type Incomplete = NonNullable<AnyReply['partial']>;
export type MissingPart = Incomplete['missing'][number];

export interface Understood {
  /** As typed. */
  text: string;
  filter?: Record<string, unknown>;
  sort?: unknown;
}

export type SearchReply<P = Partial<Product>> = Omit<
  AnyReply,
  'hits' | 'understood' | 'partial' | 'explain'
> & {
  hits: Hit<P>[];
  understood?: Understood[];
  /** Null: nothing is missing. */
  partial: Incomplete | null;
  explain?: unknown;
};

/** An error as a part of another reply. */
export interface ErrorBody {
  code: string;
  message: string;
  field?: string;
  request_id?: string;
}

export type BatchResult<P = Partial<Product>> = SearchReply<P> | { error: ErrorBody };

export interface Suggestions<P = Partial<Product>> {
  queries: { text: string; count: number }[];
  products: Hit<P>[];
  categories: { category: string; count: number }[];
}

/** What became of products that were sent; `accepted` has the unchanged and stale ones too. */
export type WriteReply = AnyWriteReply;
/** `line` counts from 1; the first 1,000 are listed. */
export type RejectedRow = WriteReply['rejected'][number];

export type Rule = Sent<Omit<RuleRequest, 'id'>> & { id: string };

export type Synonym = { id: string } & (
  { words: readonly string[] } | { from: string; to: readonly string[] }
);

export interface ListOptions {
  limit?: number;
  cursor?: string;
}

export type Settings = SettingsReply;

export interface ShopEvent {
  type: 'click' | 'cart' | 'purchase';
  query_id: string;
  id: string;
  /** Of the product in the list, from 1. */
  position?: number;
}

/** How a shop's search does; null where nothing was counted that tells. */
export interface SearchFigures {
  /** Of searches: part after which something was clicked. */
  click_through_rate: number | null;
  /** From 1. */
  average_click_position: number | null;
  /** Of searches: part after which something was bought. */
  conversion_rate: number | null;
}

export interface Analytics extends SearchFigures {
  days: number;
  searches: number;
  no_result_rate: number | null;
  top_queries: ({ text: string; count: number } & SearchFigures)[];
  no_result_queries: { text: string; count: number }[];
}

/** What rules are tried on: without `queries` those that were asked for most. */
export type RulePreviewRequest = Sent<PreviewRequest>;

export interface RulePreview {
  /** Looked at. */
  queries: number;
  /** Have another answer with the rule: those of `results`. */
  changed: number;
  /** Of so many it is not known. */
  unknown: number;
  /** `before` and `after`: ids of the first hits. */
  results: {
    query: string;
    before: string[];
    after: string[];
    rules: string[];
    redirect?: string;
  }[];
}
