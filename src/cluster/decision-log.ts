import type { JsonObject } from '../core/product.js';
import { changeRecord } from '../store/change-record.js';
import type { RecordStore } from '../store/record-store.js';

const KIND = 'scaling decisions';
const ID = 'latest';
const KEPT = 100;
const MAX_TEXT = 300;
const ATTEMPTS = 20;

/** What was decided about nodes, or about what lies on them. */
export interface ScalingDecision {
  /** RFC 3339. */
  at: string;
  /** `auto`, or the name of a key; null: an operator without one. */
  by: string | null;
  /** For people, such as `move of shop: 1 partition, s1 → s3`. */
  what: string;
  /** Null: it was ordered. */
  why: string | null;
}

/**
 * The latest decisions of the whole cluster, for who looks at it: one record, so that looking costs one read. The audit of
 * each tenant is what says who changed what of it; this says what happened lately, whosever it was.
 */
export class DecisionLog {
  constructor(
    private readonly records: RecordStore,
    /** Epoch milliseconds. */
    private readonly now: () => number = () => Date.now(),
  ) {}

  /** Never rejects: what was decided is done, told or not. */
  async note({ by, what, why }: Omit<ScalingDecision, 'at'>): Promise<void> {
    const entry: ScalingDecision = {
      at: new Date(this.now()).toISOString(),
      ...{ by, what: what.slice(0, MAX_TEXT), why: why?.slice(0, MAX_TEXT) ?? null },
    };
    const record = { kind: KIND, id: ID, what: 'the list of decisions', attempts: ATTEMPTS };
    await changeRecord(this.records, record, (stored) => {
      const latest = [entry, ...entriesOf(stored?.value)].slice(0, KEPT);
      return { latest } as unknown as JsonObject;
    }).catch(() => undefined);
  }

  /** Newest first. */
  async latest(): Promise<ScalingDecision[]> {
    return entriesOf((await this.records.get(KIND, ID))?.value);
  }
}

function entriesOf(value: JsonObject | undefined): ScalingDecision[] {
  return ((value as { latest?: ScalingDecision[] } | undefined)?.latest ?? []).slice(0, KEPT);
}
