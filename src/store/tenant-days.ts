import { DAY_MS, dayOf } from '../core/days.js';
import type { JsonObject } from '../core/product.js';
import { backOff } from '../core/retry.js';
import type { RecordStore } from './record-store.js';
import { tenantRecordId, tenantRecords, type KindOfTenants } from './tenant-records.js';

const RETRY_BASE_MS = 20;

/** Records of a tenant, one a day, to which every node adds what it has counted. */
export interface TenantDays {
  kind: KindOfTenants;
  /** Older ones are forgotten. */
  keptDays: number;
  /** How often adding is tried; others add, too. */
  attempts: number;
}

/**
 * Adds to the tenant's record of a day, by compare-and-set: `add` makes the sum of what is stored. False where the
 * record keeps changing; rejects with the store's error. The first of a day pays for the days that are too old.
 */
export async function addToDay(
  records: RecordStore,
  days: TenantDays,
  tenant: string,
  today: Date,
  add: (stored: JsonObject | undefined) => JsonObject | Promise<JsonObject>,
): Promise<boolean> {
  const id = tenantRecordId(tenant, dayOf(today));
  for (let attempt = 1; attempt <= days.attempts; attempt++) {
    const stored = await records.get(days.kind, id);
    const sum = await add(stored?.value);
    if (await records.put(days.kind, id, sum, stored?.revision ?? 0)) {
      if (stored === undefined) await forgetOld(records, days, tenant, today);
      return true;
    }
    await backOff(attempt, RETRY_BASE_MS);
  }
  return false;
}

async function forgetOld(
  records: RecordStore,
  { kind, keptDays }: TenantDays,
  tenant: string,
  today: Date,
): Promise<void> {
  const end = dayOf(new Date(today.getTime() - keptDays * DAY_MS));
  for (;;) {
    const listed = await tenantRecords(records, kind, tenant, undefined, keptDays);
    const due = listed.filter(({ id }) => id < end);
    for (const { id, revision } of due) {
      await records.remove(kind, tenantRecordId(tenant, id), revision);
    }
    if (due.length < keptDays) return;
  }
}
