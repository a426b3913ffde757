import type { LightMyRequestResponse } from 'fastify';
import { ExportDesk } from '../../src/backup/export-desk.js';
import { TakenBackups } from '../../src/backup/taken-backups.js';
import { RestoreDesk } from '../../src/backup/restore-desk.js';
import { CopyWriter } from '../../src/backup/copy-writer.js';
import { HandoverDesk } from '../../src/tenancy/handover-desk.js';
import { HandoverWatch } from '../../src/tenancy/handover-watch.js';
import { RegionSource } from '../../src/backup/region/region-source.js';
import { TenantTransfer } from '../../src/backup/tenant-transfer.js';
import type { ShardStatus } from '../../src/core/shard-status.js';
import { createHttpServer, type HttpServer } from '../../src/http/server.js';
import type { HttpOptions, HttpPorts, SearchPort, StatusPort } from '../../src/http/ports.js';
import { QueryDays } from '../../src/merchandising/query-days.js';
import { QueryLog } from '../../src/merchandising/query-log.js';
import { Suggestions } from '../../src/merchandising/suggestions.js';
import { priceListDesk } from '../../src/jobs/sweep-prices.js';
import { KeptRuleBooks } from '../../src/merchandising/kept-rule-books.js';
import { RulePreview } from '../../src/search/preview-rules.js';
import { RuleDesk } from '../../src/merchandising/rule-desk.js';
import type { RuleLimits } from '../../src/merchandising/rule-tally.js';
import type { ObservedLease } from '../../src/cluster/lease-observer.js';
import { ScalingLog } from '../../src/cluster/scaling-log.js';
import { StoreReads } from '../../src/cluster/store-reads.js';
import { AuditLog, type AuditEntry } from '../../src/tenancy/audit-log.js';
import { Catalogue } from '../../src/ingest/catalogue.js';
import { TENANT_KIND } from '../../src/store/record-store.js';
import { CollectionSchemas } from '../../src/tenancy/collection-schemas.js';
import { KeyDesk } from '../../src/tenancy/keys/key-desk.js';
import { KeyDirectory } from '../../src/tenancy/keys/key-directory.js';
import { KeyRing } from '../../src/tenancy/keys/key-ring.js';
import { KeyVault } from '../../src/tenancy/keys/key-vault.js';
import { nodeWishes, type OwnNodesPort } from '../../src/tenancy/own-nodes.js';
import { PriceLists } from '../../src/tenancy/price-lists.js';
import { SettingsDesk } from '../../src/tenancy/settings-desk.js';
import { RateLimits } from '../../src/tenancy/rate-limits.js';
import { UsageReports } from '../../src/tenancy/usage-report.js';
import { TenantDesk } from '../../src/tenancy/tenant-desk.js';
import { TenantAliases } from '../../src/tenancy/tenant-aliases.js';
import {
  openImports,
  type ImportHarness,
  type ImportHarnessOptions,
} from '../jobs/import-harness.js';
import { openDesk, ToldFleet } from '../cluster/desk-fixture.js';
import { ScanningSearch } from './scanning-search.js';
import { DIMENSIONS, openIngest, type IngestHarness } from '../ingest/harness.js';
import { oneSecondary } from './one-secondary.js';

const RULE_LIMITS: RuleLimits = {
  maxRulesPerTenant: 100,
  maxSynonymsPerTenant: 100,
  maxRuleBytesPerTenant: 1_000_000,
};

/** Of a search in one segment by its graph. */
interface ErrorReply {
  code: string;
  message: string;
  field?: string;
  request_id: string;
}

/** What any route may answer, as far as tests look into it. */
interface ReplyBody {
  [member: string]: unknown;
  error: ErrorReply;
  rejected: { line: number; code: string }[];
  results: { hits: unknown[]; error?: ErrorReply }[];
  price: number;
  description: string;
}

type Reply = Omit<LightMyRequestResponse, 'json'> & { json(): ReplyBody };

