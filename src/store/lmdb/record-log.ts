import { isTold, type RecordChanges, type RecordState, type ToldKind } from '../copies.js';
import type { JsonObject } from '../../core/product.js';
import type { Databases } from './databases.js';
import { numberKey, numberOf } from './keys.js';
import { readMeta, writeMeta } from './meta.js';

/** So many changes are known; who is further behind reads all records. */
const KEPT = 10_000;

/** Within a write transaction: the record changed last of all. */
export function logChange(db: Databases, kind: string, id: string): void {
  const { recordLog } = db;
  if (recordLog === undefined || !isTold(kind)) return;
  const number = (readMeta(db, 'recordLog') ?? 0) + 1;
  recordLog.put(numberKey(number), Buffer.from(JSON.stringify([kind, id])));
  if (number > KEPT) recordLog.remove(numberKey(number - KEPT));
  writeMeta(db, 'recordLog', number);
}

/**
 * Reads within one snapshot. A record that changed again is told at its latest change alone: what is told of it is then
 * never newer than where it stands, so that who applies the changes in their order sees no later one before an earlier.
 */
export function readRecordLog(
  db: Databases,
  after: number | undefined,
  limit: number,
  valueOf: (kind: string, id: string) => JsonObject | undefined,
): RecordChanges {
  const last = readMeta(db, 'recordLog') ?? 0;
  // Ahead of the store: it was put back to an older state.
  if (after === undefined || after > last || after < last - KEPT) {
    return { changes: [], position: last, atEnd: true, isExpired: true };
  }
  const latest = new Map<string, number>();
  const start = numberKey(after + 1);
  for (const { key, value } of db.recordLog?.entries({ start }) ?? []) {
    latest.set(value.toString(), numberOf(key));
  }
  const inOrder = [...latest].sort(([, a], [, b]) => a - b);
  const told = inOrder.slice(0, limit);
  const atEnd = told.length === inOrder.length;
  const changes = told.map(([text]): RecordState => {
    const [kind, id] = JSON.parse(text) as [ToldKind, string];
    return { kind, id, value: valueOf(kind, id) ?? null };
  });
  return { changes, position: atEnd ? last : (told.at(-1)?.[1] ?? after), atEnd, isExpired: false };
}
