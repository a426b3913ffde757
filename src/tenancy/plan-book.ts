import { OmniError } from '../core/errors.js';
import { compareBytes } from '../core/ids.js';
import { changeRecord } from '../store/change-record.js';
import { TENANT_KIND, type RecordStore } from '../store/record-store.js';
import type { AuditLog } from './audit-log.js';
import { KeptReads } from './kept-reads.js';
import { areShardsSame, DEFAULT_PLANS, planObject, type Plan, type Quotas } from './plan.js';
import { DEFAULT_TENANT, type TenantDirectory } from './tenant-directory.js';
import type { TenantRecord } from './tenant-record.js';

const KIND = 'plan';
/** How old a node's view of the plans may be. */
const MAX_AGE_MS = 1_000;
const MAX_PLANS = 1_000;
const MAX_ATTEMPTS = 5;
const PAGE_TENANTS = 1_000;
const UNLIMITED: Plan = {};
/** Under what they are kept. */
const ALL = 'all';
const NO_PLANS: ReadonlyMap<string, Plan> = new Map();

export interface NamedPlan extends Plan {
  name: string;
}

interface Deps {
  records: RecordStore;
  tenants: Pick<TenantDirectory, 'find' | 'known'>;
  audit: Pick<AuditLog, 'note'>;
  /** Is told where some tenants are to have other nodes of their own than before. */
  onShards?: () => Promise<void>;
  /** Monotonic, milliseconds. */
  now?: () => number;
}

/**
 * The plans there are, and which of them holds for a tenant: those that come with the software, and records that take
 * their places or stand beside them. A node's view is a second old at most, or what was last known where the store does not tell.
 */
export class PlanBook {
  /** All of them together. */
  private readonly kept: KeptReads<ReadonlyMap<string, Plan>>;
  /** What a plan and limits of the tenant's own come to: the same object while both are the same. */
  private readonly merged = new WeakMap<TenantRecord, { plan: Plan; own: Plan }>();

  constructor(private readonly deps: Deps) {
    this.kept = new KeptReads({
      ...{ what: 'the plans', max: 1, maxAgeMs: MAX_AGE_MS, maxStaleMs: Infinity },
      read: (_, known) => this.read(known),
      now: deps.now ?? (() => performance.now()),
    });
  }

  /** What holds for a tenant: its plan, with the limits of its own; without any it is unlimited. Rejects `unavailable`. */
  async of(tenant: string): Promise<Plan> {
    const record = await this.deps.tenants.find(tenant);
    return record === undefined ? UNLIMITED : this.ofRecord(record);
  }

  /** The same of a record that was read already. */
  async ofRecord(record: TenantRecord): Promise<Plan> {
    if (record.plan === undefined) return record.limits;
    const plan = (await this.all()).get(record.plan) ?? UNLIMITED;
    const merged = this.merged.get(record);
    if (merged?.plan === plan) return merged.own;
    const own = { ...plan, ...record.limits };
    this.merged.set(record, { plan, own });
    return own;
  }

  /** The tenant's share of what is contended, as far as this node knows it already; 1 where its plan does not say. */
  weight(tenant: string): number {
    const plan = this.deps.tenants.known(tenant)?.plan;
    return (plan === undefined ? undefined : this.kept.known(ALL)?.get(plan)?.weight) ?? 1;
  }

  async list(): Promise<NamedPlan[]> {
    const plans = [...(await this.read())].sort(([a], [b]) => compareBytes(a, b));
    return plans.map(([name, plan]) => ({ name, ...plan }));
  }

  /** Rejects `not_found`. */
  async get(name: string): Promise<NamedPlan> {
    const plan = (await this.read()).get(name);
    if (plan === undefined) throw noSuchPlan(name);
    return { name, ...plan };
  }

  /** Makes a plan or replaces it as a whole; other nodes go by it within a second. Rejects `conflict` past 1,000 plans. */
  async put(name: string, plan: Plan, by: string | null): Promise<NamedPlan> {
    const plans = await this.read();
    if (!plans.has(name) && plans.size >= MAX_PLANS) {
      throw new OmniError('conflict', `there may be ${MAX_PLANS} plans`, { field: 'name' });
    }
    await this.change(name, plan, by);
    return { name, ...plan };
  }

  /** One that came with the software is again as it came. Rejects `not_found`, `conflict` while a tenant has it. */
  async remove(name: string, by: string | null): Promise<void> {
    if (!(await this.read()).has(name)) throw noSuchPlan(name);
    if (!Object.hasOwn(DEFAULT_PLANS, name)) {
      const tenant = await this.someTenantOf(name);
      if (tenant !== undefined) {
        throw new OmniError('conflict', `the tenant ${tenant} has the plan ${name}`, {
          field: 'name',
        });
      }
    }
    await this.change(name, undefined, by);
  }

  /** What is kept is read again when it is asked for: another node has changed some plan. */
  expireAll(): void {
    this.kept.expireAll();
  }

  private async all(): Promise<ReadonlyMap<string, Plan>> {
    return (await this.kept.get(ALL)) ?? NO_PLANS;
  }

  /** Plans that stay as they were stay the same objects. */
  private async read(
    known: ReadonlyMap<string, Plan> = NO_PLANS,
  ): Promise<ReadonlyMap<string, Plan>> {
    const stored = await this.deps.records.list(KIND, undefined, MAX_PLANS);
    const own = stored.map(({ id, value }) => [id, value as Plan] as const);
    const plans = new Map<string, Plan>([...Object.entries(DEFAULT_PLANS), ...own]);
    for (const [name, before] of known) {
      const plan = plans.get(name);
      if (plan !== undefined && JSON.stringify(plan) === JSON.stringify(before)) {
        plans.set(name, before);
      }
    }
    return plans;
  }

  private async change(name: string, plan: Plan | undefined, by: string | null): Promise<void> {
    const { records, audit, onShards } = this.deps;
    const at = { kind: KIND, id: name, what: 'the plan', attempts: MAX_ATTEMPTS };
    const { before } = await changeRecord(records, at, async (stored) => {
      const bodies = { before: stored?.value, after: plan && planObject(plan) };
      await audit.note(DEFAULT_TENANT, { by, kind: 'plan', target: name, ...bodies });
      return bodies.after ?? 'gone';
    });
    this.kept.expireAll();
    const own = DEFAULT_PLANS[name] ?? UNLIMITED;
    if (!areShardsSame((before?.value as Plan | undefined) ?? own, plan ?? own)) await onShards?.();
  }

  private async someTenantOf(plan: string): Promise<string | undefined> {
    for (let after: string | undefined; ;) {
      const page = await this.deps.records.list(TENANT_KIND, after, PAGE_TENANTS);
      const found = page.find(({ value }) => value['plan'] === plan);
      if (found !== undefined || page.length < PAGE_TENANTS) return found?.id;
      after = page.at(-1)?.id;
    }
  }
}

/** How much of a quota is used, of 1; undefined where there is none. */
export function shareOf(used: number, quota: number | undefined): number | undefined {
  if (quota === undefined) return undefined;
  return quota === 0 ? Number(used > 0) : used / quota;
}

/** What is used of it counts as a warning from then on. */
export const WARNING_SHARE = 0.8;

/** Past a quota. */
export function quotaExceeded(quota: keyof Quotas, most: number, of: string): OmniError {
  const message = `the tenant has the ${most} ${of} of its plan (${quota})`;
  return new OmniError('quota_exceeded', message, { field: quota });
}

function noSuchPlan(name: string): OmniError {
  return new OmniError('not_found', `there is no plan ${name}`, { field: 'name' });
}
