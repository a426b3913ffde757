import type { JsonObject } from '../core/product.js';

/** What a tenant may have; a member that is absent sets no bound. */
export interface Quotas {
  max_products?: number;
  max_categories?: number;
  /** Names of fields and attributes. */
  max_field_names?: number;
  /** Documents and vectors as stored. */
  max_bytes?: number;
  /** Searches a second on average, of all its shoppers together. */
  searches_per_s?: number;
  /** Searches that may come at once beyond that, once in ten seconds; none by default. */
  burst?: number;
}

/** Names of the quotas that count what is stored, by what of a tenant's usage they bound. */
export const STORED_QUOTAS = {
  max_products: 'products',
  max_categories: 'categories',
  max_field_names: 'fields',
  max_bytes: 'bytes',
} as const satisfies Partial<Record<keyof Quotas, string>>;

/** Query nodes, shards, store and backups that are some tenants' alone. */
export interface Deployment {
  /** What a balancer calls it. */
  name: string;
  /** Of its query nodes, or of the balancer before them: scheme, host and port. */
  url: string;
  /** Its `STORE_URL`, without a password: for people. */
  store_url?: string;
}

/** What a tenant is sold; stored as it is on the wire. */
export interface Plan extends Quotas {
  /** Share of what is contended, beside others'; 1 by default. */
  weight?: number;
  /** Nodes that are the tenant's alone: how many, or such as it is to have where they may be had; none by default. */
  shards?: number | readonly string[];
  /** Where its tenants should be; `omnisearch tenants move` takes them there. */
  deployment?: Deployment;
  /** Of searches, the part that is to be answered over 30 days; 0.999 by default. */
  objective?: number;
  /** In the operator's currency. */
  price_month?: number;
  /** Memory of the machine that the price was made for. */
  machine_bytes?: number;
}

/** Of a plan that does not say. */
export const DEFAULT_OBJECTIVE = 0.999;

const GB = 1024 ** 3;

/** Plans that there are before an operator says otherwise. */
export const DEFAULT_PLANS: Readonly<Record<string, Plan>> = {
  basic: { max_products: 50_000, weight: 1, price_month: 50, machine_bytes: GB },
  pro: { max_products: 200_000, weight: 2, price_month: 200, machine_bytes: 2 * GB },
  enterprise: { weight: 4, shards: 1, price_month: 1_000, machine_bytes: 4 * GB },
};

/** How many nodes of its own a tenant of the plan is to have. */
export function shardsOf({ shards = 0 }: Plan): number {
  return typeof shards === 'number' ? shards : shards.length;
}

/** Whether a tenant that goes from one plan to the other may have to move. */
export function areShardsSame(before: Plan, after: Plan): boolean {
  return JSON.stringify(before.shards ?? 0) === JSON.stringify(after.shards ?? 0);
}

export function planObject(plan: Plan): JsonObject {
  return plan as unknown as JsonObject;
}
