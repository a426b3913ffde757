import type { ExportDesk } from '../backup/export-desk.js';
import type { Rollback } from '../backup/rollback.js';
import type { TakenBackups } from '../backup/taken-backups.js';
import type { RestoreDesk } from '../backup/restore-desk.js';
import type { RegionSource } from '../backup/region/region-source.js';
import type { TenantTransfer } from '../backup/tenant-transfer.js';
import type { ClusterDesk } from '../cluster/cluster-desk.js';
import type { ObservedLease } from '../cluster/lease-observer.js';
import type { CensusFigures } from '../cluster/replica-census.js';
import type { DecisionLog } from '../cluster/decision-log.js';
import type { ScalingLog } from '../cluster/scaling-log.js';
import type { StoreReads } from '../cluster/store-reads.js';
import type { ByteBudget } from '../core/byte-budget.js';
import type { OmniError } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import type { ModelIdentity } from '../core/product.js';
import type { ShardState, ShardStatus } from '../core/shard-status.js';
import type { Tracer } from '../core/span.js';
import type { StageTimes } from '../core/stage-times.js';
import type { Catalogue } from '../ingest/catalogue.js';
import type { Ingest } from '../ingest/ingest.js';
import type { ImportDesk } from '../jobs/imports/import-desk.js';
import type { JobStates } from '../jobs/job-figures.js';
import type { FiringAlerts } from '../metrics/firing-alerts.js';
import type { MetricsPage } from '../metrics/metrics-page.js';
import type { QueryDays } from '../merchandising/query-days.js';
import type { QueryLog } from '../merchandising/query-log.js';
import type { Suggestions } from '../merchandising/suggestions.js';
import type { RuleDesk } from '../merchandising/rule-desk.js';
import type { RulePreview } from '../search/preview-rules.js';
import type { SearchCaller, SearchReply, SearchRequest } from '../search/search-types.js';
import type { TenantSettings } from '../tenancy/tenant-settings.js';
import type { AuditLog } from '../tenancy/audit-log.js';
import type { CollectionSchemas } from '../tenancy/collection-schemas.js';
import type { FoundLog } from '../tenancy/found-log.js';
import type { HandoverDesk } from '../tenancy/handover-desk.js';
import type { KeyDesk } from '../tenancy/keys/key-desk.js';
import type { KeyRing } from '../tenancy/keys/key-ring.js';
import type { OwnNodesPort } from '../tenancy/own-nodes.js';
import type { PlanBook } from '../tenancy/plan-book.js';
import type { PriceLists } from '../tenancy/price-lists.js';
import type { SettingsDesk } from '../tenancy/settings-desk.js';
import type { TenantAliases } from '../tenancy/tenant-aliases.js';
import type { TenantDesk } from '../tenancy/tenant-desk.js';
import type { RateLimits } from '../tenancy/rate-limits.js';
import type { UsageMeter } from '../tenancy/usage-meter.js';
import type { UsageReports } from '../tenancy/usage-report.js';
import type { WritersPort } from './forward-writes.js';
import type { HandoverPort } from './hand-on.js';
import type { HttpLimits } from './limits.js';
import type { RegionPort } from './region.js';
import type { SlowSearchOptions } from './slow-searches.js';

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
  /** Throws `not_found` for a tenant that was never written to; `default` is always there. `suspended` for one that is shut. */
  require(name: string, use?: 'read' | 'write'): Promise<void> | void;
  /** What the tenant lets searches ask for. */
  settings(name: string): Promise<Pick<TenantSettings, 'facets' | 'sortable'>>;
  /** Makes the tenant where it is not there yet. Rejects `not_found` where tenants are not made so. */
  ensure(name: string): Promise<void>;
}

/** One part of the node, for `/healthz`. */
export interface PartHealth {
  name: string;
  state: 'ok' | 'starting' | 'degraded' | 'down';
  detail?: string;
}

/** What of a shard's state `/stats` tells; zeros where it did not answer. */
export type ShardFigures = { name: string } & Pick<
  ShardStatus,
  'documents' | 'bytes' | 'behind' | 'recall' | 'reconciliation'
>;

/** Tenants whose words are made anew, over all shards, as far as those are known. */
export interface SwitchFigures {
  /** The most that any shard has. */
  tenants: number;
  /** Some of them, with their products that are done, of how many. */
  first: readonly { tenant: string; generation: number; documents: number; of: number }[];
}

