import { invalidField, OmniError } from '../core/errors.js';
import { NAME } from '../core/ids.js';
import type { JsonObject } from '../core/product.js';
import type { StoreReader, TenantUsage } from '../store/store.js';
import type { AuditLog } from './audit-log.js';
import type { CollectionSchemas } from './collection-schemas.js';
import type { OwnNodes, OwnNodesPort } from './own-nodes.js';
import { areShardsSame, shardsOf, type Deployment, type Plan, type Quotas } from './plan.js';
import type { PlanBook } from './plan-book.js';
import type { SettingsDesk } from './settings-desk.js';
import { DEFAULT_TENANT, type TenantDirectory } from './tenant-directory.js';
import type { TenantRecord } from './tenant-record.js';

/** A tenant as operators see it; stored members as on the wire. */
export interface Tenant {
  id: string;
  state: TenantRecord['state'];
  plan: string | null;
  /** Of its own, in place of the plan's. */
  limits: Quotas;
  /** Where it is; null: here. */
  deployment: Deployment | null;
  /** RFC 3339; null of the default tenant before its first product. */
  created_at: string | null;
}

/** With the nodes that are its alone, where its plan says so, or it still has some. */
export interface TenantOnNodes extends Tenant {
  dedicated?: OwnNodes;
}

/** What of a tenant is to be another; absent members stay as they are. */
export interface TenantChange {
  state?: 'active' | 'read_only' | 'suspended';
  /** Null: none. */
  plan?: string | null;
  limits?: Quotas;
  /** Null: here. */
  deployment?: Deployment | null;
  /** Whose settings, rules, synonyms and declared fields it gets. */
  settings_from?: string;
}

interface Deps {
  tenants: Pick<TenantDirectory, 'list' | 'read' | 'put' | 'drop'>;
  plans: Pick<PlanBook, 'get'>;
  settings: Pick<SettingsDesk, 'read'>;
  collections: Pick<CollectionSchemas, 'remove'>;
  store: Pick<StoreReader, 'usage'>;
  audit: Pick<AuditLog, 'note'>;
  ownNodes: OwnNodesPort;
  /** Has what a dropped tenant has removed in the background, in steps that any node goes on with. */
  requestDrop: (tenant: string) => Promise<void>;
}

/** Tenants for operators: who is there, what each may, and how one comes and goes. */
export class TenantDesk {
  constructor(private readonly deps: Deps) {}

  /** Those after the one called `after`, by name. */
  async list(after: string | undefined, limit: number): Promise<Tenant[]> {
    return (await this.deps.tenants.list(after, limit)).map(tenantOf);
  }

  /** With what it has now: of one that is being dropped, what is left. Rejects `not_found`. */
  async get(id: string): Promise<TenantOnNodes & { usage: TenantUsage }> {
    const record = await this.deps.tenants.read(id);
    const tenant = record === undefined ? withoutRecord(id) : tenantOf(record);
    if (tenant === undefined) throw noSuchTenant(id);
    const own = await this.withNodes(tenant, await this.planNamed(record?.plan));
    return { ...own, usage: await this.deps.store.usage(id) };
  }

  /**
   * Makes a tenant or changes it, on other nodes within a second; whoever asks for settings of another copies them, see
   * `shop-parts.ts`. Rejects `invalid_field`, `not_found` for whose settings are asked for, `conflict` for one that is
   * being dropped.
   */
  async put(
    id: string,
    change: TenantChange,
    by: string | null,
  ): Promise<{ tenant: TenantOnNodes; isNew: boolean }> {
    if (!NAME.pattern.test(id)) throw invalidField('id', `must be ${NAME.expected}`);
    const { tenants, settings, audit, ownNodes } = this.deps;
    const { plan, settings_from: source } = change;
    if (typeof plan === 'string') await this.checkPlan(plan);
    if (source !== undefined) await settings.read(source);
    const before = await tenants.read(id);
    const next = (record: TenantRecord): TenantRecord => changed(record, change);
    const bodies = { before: before && bodyOf(before), after: { ...change } as JsonObject };
    await audit.note(id, { by, kind: 'tenant', target: id, ...bodies });
    const record = await tenants.put(id, next);
    const [had, has] = [await this.planNamed(before?.plan), await this.planNamed(record.plan)];
    if (!areShardsSame(had, has)) await ownNodes.changed();
    return { tenant: await this.withNodes(tenantOf(record), has), isNew: before === undefined };
  }

