import { boundedCache } from '../core/bounded-cache.js';
import { Deadline } from '../core/deadline.js';
import { invalidField, OmniError, RETRY_AFTER_MS } from '../core/errors.js';
import { NAME } from '../core/ids.js';
import { changeRecord } from '../store/change-record.js';
import { TENANT_KIND } from '../store/record-store.js';
import type { Store } from '../store/store.js';
import { Freshness } from './freshness.js';
import { newRecord, valueOf, withoutStay, type TenantRecord } from './tenant-record.js';
import {
  askedSettings,
  comingGeneration,
  servingSettings,
  withServing,
  withSettings,
  type CalibratedCutoff,
  type SettingsBody,
  type TenantSettings,
} from './tenant-settings.js';

export const TENANT_HEADER = 'X-OmniSearch-Tenant';
/** Whose catalogue a request without the header is about. It is there though nothing was written. */
export const DEFAULT_TENANT = 'default';
/** How old a node's view of a tenant may be. */
const MAX_AGE_MS = 1_000;
/** How long a slow store is waited for; less where something is known of the tenant already. */
const PATIENCE_MS = 1_000;
const REFRESH_PATIENCE_MS = 50;
const MAX_KEPT = 20_000;
const MAX_ATTEMPTS = 5;

/** What somebody wants of a tenant. */
export type TenantUse = 'read' | 'write';

/** The name of a tenant off the wire; undefined is the default one. Throws `invalid_field`. */
export function tenantName(header: string | readonly string[] | undefined): string {
  if (header === undefined) return DEFAULT_TENANT;
  if (typeof header === 'string' && NAME.pattern.test(header)) return header;
  throw invalidField(TENANT_HEADER, `must be ${NAME.expected}`);
}

interface Kept {
  record: TenantRecord | undefined;
  asOfMs: number;
}

/**
 * A node's view of the tenants there are, a second old at most, or what was last known where the
 * store is slow or away; that there is none of a name is kept as well. A tenant is made by its first product, and by nothing else.
 */
export class TenantDirectory {
  private readonly kept = boundedCache<Kept>({ max: MAX_KEPT });
  /** However many ask, the store is read once at a time. */
  private readonly reading = new Map<string, Promise<TenantRecord | undefined>>();
  private readonly freshness: Freshness;

  constructor(
    private readonly records: Store['records'],
    /** False: a product of an unknown tenant is refused. */
    private readonly autoCreate: boolean,
    private readonly now: () => number = () => performance.now(),
    /** Called with a tenant whose record this node has changed. */
    private readonly onChange: (id: string) => void = () => undefined,
  ) {
    this.freshness = new Freshness(MAX_AGE_MS, now);
  }

  /** At once where it is fresh. Rejects `unavailable` where nothing is known and the store does not tell. */
  find(id: string): TenantRecord | undefined | Promise<TenantRecord | undefined> {
    const kept = this.kept.get(id);
    const isFresh = kept !== undefined && this.freshness.isFresh(kept.asOfMs);
    return isFresh ? kept.record : this.findAnew(id, kept?.record);
  }

  private async findAnew(
    id: string,
    known: TenantRecord | undefined,
  ): Promise<TenantRecord | undefined> {
    const patience = Deadline.after(known === undefined ? PATIENCE_MS : REFRESH_PATIENCE_MS);
    try {
      return await patience.race(this.reading.get(id) ?? this.refresh(id), 'reading the tenant');
    } catch (cause) {
      if (known !== undefined) return known;
      const details = { retryAfterMs: RETRY_AFTER_MS, cause };
      throw new OmniError('unavailable', 'the tenant could not be read', details);
    }
  }

  /** As this node saw it last, however long ago. */
  known(id: string): TenantRecord | undefined {
    return this.kept.get(id)?.record;
  }

  private refresh(id: string): Promise<TenantRecord | undefined> {
    const asOfMs = this.now();
    const isCurrent = (): boolean => this.reading.get(id) === reading;
    const reading = this.records
      .get(TENANT_KIND, id)
      .then((stored) => {
        const record = stored?.value as unknown as TenantRecord | undefined;
        return isCurrent() ? this.keep(id, { record, asOfMs }) : record;
      })
      .finally(() => {
        if (isCurrent()) this.reading.delete(id);
      });
    this.reading.set(id, reading);
    return reading;
  }

