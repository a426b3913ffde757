import { LRUCache } from 'lru-cache';
import { Deadline } from '../core/deadline.js';
import { OmniError, RETRY_AFTER_MS } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import type { RecordReader } from '../store/record-store.js';
import type { TextSettings } from '../text/text-settings.js';
import { loadBook } from './load-book.js';
import type { RuleBook, RuleBooks } from './rule-book.js';
import { readTally } from './rule-tally.js';
import type { RuleBody } from './rule.js';

/** How old a node's view of a tenant's rules may be. */
const MAX_AGE_MS = 1_000;
/** How long a slow store is waited for where something is known already. */
const REFRESH_PATIENCE_MS = 50;
/** The same after a change here, which who made it wants to see; many rules take longer. */
const CHANGED_PATIENCE_MS = 500;
const NEVER_MS = -Infinity;
/**
 * A writer that died after it announced a change may have made it or not: a book that was read while that
 * was open is read again after so long.
 */
const SETTLE_MS = 10_000;
/** Of books in memory, by the bytes of their rules. */
const MAX_BYTES = 64 * 1024 * 1024;
const BOOK_BYTES = 1_024;

interface Deps {
  records: RecordReader;
  /** By which a tenant's words are made. */
  settings: (tenant: string) => Promise<TextSettings>;
  logger: Logger;
  now?: () => number;
}

interface Kept {
  book: RuleBook;
  bytes: number;
  /** Of the tally, and the settings: what the book was made of. */
  state: string;
  checkedMs: number;
  /** When that state was first seen. */
  seenMs: number;
  /** Whatever was under way in that state, it is done. */
  isSettled: boolean;
}

interface Reading {
  done: Promise<Kept>;
  /** Something was changed here since it began. */
  isOld: boolean;
  /** The one after it, where somebody waits for that. */
  next: Promise<Kept> | undefined;
}

/** Tenants' rules and synonyms, compiled and kept: one read a second where nothing changed. */
export class KeptRuleBooks implements RuleBooks {
  private readonly kept = new LRUCache<string, Kept>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ bytes }) => BOOK_BYTES + bytes,
  });
  private readonly reading = new Map<string, Reading>();
  private readonly now: () => number;

  constructor(private readonly deps: Deps) {
    this.now = deps.now ?? (() => performance.now());
  }

  async of(tenant: string, deadline: Deadline): Promise<RuleBook> {
    const kept = this.kept.get(tenant);
    if (kept !== undefined && this.now() - kept.checkedMs < MAX_AGE_MS) return kept.book;
    const reading = this.newest(tenant);
    if (kept === undefined) return (await deadline.race(reading, 'reading the rules')).book;
    const isOwnChange = kept.checkedMs === NEVER_MS;
    const patienceMs = isOwnChange ? CHANGED_PATIENCE_MS : REFRESH_PATIENCE_MS;
    try {
      const patience = Deadline.after(Math.min(patienceMs, deadline.remainingMs()));
      return (await patience.race(reading, 'reading the rules')).book;
    } catch {
      return kept.book;
    }
  }

  /** As it would be with these rules, in place of stored ones of the same ids. */
  async draft(tenant: string, drafts: readonly RuleBody[]): Promise<RuleBook> {
    const settings = await this.deps.settings(tenant);
    return (await loadBook(this.deps, tenant, settings, { drafts })).book;
  }

  /** What is known of a tenant is not enough any more: it was just changed here. */
  forget(tenant: string): void {
    const kept = this.kept.get(tenant);
    if (kept !== undefined) this.kept.set(tenant, { ...kept, checkedMs: NEVER_MS });
    const reading = this.reading.get(tenant);
    if (reading !== undefined) reading.isOld = true;
  }

  /** A reading that began after the last change here: one at a time, and one that waits for its end. */
  private newest(tenant: string): Promise<Kept> {
    const reading = this.reading.get(tenant);
    if (reading === undefined) return this.read(tenant);
    if (!reading.isOld) return reading.done;
    const again = (): Promise<Kept> => this.newest(tenant);
    return (reading.next ??= reading.done.then(again, again));
  }

  private read(tenant: string): Promise<Kept> {
    const done = this.refreshed(tenant, this.kept.get(tenant)).then(
      (next) => {
        this.reading.delete(tenant);
        this.kept.set(tenant, reading.isOld ? { ...next, checkedMs: NEVER_MS } : next);
        return next;
      },
      (cause: unknown) => {
        this.reading.delete(tenant);
        const details = { retryAfterMs: RETRY_AFTER_MS, cause };
        throw new OmniError('unavailable', 'the rules could not be read', details);
      },
    );
    const reading: Reading = { done, isOld: false, next: undefined };
    this.reading.set(tenant, reading);
    return done;
  }

  private async refreshed(tenant: string, kept: Kept | undefined): Promise<Kept> {
    const checkedMs = this.now();
    const { records } = this.deps;
    const [tally, settings] = await Promise.all([
      readTally(records, tenant),
      this.deps.settings(tenant),
    ]);
    const { language, stopWords } = settings;
    const state = `${tally.state}\n${language}\n${stopWords.join('\n')}`;
    const isSame = kept?.state === state;
    const seenMs = isSame ? kept.seenMs : checkedMs;
    const isSettled = tally.isEmpty || checkedMs - seenMs >= SETTLE_MS;
    if (isSame && (kept.isSettled || !isSettled)) return { ...kept, checkedMs };
    const { book, bytes } = await loadBook(this.deps, tenant, settings, { isEmpty: tally.isEmpty });
    return { book, bytes, state, checkedMs, seenMs, isSettled };
  }
}
