import { isObject } from '../core/json.js';
import type { JsonObject } from '../core/product.js';
import type { RecordStore } from '../store/record-store.js';

/** What was decided, one record each, by time. */
export const DECISION_KIND = 'scaling decision';
/** What is remembered from one look to the next. */
const SCALING_KIND = 'scaling';
const STATE_ID = 'state';
const TIME_DIGITS = 14;
/** Older ones go. */
const MAX_DECISIONS = 1_000;
const REMOVED_AT_ONCE = 64;

/** A change of how many there are of a role, as it was decided. */
export interface ScalingDecision {
  /** Epoch milliseconds. */
  atMs: number;
  role: string;
  from: number;
  to: number;
  /** In words. */
  reason: string;
  /** The figures that it was decided by. */
  sample: JsonObject;
  /** What came of it: `done`, or why not. */
  outcome: string;
}

/** The scaler's memory, and what it saw last of each role. */
export interface KeptState {
  value: JsonObject;
  /** 0: there is none yet. */
  revision: number;
}

/** What was decided about how many processes there are, and what is remembered for the next decision. */
export class ScalingLog {
  constructor(private readonly records: RecordStore) {}

  async state(): Promise<KeptState> {
    const stored = await this.records.get(SCALING_KIND, STATE_ID);
    return { value: stored?.value ?? {}, revision: stored?.revision ?? 0 };
  }

  /** False, and nothing done, where another has changed it since `revision`. */
  keep(value: JsonObject, revision: number): Promise<boolean> {
    return this.records.put(SCALING_KIND, STATE_ID, value, revision);
  }

  /** One of the same moment and role is replaced by nobody. */
  async note({ atMs, ...decision }: ScalingDecision): Promise<void> {
    const id = `${String(atMs).padStart(TIME_DIGITS, '0')} ${decision.role}`;
    await this.records.put(DECISION_KIND, id, { at_ms: atMs, ...decision }, 0);
    await this.prune();
  }

  /** The last decisions, the latest first, and by role what was seen at the last look. */
  async show(limit: number): Promise<{ decisions: JsonObject[]; seen: JsonObject }> {
    const { records } = this;
    const found = await records.list(DECISION_KIND, undefined, MAX_DECISIONS + REMOVED_AT_ONCE);
    const seen = (await this.state()).value['seen'];
    const decisions = found.reverse().slice(0, limit);
    return { decisions: decisions.map(({ value }) => value), seen: isObject(seen) ? seen : {} };
  }

  private async prune(): Promise<void> {
    const { records } = this;
    const ids = await records.ids(DECISION_KIND, undefined, MAX_DECISIONS + REMOVED_AT_ONCE);
    for (const id of ids.slice(0, Math.max(0, ids.length - MAX_DECISIONS))) {
      const stored = await records.get(DECISION_KIND, id);
      if (stored !== undefined) await records.remove(DECISION_KIND, id, stored.revision);
    }
  }
}