  /**
   * Rejects `not_found` for a tenant that was never written to, the default one excepted, and `suspended`; where it is to
   * be written, for one that is read-only, too.
   */
  async require(id: string, use: TenantUse = 'read'): Promise<void> {
    open(known(id, await this.find(id)), use);
  }

  /** Before a product is written: makes the tenant where it is not there yet. Rejects `not_found`, `suspended`. */
  async ensure(id: string): Promise<void> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      await this.admit(id);
      if ((await this.find(id)) !== undefined) return;
      if (await this.create(id)) return;
    }
    throw keepsChanging();
  }

  /** As `ensure`, but makes nothing: whether a product might be written. Rejects `not_found`, `suspended`. */
  async admit(id: string): Promise<void> {
    const record = await this.find(id);
    if (record !== undefined && isGone(record)) throw noSuchTenant(id);
    open(record, 'write');
    if (record === undefined && !this.autoCreate && id !== DEFAULT_TENANT) throw noSuchTenant(id);
  }

  /** What searches go by, at most a second old. Rejects `unavailable` as `find` does. */
  async settings(id: string): Promise<TenantSettings> {
    return servingSettings(await this.find(id));
  }

  /** Settings as they were asked for last, read from the store. Rejects `not_found`. */
  async readSettings(id: string): Promise<SettingsBody> {
    const stored = await this.records.get(TENANT_KIND, id);
    return askedSettings(known(id, stored?.value as unknown as TenantRecord | undefined));
  }

  /**
   * Replaces the settings, on other nodes within a second; how words are made changes only once every
   * shard has them. Resolves with what was asked for, and whether shards have to make words anew for
   * it. Rejects `not_found` for a tenant that was never written to, the default one excepted.
   */
  async changeSettings(
    id: string,
    asked: Partial<SettingsBody>,
  ): Promise<{ settings: SettingsBody; isSwitching: boolean }> {
    const changed = await this.change(id, (record) =>
      withSettings(known(id, record) ?? newRecord(id), asked),
    );
    const isSwitching = changed !== undefined && comingGeneration(changed) !== undefined;
    return { settings: askedSettings(changed), isSwitching };
  }

  /** The generation of terms that the tenant waits for, read from the store; undefined: for none. */
  async comingGeneration(id: string): Promise<number | undefined> {
    const stored = await this.records.get(TENANT_KIND, id);
    return stored && comingGeneration(stored.value as unknown as TenantRecord);
  }

  /** That generation of terms serves from now on; nothing is done where another is to come by now. */
  async serve(id: string, generation: number): Promise<void> {
    await this.change(id, (record) => record && withServing(record, generation));
  }

  /** What was calibrated on its catalogue serves from now on, on other nodes within a second. */
  async keepCutoff(id: string, cutoff: CalibratedCutoff): Promise<void> {
    await this.change(id, (record) => record && { ...record, cutoff });
  }

  /** From now on nothing is found or written; what is there is removed by whoever asked for this. */
  async drop(id: string, { stays = false, keepsKeys = false } = {}): Promise<void> {
    await this.change(id, (record) => {
      if (record === undefined) return undefined;
      const asked = { ...(stays ? { stays } : {}), ...(keepsKeys ? { keepsKeys } : {}) };
      return { ...withoutStay(record), state: 'dropping', ...asked };
    });
  }

  /** As it is stored now. */
  async read(id: string): Promise<TenantRecord | undefined> {
    return (await this.records.get(TENANT_KIND, id))?.value as unknown as TenantRecord | undefined;
  }

  /** Those after the one called `after`, by name. */
  async list(after: string | undefined, limit: number): Promise<TenantRecord[]> {
    const found = await this.records.list(TENANT_KIND, after, limit);
    return found.map(({ value }) => value as unknown as TenantRecord);
  }

  /**
   * Makes a tenant, or changes its record by `next`, on other nodes within a second. Rejects `conflict` for one that is
   * being dropped.
   */
  async put(id: string, next: (record: TenantRecord) => TenantRecord): Promise<TenantRecord> {
    const changed = await this.change(id, (record) => {
      if (record?.state !== 'dropping') return next(record ?? newRecord(id));
      throw new OmniError('conflict', `the tenant ${id} is being removed`, { field: 'id' });
    });
    return changed ?? newRecord(id);
  }

  /** Cutoffs of tenants that this node has met lately, at most `limit`. */
  calibrated(limit: number): { tenant: string; cutoff: CalibratedCutoff }[] {
    const found: { tenant: string; cutoff: CalibratedCutoff }[] = [];
    for (const [tenant, { record }] of this.kept.entries()) {
      if (record?.cutoff !== undefined) found.push({ tenant, cutoff: record.cutoff });
      if (found.length === limit) break;
    }
    return found;
  }

  /**
   * Compare-and-set of a tenant's record; undefined, for none, where `next` wants no change. Resolves
   * with what is stored now.
   */
  private async change(
    id: string,
    next: (record: TenantRecord | undefined) => TenantRecord | undefined,
  ): Promise<TenantRecord | undefined> {
    const at = { kind: TENANT_KIND, id, what: 'the tenant', attempts: MAX_ATTEMPTS };
    let record: TenantRecord | undefined;
    await changeRecord(this.records, at, (stored) => {
      record = next(stored?.value as unknown as TenantRecord | undefined);
      return record && valueOf(record);
    }).finally(() => this.forget(id));
    if (record !== undefined) this.onChange(id);
    return record;
  }

  private async create(id: string): Promise<boolean> {
    const asOfMs = this.now();
    const record = newRecord(id);
    const isFirst = await this.records.put(TENANT_KIND, id, valueOf(record), 0);
    // Another node came first: what it wrote is read.
    this.forget(id);
    if (isFirst) this.keep(id, { record, asOfMs });
    return isFirst;
  }

  /** What is kept of it is not believed any more: what is being read may be older than what was just written. */
  forget(id: string): void {
    this.kept.delete(id);
    this.reading.delete(id);
  }

  /** What is kept of it is read again when it is asked for, and serves only where the store does not tell. */
  expire(id: string): void {
    const kept = this.kept.get(id);
    if (kept !== undefined) this.kept.set(id, { ...kept, asOfMs: -Infinity });
    this.reading.delete(id);
  }

  /** The same of all tenants. */
  expireAll(): void {
    this.freshness.expire();
    this.reading.clear();
  }

  private keep(id: string, next: Kept): TenantRecord | undefined {
    const kept = this.kept.get(id);
    if (kept !== undefined && kept.asOfMs > next.asOfMs) return kept.record;
    this.kept.set(id, next);
    return next.record;
  }
}