export interface HttpHarness extends IngestHarness {
  server: HttpServer;
  search: ScanningSearch;
  /** Tenants whose new text settings are to serve, as they were asked for. */
  switches: string[];
  /** Tenants whose removal was asked for. */
  drops: string[];
  /** What the nodes say of themselves. */
  cluster: ToldFleet;
  /** Those that hold a lease. */
  queryNodes: ObservedLease[];
  /** What answers depend on. */
  answers: { state: string | undefined };
  status: { notReady: string | undefined };
  /** Whoever works on imports. */
  imports: ImportHarness;
  /** A request without a socket. */
  send(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT',
    url: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Reply>;
}

/** The real app over a real store. A body that is not a string or bytes is sent as JSON. */
export async function openHttp(
  options: Partial<HttpOptions> & {
    encoder?: 'none';
    /** As of a store on this machine. */
    replicas?: 'none';
    ruleLimits?: Partial<RuleLimits>;
    tenants?: HttpPorts['tenants'];
    writers?: HttpPorts['writers'];
    region?: HttpPorts['region'];
    logger?: HttpPorts['logger'];
    imports?: ImportHarnessOptions;
    alerts?: HttpPorts['alerts'];
    jobs?: HttpPorts['jobs'];
    census?: HttpPorts['census'];
    found?: HttpPorts['found'];
    /** In place of one that scans the store. */
    searchOver?: (node: IngestHarness) => SearchPort;
  } = {},
): Promise<HttpHarness> {
  const node = await openIngest(options.encoder === undefined ? {} : { encoder: options.encoder });
  const search = new ScanningSearch(node);
  const secondaries = options.replicas === 'none' ? undefined : oneSecondary();
  const status = { notReady: undefined as string | undefined };
  const switches: string[] = [];
  const drops: string[] = [];
  const answers = { state: 'same' as string | undefined };
  const log = new QueryLog({ records: node.store.records, logger: node.deps.logger });
  const days = new QueryDays(node.store.records, log);
  const { records } = node.store;
  const audit = new AuditLog(records);
  const vault = new KeyVault('a secret of sixteen');
  const directory = new KeyDirectory(records);
  const lists = new PriceLists(records);
  const books = new KeptRuleBooks({
    records,
    settings: async (tenant) => (await node.directory.settings(tenant)).text,
    logger: node.deps.logger,
  });
  const fleet = new ToldFleet('s1', 's2', 's3');
  const settings = new SettingsDesk(node.directory, async (t) => void switches.push(t), audit);
  const collections = new CollectionSchemas(records);
  const { desk, decisions, dedicated, dedicator, wishes } = openDesk(node.store, fleet);
  const ownNodes: OwnNodesPort = {
    of: (tenant) => dedicated.of(tenant),
    changed: async () => {
      wishes.splice(0, Infinity, ...(await nodeWishes(node.directory, node.plans)));
      await dedicator.assign();
    },
  };
  const queryNodes: ObservedLease[] = [];
  const copies = new CopyWriter({
    store: node.store,
    place: (...asked) => node.deps.placement.ensure(...asked),
    nudge: (tenant) => node.deps.fleet.nudge(tenant),
  });
  const imports = openImports(node, options.imports);
  const forget = (tenant: string) => books.forget(tenant);
  const handover = new HandoverWatch({ records, logger: node.deps.logger });
  const handoverDesk = new HandoverDesk({ records, audit, watch: handover });
  const server = await createHttpServer(
    {
      ...{ handover, handoverDesk },
      ...{ ingest: node.ingest, status: statusOf(node, status) },
      logger: options.logger ?? node.deps.logger,
      search: options.searchOver?.(node) ?? search,
      tenants: options.tenants ?? node.directory,
      writers: options.writers,
      ...{ alerts: options.alerts, jobs: options.jobs, census: options.census },
      found: options.found,
      region: options.region,
      regionSource: new RegionSource(node.store),
      answers: { of: async () => answers.state },
      insight: { log, days, suggestions: new Suggestions({ days, store: node.store }) },
      settings,
      transfer: new TenantTransfer({
        ...{ ...node.deps, tenants: node.directory, priceLists: lists, rows: copies },
        handover: handoverDesk,
      }),
      plans: node.plans,
      meter: node.meter,
      rates: new RateLimits(undefined),
      usage: new UsageReports({
        ...{ store: node.store, tenants: node.directory, plans: node.plans, meter: node.meter },
        ...{ costGbMonth: 5, replicas: 2 },
      }),
      tenantDesk: new TenantDesk({
        ...{ tenants: node.directory, plans: node.plans, settings, collections, audit },
        store: node.store,
        requestDrop: async (tenant) => void drops.push(tenant),
        ownNodes,
      }),
      rules: new RuleDesk({
        records,
        limits: { ...RULE_LIMITS, ...options.ruleLimits },
        audit,
        forget,
      }),
      preview: new RulePreview({ books, queries: days }),
      ...{ cluster: desk, decisions },
      storeReads: new StoreReads(records, secondaries, 'primary', node.deps.logger),
      scaling: new ScalingLog(records),
      ownNodes,
      queryNodes: () => queryNodes,
      aliases: new TenantAliases({ records, tenants: node.directory, audit }),
      audit,
      keys: new KeyRing(directory, vault),
      keyDesk: new KeyDesk({ records, audit, vault, directory }),
      catalogue: new Catalogue(node.store),
      collections,
      exports: new ExportDesk(node.store),
      taken: new TakenBackups(node.store.records),
      rollback: {
        run: async () => ({
          changed: 0,
          restored: 0,
          removed: 0,
          first: { changed: [], restored: [], removed: [] },
        }),
      },
      restores: new RestoreDesk({
        ...{ store: node.store, tenants: node.directory, model: node.deps.model },
        rows: copies,
        nodes: async () => ['s1', 's2', 's3'],
        nudge: (tenant) => node.deps.fleet.nudge(tenant),
        awaitApplied: (...awaited) => node.deps.fleet.awaitApplied(...awaited),
      }),
      imports: imports.desk,
      priceLists: priceListDesk(lists, audit, { request: async () => undefined }),
      dropTenant: async (tenant) => {
        await node.directory.drop(tenant);
        while (!(await node.store.dropTenant(tenant, 1_000)));
        const record = await node.store.records.get(TENANT_KIND, tenant);
        await node.store.records.remove(TENANT_KIND, tenant, record?.revision ?? 0);
        node.directory.forget(tenant);
      },
    },
    {
      dimensions: DIMENSIONS,
      apiKey: undefined,
      adminKey: undefined,
      loopback: true,
      webDir: undefined,
      picturesDir: undefined,
      ...options,
    },
  );
  return {
    ...node,
    imports,
    server,
    search,
    switches,
    drops,
    cluster: fleet,
    queryNodes,
    answers,
    status,
    send: async (method, url, body, headers = {}) => {
      const raw = typeof body === 'string' || body instanceof Uint8Array;
      const payload = raw
        ? Buffer.from(body)
        : body === undefined
          ? undefined
          : JSON.stringify(body);
      const contentType = payload === undefined ? {} : { 'content-type': 'application/json' };
      return server.app.inject({
        method,
        url,
        headers: { ...contentType, ...headers },
        ...(payload === undefined ? {} : { payload }),
      });
    },
    close: async () => {
      await server.close(100);
      await imports.runner.close();
      await node.close();
    },
  };
}

/** The lines of `GET /audit`. */
export async function auditOf(
  node: Pick<HttpHarness, 'send'>,
  headers?: Record<string, string>,
  query = '',
): Promise<AuditEntry[]> {
  const { statusCode, body } = await node.send('GET', `/audit${query}`, undefined, headers);
  if (statusCode !== 200) throw new Error(`/audit: ${statusCode} ${body}`);
  return body.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as AuditEntry]));
}

