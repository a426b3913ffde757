import { Imports } from './imports.js';
import { NamedItems } from './named-items.js';
import { Operator } from './operator.js';
import { Products } from './products.js';
import { Rules } from './rules.js';
import { Transport, type Call, type CallOptions, type TransportOptions } from './transport.js';
import type {
  Analytics,
  BatchResult,
  Browse,
  Product,
  SearchReply,
  Settings,
  ShopEvent,
  SimilarSearch,
  Suggestions,
  Synonym,
  TextSearch,
  VectorSearch,
} from './wire.js';

/**
 * OmniSearch over HTTP, for browsers and Node. Bodies and replies are the API's. Every call rejects with an
 * `OmniSearchError`, or with the reason of its `signal`.
 *
 *     const shop = new OmniSearch({ addresses: ['https://search.example.com'], apiKey });
 *     const { hits, total } = await shop.search({ query: 'wireless mouse', per_page: 24 });
 */
export class OmniSearch {
  readonly products: Products;
  readonly imports: Imports;
  readonly rules: Rules;
  readonly synonyms: NamedItems<Synonym>;
  readonly operator: Operator;
  private readonly transport: Transport;

  /** Throws `TypeError` for an address that is none. */
  constructor(options: TransportOptions) {
    this.transport = new Transport(options);
    this.products = new Products(this.transport);
    this.imports = new Imports(this.transport);
    this.rules = new Rules(this.transport);
    this.operator = new Operator(this.transport);
    this.synonyms = new NamedItems(this.transport, 'synonyms');
  }

  /** By words and meaning; or, with `browse`, all that match the filter. `P`: the fields asked for. */
  async search<P = Partial<Product>>(
    body: TextSearch | Browse,
    options?: CallOptions,
  ): Promise<SearchReply<P>> {
    return (await this.read('search/text', body, options)) as SearchReply<P>;
  }

  async searchVector<P = Partial<Product>>(
    body: VectorSearch,
    options?: CallOptions,
  ): Promise<SearchReply<P>> {
    return (await this.read('search/vector', body, options)) as SearchReply<P>;
  }

  /** Up to 100 searches as one request; each has a reply or an error of its own, in order. */
  async batch<P = Partial<Product>>(
    searches: readonly (TextSearch | VectorSearch | Browse)[],
    options?: CallOptions,
  ): Promise<BatchResult<P>[]> {
    const reply = await this.read('search/batch', { searches }, options);
    return (reply as { results: BatchResult<P>[] }).results;
  }

  /** Products like the one with this id. */
  async similar<P = Partial<Product>>(
    body: SimilarSearch,
    options?: CallOptions,
  ): Promise<SearchReply<P>> {
    return (await this.read('search/similar', body, options)) as SearchReply<P>;
  }

  /** What the beginning of a query may become. */
  async suggest<P = Partial<Product>>(
    q: string,
    { limit, ...options }: CallOptions & { limit?: number } = {},
  ): Promise<Suggestions<P>> {
    return (await this.get('suggest', { q, limit }, options)) as Suggestions<P>;
  }

  /** Categories and how many products each has, most first. */
  async categories(options?: CallOptions): Promise<{ category: string; products: number }[]> {
    const reply = await this.get('categories', {}, options);
    return (reply as { categories: { category: string; products: number }[] }).categories;
  }

  async settings(options?: CallOptions): Promise<Settings> {
    return (await this.get('settings', {}, options)) as Settings;
  }

  /** What is absent goes back to its default. */
  async putSettings(settings: Partial<Settings>, options?: CallOptions): Promise<Settings> {
    const call = { method: 'PUT', path: 'settings', twice: 'nothing' } as const;
    return (await this.transport.call({ ...call, body: { json: settings } }, options)) as Settings;
  }

  /** What a shopper did with an answer. Counted twice if sent twice, so it is not sent again in doubt. */
  async sendEvent(event: ShopEvent, options?: CallOptions): Promise<void> {
    const call = { method: 'POST', path: 'events', twice: 'harm' } as const;
    await this.transport.call({ ...call, body: { json: event } }, options);
  }

  /** Top queries, queries without results, and what came of them. */
  async analytics({
    days,
    limit,
    ...options
  }: CallOptions & { days?: number; limit?: number } = {}): Promise<Analytics> {
    return (await this.get('analytics', { days, limit }, options)) as Analytics;
  }

  private get(path: string, query: Call['query'], options?: CallOptions): Promise<unknown> {
    return this.transport.call({ method: 'GET', path, query, twice: 'nothing' }, options);
  }

  /** A search changes nothing. */
  private read(path: string, json: object, options?: CallOptions): Promise<unknown> {
    const call = { method: 'POST', path, twice: 'nothing' } as const;
    return this.transport.call({ ...call, body: { json } }, options);
  }
}

export { browserKey } from './browser-key.js';
export type { BrowserKeyLimits, BrowserKeyOptions, ParentKey } from './browser-key.js';
export { OmniSearchError } from './errors.js';
export type { CallOptions, TransportOptions as OmniSearchOptions } from './transport.js';
export type {
  Analytics,
  BatchResult,
  Boost,
  Browse,
  Comparison,
  ErrorBody,
  Facet,
  FacetRequest,
  FacetValue,
  Filter,
  Hit,
  Incomplete,
  MissingPart,
  Pin,
  Product,
  Rule,
  RulePreview,
  RulePreviewRequest,
  Scalar,
  SearchFigures,
  SearchOptions,
  SearchReply,
  Settings,
  ShopEvent,
  SimilarSearch,
  SortKey,
  Suggestions,
  Synonym,
  TextSearch,
  Understood,
  VectorSearch,
  Warning,
  WriteReply,
} from './wire.js';