/** Throws `not_found` where there is no such tenant, or will not be; the default one is always there. */
function known(id: string, record: TenantRecord | undefined): TenantRecord | undefined {
  if (record === undefined ? id === DEFAULT_TENANT : !isGone(record)) return record;
  throw noSuchTenant(id);
}

/** Nothing of it is here any more, or will not be. */
export function isGone({ state }: Pick<TenantRecord, 'state'>): boolean {
  return state === 'dropping' || state === 'moved';
}

/** Throws `suspended`. */
function open(record: TenantRecord | undefined, use: TenantUse): void {
  if (record?.state === 'suspended') {
    throw shut(`the tenant ${record.id} is suspended: its data is kept`);
  }
  if (record?.state === 'read_only' && use === 'write') {
    throw shut(`the tenant ${record.id} is read-only for now: send this again later`);
  }
}

function shut(message: string): OmniError {
  return new OmniError('suspended', message, { field: TENANT_HEADER });
}

function keepsChanging(): OmniError {
  const details = { retryAfterMs: RETRY_AFTER_MS };
  return new OmniError('unavailable', 'the tenant kept changing', details);
}

function noSuchTenant(id: string): OmniError {
  const message = `there is no tenant ${id}: nothing was ever written to it`;
  return new OmniError('not_found', message, { field: TENANT_HEADER });
}
