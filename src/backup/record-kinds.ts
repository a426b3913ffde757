import { invalidField } from '../core/errors.js';
import { NAME } from '../core/ids.js';
import { isObject } from '../core/json.js';
import {
  FOUND_KIND,
  KINDS_OF_TENANTS,
  tenantRecordId,
  tenantRecords,
  TIERS_KIND,
} from '../store/tenant-records.js';
import { HANDOVER_KIND } from '../tenancy/handover.js';
import { TENANT_KIND, type RecordReader, type StoredRecord } from '../store/record-store.js';

/** A record with its kind, as a backup has it. */
export interface KindRecord extends Omit<StoredRecord, 'revision'> {
  kind: string;
}

/** Kinds whose ids are tenants. */
const NAMED_BY_TENANT = [TENANT_KIND, 'collection'] as const;
const ALIAS_KIND = 'alias';
/** Of no tenant: plans, and who may ask. */
const KEY_PARTS = ['key secret', 'key prefix'] as const;
const OF_ALL = ['plan', 'key', ...KEY_PARTS] as const;

/**
 * In a backup to be read, but not restored: an audit is a chain that goes on from its last entry, and a restored place
 * begins one of its own.
 */
const ONLY_READ: ReadonlySet<string> = new Set(['audit entry', 'audit']);

/** A backup is a history of its own. */
const HISTORY_KIND = 'history';

/** What is of one running system: jobs, leases, which nodes there are and how full they were, what signs cursors, what was before, when it was backed up. */
export const LEFT_OUT: readonly string[] = [
  ...['job', 'lease', 'node', 'node zone', 'placement step', 'dedicated nodes', 'secret'],
  ...[HISTORY_KIND, 'history start', 'store reads', 'backup taken', HANDOVER_KIND],
  ...['scaling decisions', 'scaling', 'scaling decision', 'fill of nodes'],
  // What it has of its primary, where it follows one.
  ...['region', 'region feed', 'region age'],
  // How old versions and places of a feed are: of this store's alone. Of another, all its products would be old.
  TIERS_KIND,
  // What the searches of this installation found.
  FOUND_KIND,
];

/** All kinds of which a backup has the records, in the order in which they are read. */
export const RECORD_KINDS: readonly string[] = [
  ...OF_ALL,
  ALIAS_KIND,
  ...NAMED_BY_TENANT,
  ...KINDS_OF_TENANTS.filter((kind) => !LEFT_OUT.includes(kind)),
];

/** Of a record's id, which has a tenant's name and one of its own in it. */
const MAX_ID_CHARACTERS = 2_000;
/** What was searched and written by a name is on that name's invoice. */
const OF_THE_NAME: ReadonlySet<string> = new Set([ALIAS_KIND, 'usage']);

/** A tenant's name ends before this in the ids of its records. */
const SEPARATOR = '/';

/** The tenant of a record; undefined: of none. */
export function tenantOf({ kind, id, value }: KindRecord): string | undefined {
  if (kind === ALIAS_KIND) return value['tenant'] as string;
  if ((NAMED_BY_TENANT as readonly string[]).includes(kind)) return id;
  if ((OF_ALL as readonly string[]).includes(kind)) return undefined;
  return id.slice(0, id.indexOf(SEPARATOR));
}

/**
 * Throws `invalid_field` for a record that no restore brings back: of another kind, or of what can be no tenant's name.
 */
