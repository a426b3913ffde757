import { DAY_MS } from '../core/days.js';
import { changeRecord } from '../store/change-record.js';
import type { RecordStore } from '../store/record-store.js';

const TERM_KIND = 'history start';
const TERM_ID = 'all';
const MAX_ATTEMPTS = 6;
/** So old a writer's view of it may be. */
const MAX_AGE_MS = 1_000;
/** By then every writer has seen it, and what was under way before has ended. */
const SETTLE_MS = 2 * MAX_AGE_MS;

/** Since when all is noted, and for how many days it is kept. */
interface Term {
  at: string;
  days: number;
}

/**
 * Whether, since when and for how long a store's history is kept. It is the store's, not a node's: whoever writes goes by
 * it, so that nodes that were started with other settings note all the same.
 */
export class HistoryTerm {
  private seen: { asOfMs: number; isKept: Promise<boolean> } | undefined;

  constructor(private readonly records: RecordStore) {}

  /** Has the history be kept for so many days from now on; 0: no longer. Rejects `unavailable`. */
  async set(days: number): Promise<void> {
    const at = { kind: TERM_KIND, id: TERM_ID, what: 'the history', attempts: MAX_ATTEMPTS };
    await changeRecord(this.records, at, (stored) => {
      const before = stored && termOf(stored.value);
      if (days === 0) return 'gone';
      if (before?.days === days) return undefined;
      // What was removed by fewer days does not come back with more.
      const sinceMs = before === undefined ? Date.now() + SETTLE_MS : firstOf(before);
      return { at: new Date(sinceMs).toISOString(), days };
    });
    this.seen = undefined;
  }

  /** Whether a write is to be noted. */
  async isKept(): Promise<boolean> {
    const now = performance.now();
    if (this.seen === undefined || now - this.seen.asOfMs > MAX_AGE_MS) {
      const seen = { asOfMs: now, isKept: this.firstMs().then((first) => first !== undefined) };
      this.seen = seen;
      seen.isKept.catch(() => {
        if (this.seen === seen) this.seen = undefined;
      });
    }
    return this.seen.isKept;
  }

  /** The first moment of which all is known, in epoch ms, read from the store; undefined: no history is kept. */
  async firstMs(): Promise<number | undefined> {
    const stored = await this.records.get(TERM_KIND, TERM_ID);
    return stored && firstOf(termOf(stored.value));
  }
}

function termOf(value: object): Term {
  return value as Term;
}

function firstOf({ at, days }: Term): number {
  return Math.max(Date.parse(at), Date.now() - days * DAY_MS);
}
