import { DAY_MS } from '../core/days.js';
import type { JsonObject } from '../core/product.js';
import { decodeMark } from './position.js';
import type { RecordReader } from './record-store.js';
import type { Store } from './store.js';
import { tenantRecordId, TIERS_KIND } from './tenant-records.js';

/** Of the record in which a tenant's versions are told by time. */
const ID = 'clock';
/** More than a year of days: what was written before the first is older than any rule asks. */
const MAX_NOTES = 800;

/** Up to which version was written by when: no row of a store has its time. */
export interface TierClock {
  /** Epoch ms and version, ascending. */
  notes: readonly (readonly [atMs: number, version: number])[];
  /** Identity of the store whose versions these are. */
  store?: string;
}

const EMPTY: TierClock = { notes: [] };

export async function readTierClock(records: RecordReader, tenant: string): Promise<TierClock> {
  const stored = await records.get(TIERS_KIND, tenantRecordId(tenant, ID));
  return (stored?.value as unknown as TierClock | undefined) ?? EMPTY;
}

/**
 * The highest version that is known to have been written by `atMs`; undefined where nothing is: as long as a rule is
 * younger than the days that it asks for.
 */
export function versionBy({ notes }: TierClock, atMs: number): number | undefined {
  return notes.findLast(([notedMs]) => notedMs <= atMs)?.[1];
}

/**
 * Notes how far the tenant's versions are, once a day: what a rule calls thirty days is between thirty and thirty-one. A
 * version is noted when it has been written, never before. Returns the clock as it is then. One of another store's
 * versions tells nothing of this one's: it begins anew.
 */
export async function noteTierClock(
  store: Pick<Store, 'records' | 'head' | 'storeId'>,
  tenant: string,
  nowMs: number,
): Promise<TierClock> {
  const id = tenantRecordId(tenant, ID);
  const stored = await store.records.get(TIERS_KIND, id);
  const before = (stored?.value as unknown as TierClock | undefined) ?? EMPTY;
  const { notes } = before.store === store.storeId ? before : EMPTY;
  const last = notes.at(-1);
  if (last !== undefined && nowMs - last[0] < DAY_MS) return { notes };
  const version = decodeMark(await store.head(tenant)) ?? 0;
  const next: TierClock = {
    notes: [...notes, [nowMs, version] as const].slice(-MAX_NOTES),
    store: store.storeId,
  };
  // Whoever noted at the same time has said as much.
  await store.records.put(TIERS_KIND, id, next as unknown as JsonObject, stored?.revision ?? 0);
  return next;
}
