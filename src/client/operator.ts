import type {
  AlertsReply,
  ClusterReply,
  DecisionsReply,
  LiveReply,
  StatsReply,
} from './api-types.js';
import type { Call, CallOptions, Transport } from './transport.js';
import type { ListOptions } from './wire.js';

/** What a tenant has, used, pays and costs; see `GET /usage`. */
interface UsageOfTenant {
  tenant: string;
  state: string;
  plan: string | null;
  stored: { products: number; categories: number; fields: number; bytes: number };
  quotas: { quota: string; used: number; most: number; share: number }[];
  /** Quotas of which 80 % are used. */
  warnings: string[];
  price_month: number | null;
  cost_month: number;
  margin_month: number | null;
  availability: number | null;
  objective: number;
  meets_objective: boolean;
  p95_ms: number | null;
  days: { day: string; searches: number; failed: number; limited: number; writes: number }[];
}

/** A tenant or a node that outgrows what it has; see `GET /admin/advice`. */
export interface Advice {
  tenant?: string;
  node?: string;
  measure: string;
  value: number;
  threshold: number;
  level: 'warning' | 'critical';
  advice: string;
}

/** What is too small, and what will be. */
export interface Outlook {
  advice: Advice[];
  days_until_full: number | null;
}

/** What operators ask for; their key is needed. */
export class Operator {
  constructor(private readonly transport: Transport) {}

  /** A page of tenants by name, with what they used in the last `days` (30). */
  async usage({
    limit,
    cursor,
    days,
    ...call
  }: ListOptions & CallOptions & { days?: number } = {}) {
    const reply = await this.get('usage', call, { limit, cursor, days });
    return reply as { tenants: UsageOfTenant[]; next_cursor?: string };
  }

  /** The most pressing first. */
  async advice(options?: CallOptions): Promise<Advice[]> {
    return (await this.outlook(options)).advice;
  }

  /** The same, with the days until the shard nodes are full if all goes on as it did; null: that is not known. */
  async outlook(options?: CallOptions): Promise<Outlook> {
    return (await this.get('admin/advice', options)) as Outlook;
  }

  /** The last minutes of the node that answers, in columns, and what it knows of jobs and replicas. */
  async live(options?: CallOptions): Promise<LiveReply> {
    return (await this.get('admin/live', options)) as LiveReply;
  }

  /** What fires now, as Alertmanager says; the worst first. */
  async alerts(options?: CallOptions): Promise<AlertsReply> {
    return (await this.get('admin/alerts', options)) as AlertsReply;
  }

  /** What was decided about nodes and what lies on them; the newest first. */
  async decisions(options?: CallOptions): Promise<DecisionsReply['decisions']> {
    return ((await this.get('admin/decisions', options)) as DecisionsReply).decisions;
  }

  /** Nodes, and a page of what lies on them. */
  async cluster({
    limit,
    cursor,
    tenant,
    node,
    ...call
  }: ListOptions & CallOptions & { node?: string } = {}): Promise<ClusterReply> {
    const query = { limit, cursor, tenant, node };
    return (await this.get('admin/cluster', call, query)) as ClusterReply;
  }

  /** Products, shards with their recall, caches. */
  async stats(options?: CallOptions): Promise<StatsReply> {
    return (await this.get('stats', options)) as StatsReply;
  }

  private get(path: string, call?: CallOptions, query?: Call['query']): Promise<unknown> {
    const asked = { method: 'GET', path, twice: 'nothing' } as const;
    return this.transport.call(query === undefined ? asked : { ...asked, query }, call);
  }
}
