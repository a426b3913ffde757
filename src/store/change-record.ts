import { OmniError, RETRY_AFTER_MS } from '../core/errors.js';
import type { JsonObject } from '../core/product.js';
import type { RecordStore, StoredRecord } from './record-store.js';

/** A record that is to be changed. */
export interface ChangedRecord {
  kind: string;
  id: string;
  /** For the error: what keeps changing, such as "the plan". */
  what: string;
  /** How often it is tried; others may be at it, too. */
  attempts: number;
}

/** What the record becomes: `gone` removes it, undefined leaves it as it is. */
export type RecordAfter = JsonObject | 'gone' | undefined;

/** What was stored, and what came of it. */
interface RecordChange {
  before: StoredRecord | undefined;
  after: RecordAfter;
}

/**
 * Compare-and-set of a record. `next` is asked again with what others have made of it meanwhile, so all that it does
 * besides may be done more than once. Rejects `unavailable` where the record keeps changing, and as `next` does.
 */
export async function changeRecord(
  records: RecordStore,
  { kind, id, what, attempts }: ChangedRecord,
  next: (stored: StoredRecord | undefined) => RecordAfter | Promise<RecordAfter>,
): Promise<RecordChange> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const before = await records.get(kind, id);
    const after = await next(before);
    const revision = before?.revision ?? 0;
    const isDone =
      after === 'gone'
        ? before === undefined || (await records.remove(kind, id, revision))
        : after === undefined || (await records.put(kind, id, after, revision));
    if (isDone) return { before, after };
  }
  const details = { retryAfterMs: RETRY_AFTER_MS };
  throw new OmniError('unavailable', `${what} kept changing`, details);
}
