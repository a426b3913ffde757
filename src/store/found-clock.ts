import { dayNumber } from '../core/days.js';
import { changeRecord } from './change-record.js';
import { readFound, type FoundIds } from './found-marks.js';
import type { RecordReader, RecordStore } from './record-store.js';
import { FOUND_KIND, removeOfKind, tenantRecordId } from './tenant-records.js';

/** Of the record that says since when it is noted what a tenant's searches find. */
const ID = 'since';
const SINCE = { what: 'since when is noted what is found', attempts: 8 };

/** From `nowMs` on all that is found is noted, unless it is so already. */
export async function beginFound(
  records: RecordStore,
  tenant: string,
  nowMs: number,
): Promise<void> {
  const id = tenantRecordId(tenant, ID);
  if ((await records.get(FOUND_KIND, id)) !== undefined) return;
  await records.put(FOUND_KIND, id, { sinceMs: nowMs }, 0);
}

/** What was found before `nowMs` is not known as a whole: days are counted from then on, where they are at all. */
export async function restartFound(
  records: RecordStore,
  tenant: string,
  nowMs: number,
): Promise<void> {
  const id = tenantRecordId(tenant, ID);
  const at = { kind: FOUND_KIND, id, ...SINCE };
  await changeRecord(records, at, (stored) => stored && { sinceMs: nowMs });
}

/** Nothing is known of what a tenant's searches found any more. */
export async function endFound(
  records: RecordStore,
  tenant: string,
  signal: AbortSignal,
): Promise<void> {
  const id = tenantRecordId(tenant, ID);
  // First: of what is removed halfway nobody is to think that it is all.
  const at = { kind: FOUND_KIND, id, ...SINCE };
  await changeRecord(records, at, () => 'gone');
  await removeOfKind(records, FOUND_KIND, tenant, signal);
}

/**
 * What may have been found on the day of `nowMs` or in the `days` before it. Undefined while nobody knows: as long as it
 * has been noted for fewer days than that.
 */
export async function foundWithin(
  records: RecordReader,
  tenant: string,
  days: number,
  nowMs: number,
): Promise<FoundIds | undefined> {
  const fromDay = dayNumber(nowMs) - days;
  const since = await records.get(FOUND_KIND, tenantRecordId(tenant, ID));
  // Of the day on which it began a part only was noted.
  if (since === undefined || dayNumber(since.value['sinceMs'] as number) >= fromDay) {
    return undefined;
  }
  return readFound(records, tenant, fromDay);
}
