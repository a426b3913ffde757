import { boundedCache } from '../core/bounded-cache.js';
import { Deadline } from '../core/deadline.js';
import { invalidField, OmniError, RETRY_AFTER_MS } from '../core/errors.js';
import { NAME } from '../core/ids.js';
import { changeRecord } from '../store/change-record.js';
import {
  TENANT_KIND,
  type RecordReader,
  type RecordStore,
  type StoredRecord,
} from '../store/record-store.js';
import type { AuditLog } from './audit-log.js';
import { Freshness } from './freshness.js';
import { DEFAULT_TENANT, isGone, type TenantDirectory } from './tenant-directory.js';
import type { TenantRecord } from './tenant-record.js';

const KIND = 'alias';
/** How old a node's view of an alias may be. */
const MAX_AGE_MS = 1_000;
const PATIENCE_MS = 1_000;
const REFRESH_PATIENCE_MS = 50;
const MAX_KEPT = 20_000;
const MAX_ATTEMPTS = 5;
const PAGE_ALIASES = 1_000;

/** Another name of a tenant. */
export interface Alias {
  name: string;
  tenant: string;
}

interface Kept {
  /** Undefined: it is no alias. */
  tenant: string | undefined;
  asOfMs: number;
}

interface Deps {
  records: RecordStore;
  tenants: Pick<TenantDirectory, 'find'>;
  audit: Pick<AuditLog, 'note'>;
  /** Called with an alias that this node has changed. */
  onChange?: (name: string) => void;
  now?: () => number;
}

/**
 * Names under which tenants are asked for besides their own, so that one catalogue can take another's place. A
 * node's view is a second old at most, or what was last known where the store does not tell.
 */
export class TenantAliases {
  private readonly kept = boundedCache<Kept>({ max: MAX_KEPT });
  private readonly now: () => number;
  private readonly freshness: Freshness;

  constructor(private readonly deps: Deps) {
    this.now = deps.now ?? (() => performance.now());
    this.freshness = new Freshness(MAX_AGE_MS, this.now);
  }

  /** The tenant that a name asks for: itself, unless it is an alias and no tenant's. Rejects `unavailable`. */
  async resolve(name: string): Promise<string> {
    if (name === DEFAULT_TENANT) return name;
    const kept = this.kept.get(name);
    try {
      if ((await this.deps.tenants.find(name)) !== undefined) return name;
    } catch (error) {
      if (kept?.tenant === undefined) throw error;
      return kept.tenant;
    }
    if (kept !== undefined && this.freshness.isFresh(kept.asOfMs)) return kept.tenant ?? name;
    const asOfMs = this.now();
    const patience = Deadline.after(kept === undefined ? PATIENCE_MS : REFRESH_PATIENCE_MS);
    try {
      const stored = await patience.race(this.deps.records.get(KIND, name), 'reading the alias');
      const tenant = stored && aliasOf(stored).tenant;
      if (asOfMs >= (this.kept.get(name)?.asOfMs ?? 0)) this.kept.set(name, { tenant, asOfMs });
      return tenant ?? name;
    } catch (cause) {
      if (kept !== undefined) return kept.tenant ?? name;
      const details = { retryAfterMs: RETRY_AFTER_MS, cause };
      throw new OmniError('unavailable', 'the alias could not be read', details);
    }
  }

  /** Those after the one called `after`, by name. */
  async list(after: string | undefined, limit: number): Promise<Alias[]> {
    return (await this.deps.records.list(KIND, after, limit)).map(aliasOf);
  }

  /** Rejects `not_found`. */
  async get(name: string): Promise<Alias> {
    const stored = await this.deps.records.get(KIND, name);
    if (stored === undefined) throw noSuchAlias(name);
    return aliasOf(stored);
  }

  /**
   * Makes an alias, or has it stand for another tenant, on other nodes within a second. Rejects `invalid_field`
   * for what is no name, `conflict` for a tenant's own name, `not_found` for a tenant that there is not.
   */
  async put(name: string, tenant: string, by: string | null): Promise<Alias> {
    if (!NAME.pattern.test(name)) throw invalidField('name', `must be ${NAME.expected}`);
    if (await isTenant(this.deps.records, name)) {
      throw new OmniError('conflict', `${name} is a tenant itself`, { field: 'name' });
    }
    if (!(await isTenant(this.deps.records, tenant))) {
      throw new OmniError('not_found', `there is no tenant ${tenant}`, { field: 'tenant' });
    }
    await this.change(name, { name, tenant }, by);
    return { name, tenant };
  }

  /** Rejects `not_found`. */
  async remove(name: string, by: string | null): Promise<void> {
    await this.change(name, undefined, by);
  }

  /** What is kept is read again when it is asked for: another node has changed some alias. */
  expireAll(): void {
    this.freshness.expire();
  }

  private async change(name: string, after: Alias | undefined, by: string | null): Promise<void> {
    const { records, audit } = this.deps;
    const at = { kind: KIND, id: name, what: 'the alias', attempts: MAX_ATTEMPTS };
    await changeRecord(records, at, async (stored) => {
      const before = stored && aliasOf(stored);
      const of = (after ?? before)?.tenant;
      if (of === undefined) throw noSuchAlias(name);
      const bodies = { before: before && { ...before }, after: after && { ...after } };
      await audit.note(of, { by, kind: 'alias', target: name, ...bodies });
      return after === undefined ? 'gone' : { tenant: after.tenant };
    });
    this.kept.set(name, { tenant: after?.tenant, asOfMs: this.now() });
    this.deps.onChange?.(name);
  }
}

/** The tenant that a name asks for, by what is stored: itself, unless it is an alias and no tenant's. */
export async function tenantNamed(records: RecordReader, name: string): Promise<string> {
  if (await isTenant(records, name)) return name;
  const stored = await records.get(KIND, name);
  return stored === undefined ? name : aliasOf(stored).tenant;
}

async function isTenant(records: RecordReader, name: string): Promise<boolean> {
  if (name === DEFAULT_TENANT) return true;
  const stored = await records.get(TENANT_KIND, name);
  return stored !== undefined && !isGone(stored.value as unknown as TenantRecord);
}

/** All names that stand for the tenant. */
export async function aliasesOf(records: RecordReader, tenant: string): Promise<string[]> {
  const names: string[] = [];
  for (let after: string | undefined; ;) {
    const page = (await records.list(KIND, after, PAGE_ALIASES)).map(aliasOf);
    for (const alias of page) if (alias.tenant === tenant) names.push(alias.name);
    if (page.length < PAGE_ALIASES) return names;
    after = page.at(-1)?.name;
  }
}

function aliasOf({ id, value }: StoredRecord): Alias {
  return { name: id, tenant: value['tenant'] as string };
}

function noSuchAlias(name: string): OmniError {
  return new OmniError('not_found', `there is no alias ${name}`, { field: 'name' });
}