/** What a shard says of its recall. */
export const RECALL = {
  target: 0.98,
  bands: [
    { selectivity: 0.5, repeats: 0, recall: null, low: null, high: null, failing: false },
    { selectivity: 1, repeats: 9, recall: 0.99, low: 0.97, high: 1, failing: false },
  ],
};

/** What a shard says of itself. */
const SHARD: ShardStatus = {
  ...{ documents: 7, bytes: 1_000, behind: 0, tenants: 1, storeReads: 9, partitions: 1 },
  ...{ switching: { tenants: 0, first: [] }, ready: true, damaged: [], recall: RECALL },
  reconciliation: { checks: 12, reconciled: 2, checkedAtMs: 1_500 },
};

function statusOf(node: IngestHarness, state: { notReady: string | undefined }): StatusPort {
  return {
    notReady: () => state.notReady,
    parts: () => [{ name: 'store', state: 'ok' }],
    status: () => ({
      model: node.deps.model,
      analyzer: 1,
      cutoffs: { own: 0.38, calibrated: [{ tenant: 'b', cosine: 0.4, products: 1_000 }] },
      switching: {
        tenants: 3,
        first: [{ tenant: 'shop', generation: 2, documents: 40, of: 100 }],
      },
      products: 3,
      partitions: 1,
      storeReads: 9,
      states: [{ name: 's1', reply: SHARD }],
      shards: [
        {
          ...{ name: 's1', documents: 7, bytes: 1_000, behind: 0, recall: RECALL },
          reconciliation: { checks: 12, reconciled: 2, checkedAtMs: 1_500 },
        },
      ],
      embeddingCache: { entries: 1, hits: 2, misses: 3 },
      answerCache: { entries: 4, hits: 5, misses: 6 },
      embeddingQueued: 4,
      embeddedProducts: 5,
    }),
  };
}