/** From which cosine on a product without a word of the query may be meant by it. */
interface CutoffFigures {
  /** The model's own; null where its folder does not say, or there is no model. */
  own: number | null;
  /** Of some tenants that this node has met lately, as calibrated on catalogues of so many products. */
  calibrated: readonly { tenant: string; cosine: number; products: number }[];
}

interface CacheFigures {
  entries: number;
  hits: number;
  misses: number;
}

/** What `/stats` and `/metrics` tell. */
export interface NodeStatus {
  model: ModelIdentity;
  /** Raised with every change of what words a text has. */
  analyzer: number;
  switching: SwitchFigures;
  cutoffs: CutoffFigures;
  products: number;
  partitions: number;
  /** Reads of the store by this process since its start. */
  storeReads: number;
  /** Why a write to the store would fail now. */
  storeProblem?: string | undefined;
  /** Of this node; undefined where the store is on this machine. */
  storeConnections?: { idle: number; inUse: number; waiting: number; limit: number } | undefined;
  shards: readonly ShardFigures[];
  /** The same as the shards said it; without a reply where they did not. */
  states: readonly ShardState[];
  /** A text whose whole answer was kept is a hit. */
  embeddingCache: CacheFigures;
  /** Answers that are given again while nothing has changed. */
  answerCache: CacheFigures;
  /** Texts that wait for a worker. */
  embeddingQueued: number;
  /** Texts of products embedded since the start. */
  embeddedProducts: number;
  /** Undefined where nothing is shared by it. */
  redis?: RedisFigures | undefined;
}

/** How Redis does, and how often each use of it helped. */
interface RedisFigures {
  isUp: boolean;
  errors: number;
  uses: readonly { use: string; hits: number; misses: number; late: number }[];
}

/** Status pages read this: what is known already, so that asking costs nothing. */
export interface StatusPort {
  /** Why the node cannot answer searches now; undefined when it can. */
  notReady(): string | undefined;
  parts(): PartHealth[];
  status(): NodeStatus;
}

/** What the routes need of what shoppers asked for and did. */
export interface InsightPort {
  log: Pick<QueryLog, 'answered' | 'happened'>;
  days: Pick<QueryDays, 'of' | 'top'>;
  suggestions: Pick<Suggestions, 'queries' | 'categories' | 'among'>;
}

/** What answers depend on besides their requests: `AnswerState` is one. */
export interface AnswersPort {
  /** The same as long as answers are; undefined where that cannot be told now. */
  of(search: SearchRequest): Promise<string | undefined>;
}

