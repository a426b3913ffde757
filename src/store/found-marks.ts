import { dayNumber } from '../core/days.js';
import { hashText } from '../core/hash.js';
import { Slices } from '../core/slices.js';
import { changeRecord } from './change-record.js';
import type { RecordReader, RecordStore } from './record-store.js';
import { FOUND_KIND, tenantRecordId, tenantRecords } from './tenant-records.js';

/**
 * When a tenant's products were found last, to the day. An id counts by a hash: two that share one are found together,
 * so a product may count as found that was not, never the other way round. The hash's first bits name one of 256 records;
 * a record has a mark for each of the others that was found, the hash above the day: four bytes, in ascending order.
 *
 * ```
 * hash of 26 bits:  record (8) | place in it (18)        mark of 32 bits:  place (18) | day (14)
 * ```
 */
const RECORDS = 256;
const PLACE_BITS = 18;
const POSITIONS = RECORDS * 2 ** PLACE_BITS;
const DAY_BITS = 14;
const DAY_MASK = 2 ** DAY_BITS - 1;
const SEED = 26;
/** 2026 began; 14 bits of days go on for more than forty years. */
const FIRST_DAY = 20_454;
/** Longer than any rule asks for. */
const KEPT_DAYS = 731;
const ATTEMPTS = 8;
/** Of a million products they have 20 kB each. */
const RECORDS_AT_ONCE = 16;

/** Which ids may have been found; of those that were, all. */
export class FoundIds {
  /** Pages of it that nothing is in take no memory. */
  private readonly bits = new Uint8Array(POSITIONS / 8);

  has(id: string): boolean {
    const position = foundPosition(id);
    return ((this.bits[position >>> 3] as number) & (1 << (position & 7))) !== 0;
  }

  add(position: number): void {
    const at = position >>> 3;
    this.bits[at] = (this.bits[at] as number) | (1 << (position & 7));
  }
}

/** Which mark is an id's: 26 bits. */
export function foundPosition(id: string): number {
  return hashText(id, SEED) >>> 6;
}

/**
 * Notes that these were found on the day of `nowMs`, whatever others note meanwhile; records that say so already are
 * only read. May be done again where it rejects with the store's error.
 */
export async function noteFound(
  records: RecordStore,
  tenant: string,
  positions: Iterable<number>,
  nowMs: number,
): Promise<void> {
  const places = new Map<number, number[]>();
  const slices = new Slices();
  for (const position of positions) {
    const record = position >>> PLACE_BITS;
    const own = places.get(record) ?? [];
    own.push(position & (2 ** PLACE_BITS - 1));
    places.set(record, own);
    if (slices.isOver) await slices.next();
  }
  const day = Math.min(DAY_MASK, Math.max(0, dayNumber(nowMs) - FIRST_DAY));
  for (const [record, own] of places) {
    own.sort((a, b) => a - b);
    const id = tenantRecordId(tenant, recordId(record));
    const at = { kind: FOUND_KIND, id, what: 'what was found', attempts: ATTEMPTS };
    await changeRecord(records, at, (stored) => {
      const marks = withFound(marksOf(stored?.value['marks']), own, day);
      return marks && { marks: base64(marks) };
    });
  }
}

/** The marks with these places found on that day, and without those that are too old; undefined: all say so already. */
function withFound(
  marks: Uint32Array,
  places: readonly number[],
  day: number,
): Uint32Array | undefined {
  const next = new Uint32Array(marks.length + places.length);
  let [length, at, isChanged] = [0, 0, false];
  for (const mark of marks) {
    const place = mark >>> DAY_BITS;
    for (; (places[at] as number) < place; at++) {
      next[length++] = markOf(places[at] as number, day);
      isChanged = true;
    }
    const foundDay = mark & DAY_MASK;
    if (places[at] === place) {
      at += 1;
      isChanged ||= foundDay < day;
      next[length++] = markOf(place, Math.max(foundDay, day));
    } else if (foundDay >= day - KEPT_DAYS) next[length++] = mark;
  }
  isChanged ||= at < places.length;
  for (; at < places.length; at++) next[length++] = markOf(places[at] as number, day);
  return isChanged ? next.subarray(0, length) : undefined;
}

/** What may have been found on the day numbered `fromDay` or later. */
export async function readFound(
  records: RecordReader,
  tenant: string,
  fromDay: number,
): Promise<FoundIds> {
  const found = new FoundIds();
  const slices = new Slices();
  for (let after: string | undefined; ;) {
    const page = await tenantRecords(records, FOUND_KIND, tenant, after, RECORDS_AT_ONCE);
    for (const { id, value } of page) {
      const first = Number.parseInt(id, 16) * 2 ** PLACE_BITS;
      for (const mark of marksOf(value['marks'])) {
        if ((mark & DAY_MASK) + FIRST_DAY >= fromDay) found.add(first + (mark >>> DAY_BITS));
      }
      if (slices.isOver) await slices.next();
    }
    after = page.at(-1)?.id;
    if (after === undefined) return found;
  }
}

function markOf(place: number, day: number): number {
  return ((place << DAY_BITS) | day) >>> 0;
}

function marksOf(stored: unknown): Uint32Array {
  if (typeof stored !== 'string') return new Uint32Array();
  return new Uint32Array(new Uint8Array(Buffer.from(stored, 'base64')).buffer);
}

function recordId(record: number): string {
  return record.toString(16).padStart(2, '0');
}

function base64({ buffer, byteOffset, byteLength }: Uint32Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}
