import type { OwnNodes } from './own-nodes.js';
import type { NamedPlan } from './plan-book.js';
import { DEFAULT_OBJECTIVE, shardsOf, STORED_QUOTAS } from './plan.js';
import type { TenantReport } from './usage-report.js';

/** Past the first it is worth a look, past the second somebody should act. */
interface Threshold {
  warning: number;
  critical: number;
}

const THRESHOLDS = {
  memory: { warning: 0.7, critical: 0.85 },
  cpu: { warning: 0.6, critical: 0.8 },
  p95_ms: { warning: 300, critical: 500 },
  products: { warning: 100_000, critical: 200_000 },
  quota: { warning: 0.8, critical: 1 },
} as const satisfies Record<string, Threshold>;

/** A larger plan has so much room beyond what is used. */
const ROOM = 1.25;

/** A tenant or a node that outgrows what it has; as on the wire. */
export interface UpgradeAdvice {
  tenant?: string;
  node?: string;
  /** `memory`, `cpu`, `p95_ms`, `products`, `shards`, `availability`, `deployment`, or a quota's name. */
  measure: string;
  value: number;
  threshold: number;
  level: 'warning' | 'critical';
  /** What to do, for people. */
  advice: string;
}

/** What is known of a node of any kind. */
export interface NodeSample {
  node: string;
  role: 'shard' | 'query node';
  /** Of 1; undefined: it did not say. */
  memory: number | undefined;
  load: number | undefined;
}

/** What a node outgrows. */
export function nodeAdvice({ node, role, memory, load }: NodeSample): UpgradeAdvice[] {
  const full = 'give it more memory, or add a shard node: omnisearch placement plan';
  const busy =
    role === 'shard'
      ? 'add a shard node, or move some of it: omnisearch placement plan'
      : 'add a query node';
  return [
    ...past('memory', memory, full).map((one) => ({ node, ...one })),
    ...past('cpu', load, busy).map((one) => ({ node, ...one })),
  ];
}

/** A tenant that is on shared shards though its plan has it on its own, or on too few. */
export function missingNodes(
  tenant: string,
  { shards, nodes, missing }: OwnNodes,
): UpgradeAdvice[] {
  if (missing === 0) return [];
  const what = missing === 1 ? 'add a shard node' : `add ${missing} shard nodes`;
  return [
    {
      ...{ tenant, measure: 'shards', value: nodes.length, threshold: shards, level: 'warning' },
      advice: `${what}: it moves there by itself`,
    },
  ];
}

/** What a tenant outgrows, by today's searches and what it has; `plans`: those that it may be given. */
export function tenantAdvice(
  report: TenantReport,
  today: string,
  plans: readonly NamedPlan[],
): UpgradeAdvice[] {
  const { record, quotas, stored, days } = report;
  const tenant = record.id;
  const p95Ms = days.find(({ day }) => day === today)?.usage.p95Ms;
  const move = largerPlan(report, plans);
  const isDedicated = shardsOf(report.plan) > 0;
  const apart = isDedicated
    ? 'raise the shards of its plan, or give them larger machines'
    : `${move}, or shards of its own (shards of its plan)`;
  return [
    ...past('p95_ms', p95Ms, apart),
    ...(isDedicated ? [] : past('products', stored.products, apart)),
    ...quotas.flatMap(({ quota, share }) =>
      past('quota', share, move).map((one) => ({ ...one, measure: quota })),
    ),
    ...belowObjective(report),
    ...elsewhere(report),
  ].map((one) => ({ tenant, ...one }));
}

type Said = Omit<UpgradeAdvice, 'tenant' | 'node'>;

/** Over 30 days. */
function belowObjective({ record, plan, month }: TenantReport): Said[] {
  const { objective: threshold = DEFAULT_OBJECTIVE } = plan;
  const { availability: value } = month;
  if (value === undefined || value >= threshold) return [];
  const advice = `see which days failed: GET /usage?tenant=${record.id}`;
  return [{ measure: 'availability', value, threshold, level: 'critical', advice }];
}

/** It is not where its plan says: 0 of 1. */
function elsewhere({ record, plan }: TenantReport): Said[] {
  const { deployment } = plan;
  if (deployment === undefined || record.deployment?.url === deployment.url) return [];
  const advice = `omnisearch tenants move ${record.id} (to ${deployment.url})`;
  return [{ measure: 'deployment', value: 0, threshold: 1, level: 'warning', advice }];
}

function past(measure: keyof typeof THRESHOLDS, value: number | undefined, advice: string): Said[] {
  const { warning, critical } = THRESHOLDS[measure];
  if (value === undefined || value < warning) return [];
  const isCritical = value >= critical;
  return [
    {
      ...{ measure, value, advice },
      threshold: isCritical ? critical : warning,
      level: isCritical ? 'critical' : 'warning',
    },
  ];
}

/** The cheapest plan that has room for what the tenant has, as a sentence. */
function largerPlan({ record, stored, plan }: TenantReport, plans: readonly NamedPlan[]): string {
  const price = plan.price_month ?? 0;
  const fitting = plans.filter((other) => {
    const quotas = Object.entries(STORED_QUOTAS) as [
      keyof typeof STORED_QUOTAS,
      keyof typeof stored,
    ][];
    const hasRoom = quotas.every(
      ([quota, used]) => (other[quota] ?? Infinity) >= stored[used] * ROOM,
    );
    return hasRoom && (other.price_month ?? 0) > price;
  });
  fitting.sort((a, b) => (a.price_month ?? 0) - (b.price_month ?? 0));
  const [cheapest] = fitting;
  if (cheapest === undefined) return 'define a plan with more room';
  return `omnisearch tenants plan ${record.id} ${cheapest.name}`;
}
