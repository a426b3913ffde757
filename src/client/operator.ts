import type { CallOptions, Transport } from './transport.js';
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
    const query = { limit, cursor, days };
    const asked = { method: 'GET', path: 'usage', query, twice: 'nothing' } as const;
    const reply = await this.transport.call(asked, call);
    return reply as { tenants: UsageOfTenant[]; next_cursor?: string };
  }

  /** The most pressing first. */
  async advice(options?: CallOptions): Promise<Advice[]> {
    const asked = { method: 'GET', path: 'admin/advice', twice: 'nothing' } as const;
    return ((await this.transport.call(asked, options)) as { advice: Advice[] }).advice;
  }
}