export function checkRecord(record: KindRecord): void {
  const { kind, id, value } = record;
  if (!isBroughtBack(kind)) {
    throw invalidField('record.kind', 'must be of what a restore brings back');
  }
  if (typeof id !== 'string' || id === '' || id.length > MAX_ID_CHARACTERS) {
    throw invalidField('record.id', `must have 1 to ${MAX_ID_CHARACTERS} characters`);
  }
  if (!isObject(value)) throw invalidField('record.value', 'must be an object');
  const tenant = tenantOf(record);
  const isOwn = (KINDS_OF_TENANTS as readonly string[]).includes(kind);
  const isWhole = !isOwn || id.includes(SEPARATOR);
  const isNamed = isWhole && typeof tenant === 'string' && NAME.pattern.test(tenant);
  if (!isNamed && !(OF_ALL as readonly string[]).includes(kind)) {
    const field = kind === ALIAS_KIND ? 'record.value.tenant' : 'record.id';
    throw invalidField(field, `must name a tenant: ${NAME.expected}`);
  }
  if (kind === ALIAS_KIND && !NAME.pattern.test(id)) {
    throw invalidField('record.id', `must be ${NAME.expected}`);
  }
}

/** Throws `invalid_field` for what is no record that may be removed by itself: a tenant goes with all that it has. */
export function checkGone({ kind, id }: Omit<KindRecord, 'value'>): void {
  if (kind === TENANT_KIND) throw invalidField('gone.kind', 'must not be tenant');
  // Of an alias the name alone is told.
  checkRecord({ kind, id, value: { tenant: 'default' } });
}

/** Whether a restore brings it back: of `tenant` alone, or all. Another name's aliases, and what it used, stay with the name. */
export function isRestored(record: KindRecord, tenant?: string, as?: string): boolean {
  if (!isBroughtBack(record.kind)) return false;
  if (tenant === undefined) return true;
  if (as !== undefined && as !== tenant && OF_THE_NAME.has(record.kind)) return false;
  return tenantOf(record) === tenant;
}

/** A backup of before may have what none has any more. */
function isBroughtBack(kind: string): boolean {
  return RECORD_KINDS.includes(kind) && !ONLY_READ.has(kind);
}

/** Says of keys and of what they are found by, in the order of a backup, whether they are for `tenant` alone. */
export function keysOf(tenant: string): (record: KindRecord) => boolean {
  const own = new Set<unknown>();
  return ({ kind, id, value }) => {
    const { tenants, kind: uses } = value;
    const isOwn = Array.isArray(tenants) && tenants.length === 1 && tenants[0] === tenant;
    if (kind === 'key' && isOwn && uses !== 'admin') own.add(id);
    if (kind === 'key') return own.has(id);
    return (KEY_PARTS as readonly string[]).includes(kind) && own.has(value['key']);
  };
}

/** The record as of the tenant `as`. */
export function renamed(record: KindRecord, as: string): KindRecord {
  const { kind, id, value } = record;
  const tenant = tenantOf(record);
  if (tenant === undefined || tenant === as) return record;
  if (kind === ALIAS_KIND) return { ...record, value: { ...value, tenant: as } };
  const own = { ...value, ...('id' in value && kind === TENANT_KIND ? { id: as } : {}) };
  if (id === tenant) return { kind, id: as, value: own };
  return { kind, id: tenantRecordId(as, id.slice(tenant.length + 1)), value };
}

/**
 * A page of a kind's records behind the one called `after`; of `tenant` alone where one is named.
 * @returns ids as they are stored
 */
export async function recordPage(
  records: RecordReader,
  kind: string,
  tenant: string | undefined,
  after: string | undefined,
  limit: number,
): Promise<StoredRecord[]> {
  if (tenant === undefined) return records.list(kind, after, limit);
  if ((OF_ALL as readonly string[]).includes(kind)) return [];
  if ((NAMED_BY_TENANT as readonly string[]).includes(kind)) {
    const found = after === undefined ? await records.get(kind, tenant) : undefined;
    return found === undefined ? [] : [found];
  }
  // Few, and not in the order of their tenants: the caller leaves out what is of others.
  if (kind === ALIAS_KIND) return records.list(kind, after, limit);
  const own = after?.slice(tenant.length + 1);
  const ofTenant = KINDS_OF_TENANTS.find((each) => each === kind);
  if (ofTenant === undefined) return [];
  const found = await tenantRecords(records, ofTenant, tenant, own, limit);
  return found.map((record) => ({ ...record, id: tenantRecordId(tenant, record.id) }));
}
