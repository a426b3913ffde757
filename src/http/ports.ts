import type { ByteBudget } from '../core/byte-budget.js';
import type { OmniError } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import type { ModelIdentity } from '../core/product.js';
import type { Ingest } from '../ingest/ingest.js';
import type { SearchCaller, SearchReply, SearchRequest } from '../search/search-types.js';
import type { HttpLimits } from './limits.js';

/** What the routes need of search: `RootSearch` is one. */
export interface SearchPort {
  search(request: SearchRequest, caller: SearchCaller): Promise<SearchReply>;
  /** One result a request, in order. */
  searchBatch(
    requests: readonly SearchRequest[],
    caller: SearchCaller,
  ): Promise<(SearchReply | OmniError)[]>;
}

/** What the routes need of the tenants: `TenantDirectory` is one. */
export interface TenantPort {
  /** Throws `not_found` for a tenant that was never written to; `default` is always there. */
  require(name: string): Promise<void> | void;
}

/** One part of the node, for `/healthz`. */
export interface PartHealth {
  name: string;
  state: 'ok' | 'starting' | 'degraded' | 'down';
  detail?: string;
}

/** Recall of a shard's searches whose filter lets a certain share of the rows through. */
interface RecallFigures {
  /** Upper end of that share; the lower one is the end of the band before. */
  selectivity: number;
  /** Searches repeated exactly since the shard's start. */
  repeats: number;
  /** Lately, with its bounds; null before the first repeat. */
  recall: number | null;
  low: number | null;
  high: number | null;
  /** Surely below the target. */
  failing: boolean;
}

/** Comparisons of what a shard holds with the store. */
interface ReconciliationFigures {
  /** Comparisons of one tenant since the shard's start. */
  checks: number;
  /** How many found a difference and healed it. */
  reconciled: number;
  /** All tenants were compared since then, epoch ms; null until each was. */
  checkedAtMs: number | null;
}

export interface ShardFigures {
  name: string;
  documents: number;
  bytes: number;
  /** Feed entries not yet applied. */
  behind: number;
  /** Absent where recall is not watched. */
  recall?: { target: number; bands: readonly RecallFigures[] };
  /** Absent where nothing is compared. */
  reconciliation?: ReconciliationFigures;
}

/** What `/stats` and `/metrics` tell. */
export interface NodeStatus {
  model: ModelIdentity;
  products: number;
  partitions: number;
  /** Reads of the store since the start of the process, of this node's own and of each shard's. */
  storeReads: readonly { process: string; reads: number }[];
  shards: readonly ShardFigures[];
  embeddingCache: { entries: number; hits: number; misses: number };
  /** Texts that wait for a worker. */
  embeddingQueued: number;
  /** Texts of products embedded since the start. */
  embeddedProducts: number;
  /** Undefined while it is switched off. */
  resultCache: { entries: number; hits: number; misses: number } | undefined;
}

/** Status pages read this: what is known already, so that asking costs nothing. */
export interface StatusPort {
  /** Why the node cannot answer searches now; undefined when it can. */
  notReady(): string | undefined;
  parts(): PartHealth[];
  status(): NodeStatus;
}

export interface HttpPorts {
  search: SearchPort;
  ingest: Pick<
    Ingest,
    | 'ndjson'
    | 'json'
    | 'upsert'
    | 'upsertOne'
    | 'patch'
    | 'remove'
    | 'read'
    | 'categories'
    | 'waitSearchable'
  >;
  status: StatusPort;
  tenants: TenantPort;
  logger: Logger;
}

export interface HttpOptions {
  /** Length of a query vector. */
  dimensions: number;
  apiKey: string | undefined;
  adminKey: string | undefined;
  /** The server listens on a loopback address only: without a key `/stats` and `/metrics` are open then. */
  loopback: boolean;
  /** Names that a request may be addressed to (its `Host`); undefined for any. */
  allowedHosts?: readonly string[] | undefined;
  limits?: Partial<HttpLimits>;
  /** Folder with the page's files. */
  webDir: string | undefined;
  /** Folder with the demo catalogue's pictures. */
  picturesDir: string | undefined;
}

/** What routes are built with. */
export interface RouteOptions extends HttpOptions {
  limits: HttpLimits;
  /** Request bodies in memory. */
  bodies: ByteBudget;
  /** Replies in memory. */
  replies: ByteBudget;
}