export interface HttpPorts {
  search: SearchPort;
  ingest: Ingest;
  status: StatusPort;
  tenants: TenantPort;
  settings: Pick<SettingsDesk, 'read' | 'change'>;
  insight: InsightPort;
  rules: Pick<RuleDesk, 'list' | 'get' | 'put' | 'remove'>;
  preview: Pick<RulePreview, 'run'>;
  /** The query nodes that hold a lease; none where the store keeps no leases. */
  queryNodes(): readonly ObservedLease[];
  cluster: Pick<
    ClusterDesk,
    'show' | 'advice' | 'plan' | 'apply' | 'move' | 'pin' | 'split' | 'merge' | 'drain' | 'undrain'
  >;
  /** Days until the shard nodes are full; absent, or null: it is not known. */
  daysUntilFull?: (() => Promise<number | null>) | undefined;
  decisions: Pick<DecisionLog, 'latest'>;
  /** What fires now; absent: nobody is asked. */
  alerts?: Pick<FiringAlerts, 'read'> | undefined;
  /** Of the whole cluster, by kind; absent, or undefined: they cannot be told now. */
  jobs?: (() => Promise<ReadonlyMap<string, JobStates> | undefined>) | undefined;
  /** What nobody serves; absent, or undefined: it is not known. */
  census?: (() => CensusFigures | undefined) | undefined;
  storeReads: Pick<StoreReads, 'show' | 'change' | 'requireChoice'>;
  /** What `omnisearch autoscale` has decided. */
  scaling: Pick<ScalingLog, 'show'>;
  aliases: Pick<TenantAliases, 'resolve' | 'list' | 'get' | 'put' | 'remove'>;
  audit: Pick<AuditLog, 'list' | 'note'>;
  keys: Pick<KeyRing, 'admit' | 'admitSigned' | 'exist'>;
  keyDesk: Pick<
    KeyDesk,
    'list' | 'get' | 'create' | 'change' | 'rotate' | 'remove' | 'recordsOf' | 'adopt' | 'keepOnly'
  >;
  answers: AnswersPort;
  priceLists: Pick<PriceLists, 'list'> & {
    /** Rejects `not_found`. */
    remove(tenant: string, name: string, by: string | null): Promise<void>;
  };
  imports: Pick<
    ImportDesk,
    'take' | 'takeUrl' | 'get' | 'list' | 'rejected' | 'confirm' | 'cancel' | 'retry'
  >;
  collections: Pick<CollectionSchemas, 'find' | 'create' | 'change' | 'remove' | 'list'>;
  catalogue: Pick<Catalogue, 'count' | 'knownFields' | 'pages'>;
  tenantDesk: Pick<TenantDesk, 'list' | 'get' | 'put' | 'drop'>;
  ownNodes: Pick<OwnNodesPort, 'of'>;
  transfer: Pick<
    TenantTransfer,
    'dimensions' | 'page' | 'digest' | 'imported' | 'checkImportable' | 'import' | 'keepPosition'
  >;
  plans: Pick<PlanBook, 'of' | 'weight' | 'list' | 'get' | 'put' | 'remove'>;
  usage: Pick<UsageReports, 'lastDays' | 'month' | 'page' | 'one'>;
  /** Is told of each search. */
  meter: Pick<UsageMeter, 'searched' | 'count'>;
  /** Is told what each search returns; absent: nobody wants to know. */
  found?: Pick<FoundLog, 'returned'> | undefined;
  rates: Pick<RateLimits, 'take'>;
  /** Absent: nobody takes this installation's place. */
  handover?: HandoverPort | undefined;
  handoverDesk: Pick<HandoverDesk, 'get' | 'put'>;
  taken: Pick<TakenBackups, 'note'>;
  exports: Pick<ExportDesk, 'head' | 'products' | 'records'>;
  rollback: Pick<Rollback, 'run'>;
  restores: Pick<
    RestoreDesk,
    'checkModel' | 'products' | 'record' | 'removeRecord' | 'placement' | 'settle'
  >;
  /** Removes a tenant and all that it has; resolves once its name is free again. */
  dropTenant(tenant: string): Promise<void>;
  /** Whom writes are forwarded to; absent: this node writes itself. */
  writers?: WritersPort | undefined;
  /** What regions read. */
  regionSource: Pick<RegionSource, 'changes' | 'records' | 'products'>;
  /** Of a region that follows another deployment; absent: this is none. */
  region?: RegionPort | undefined;
  /** Absent: nothing is traced. */
  tracer?: Tracer | undefined;
  /** What else the process tells of itself; absent: nothing. */
  page?: MetricsPage | undefined;
  /** What searches spend in their stages, as the search counts it; absent: it does not. */
  stages?: StageTimes | undefined;
  logger: Logger;
}

export interface HttpOptions {
  /** Length of a query vector. */
  dimensions: number;
  apiKey: string | undefined;
  adminKey: string | undefined;
  /** Unknown keys an address may come with in a minute before it is sent away; 0 or absent: any number. */
  authFailuresPerMinute?: number;
  /** The server listens on a loopback address only: without a key `/stats` and `/metrics` are open then. */
  loopback: boolean;
  /** Names that a request may be addressed to (its `Host`); undefined for any. */
  allowedHosts?: readonly string[] | undefined;
  /** Proxies whose `X-Forwarded-For` is believed; absent: none. */
  trustProxy?: readonly string[] | undefined;
  limits?: Partial<HttpLimits>;
  /** Of the tenants that ask most, so many are named in `/metrics`; absent: none. */
  metricsTenants?: number;
  /** Of the software, for `GET /openapi.json`. */
  version?: string;
  /** How long an edge may keep the answer to a `GET /search`, seconds; 0 or absent: not at all. */
  searchMaxAgeS?: number;
  /** Pages of these may call product and search routes from a browser; `*` stands for all. */
  corsOrigins?: readonly string[];
  /** Larger replies are compressed for who takes that. */
  compressMinBytes?: number;
  /** Absent: they are not logged. */
  slowSearches?: SlowSearchOptions | undefined;
  /** Each request is logged. */
  accessLog?: boolean;
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