  /**
   * From now on nothing is found or written; what it has goes in the background. Again: does no harm. Rejects `not_found`.
   *
   * @param options.moved it is elsewhere: its record stays and says where. Rejects `conflict` where it does not say that.
   * @param options.keepKeys keys are for it still: it comes back
   */
  async drop(
    id: string,
    by: string | null,
    { moved = false, keepKeys = false } = {},
  ): Promise<Tenant> {
    const { tenants, collections, audit, requestDrop, ownNodes } = this.deps;
    const before = await tenants.read(id);
    if (before === undefined) throw noSuchTenant(id);
    if (moved && before.deployment === undefined) {
      throw new OmniError('conflict', `the tenant ${id} has no deployment`, { field: 'moved' });
    }
    const bodies = { before: bodyOf(before), after: undefined };
    await audit.note(id, { by, kind: 'tenant', target: id, ...bodies });
    await tenants.drop(id, { stays: moved, keepsKeys: keepKeys });
    await collections.remove(id);
    await requestDrop(id);
    if (shardsOf(await this.planNamed(before.plan)) > 0) await ownNodes.changed();
    return { ...tenantOf(before), state: 'dropping' };
  }

  private async planNamed(name: string | undefined): Promise<Plan> {
    if (name === undefined) return {};
    return this.deps.plans.get(name).catch((error: unknown) => {
      if (error instanceof OmniError && error.code === 'not_found') return {};
      throw error;
    });
  }

  private async withNodes(tenant: Tenant, plan: Plan): Promise<TenantOnNodes> {
    const shards = shardsOf(plan);
    const own = await this.deps.ownNodes.of(tenant.id);
    return shards === 0 && own.nodes.length === 0
      ? tenant
      : { ...tenant, dedicated: { shards, ...own } };
  }

  private async checkPlan(name: string): Promise<void> {
    try {
      await this.deps.plans.get(name);
    } catch (error) {
      if (!(error instanceof OmniError) || error.code !== 'not_found') throw error;
      throw invalidField('plan', `must be the name of a plan: there is no plan ${name}`);
    }
  }
}

function changed(record: TenantRecord, change: TenantChange): TenantRecord {
  const { state, limits } = change;
  const { plan: planBefore, deployment: placeBefore, ...rest } = record;
  const plan = change.plan === undefined ? planBefore : change.plan;
  const deployment = change.deployment === undefined ? placeBefore : change.deployment;
  return {
    ...rest,
    ...(plan == null ? {} : { plan }),
    ...(deployment == null ? {} : { deployment }),
    ...(state === undefined ? {} : { state }),
    ...(limits === undefined ? {} : { limits }),
  };
}

function tenantOf({ id, state, plan, limits, deployment, created_at }: TenantRecord): Tenant {
  return { id, state, plan: plan ?? null, limits, deployment: deployment ?? null, created_at };
}

/** The default tenant is there before anything was written. */
function withoutRecord(id: string): Tenant | undefined {
  if (id !== DEFAULT_TENANT) return undefined;
  return {
    ...{ id, state: 'active', plan: null, limits: {} },
    ...{ deployment: null, created_at: null },
  };
}

function bodyOf(record: TenantRecord): JsonObject {
  return { ...tenantOf(record) } as unknown as JsonObject;
}

function noSuchTenant(id: string): OmniError {
  return new OmniError('not_found', `there is no tenant ${id}`, { field: 'id' });
}
