import type { LRUCache } from 'lru-cache';
import { boundedCache } from '../core/bounded-cache.js';
import { Deadline } from '../core/deadline.js';
import { OmniError, RETRY_AFTER_MS } from '../core/errors.js';
import { Freshness } from './freshness.js';

const PATIENCE_MS = 1_000;
/** Where something is known that will do. */
const REFRESH_PATIENCE_MS = 50;
const MAX_MISSING = 10_000;

interface Kept<T> {
  value: T | undefined;
  asOfMs: number;
}

interface Options<T> {
  /** For errors: what could not be read. */
  what: string;
  /** Undefined: there is none. `known`: what it was when it was read last. */
  read: (id: string, known: T | undefined) => Promise<T | undefined>;
  max: number;
  /** Absent: `max` is bound enough. */
  bytes?: { max: number; of: (value: T) => number };
  /** How long what was read is not read again. */
  maxAgeMs: number;
  /** What there is does not change: only what is not there is read again. */
  isForGood?: true;
  /** Where the store does not tell, what is older than this is not believed any more. */
  maxStaleMs: number;
  now: () => number;
}

/**
 * What a node has read of the store lately, by id. What is not there is kept apart from what is: whoever asks for
 * made-up ids pushes out nothing else.
 */
export class KeptReads<T extends object> {
  private readonly found: LRUCache<string, Kept<T>>;
  private readonly missing = boundedCache<Kept<T>>({ max: MAX_MISSING });
  /** However many ask, the store is read once at a time. */
  private readonly reading = new Map<string, Promise<T | undefined>>();
  private readonly foundFreshness: Freshness;
  private readonly missingFreshness: Freshness;

  constructor(private readonly options: Options<T>) {
    const { max, bytes, maxAgeMs, isForGood, now } = options;
    this.found = boundedCache({
      max,
      bytes: bytes && {
        max: bytes.max,
        of: ({ value }: Kept<T>) => (value === undefined ? 1 : bytes.of(value)),
      },
    });
    this.foundFreshness = new Freshness(isForGood === true ? Infinity : maxAgeMs, now);
    this.missingFreshness = new Freshness(maxAgeMs, now);
  }

  /** At once where it is fresh. Rejects `unavailable` where nothing fresh enough is known and the store does not tell. */
  get(id: string): T | undefined | Promise<T | undefined> {
    const kept = this.found.get(id) ?? this.missing.get(id);
    return kept !== undefined && this.isFresh(kept) ? kept.value : this.refreshed(id, kept);
  }

  /** What it was when it was read last, however long ago. */
  known(id: string): T | undefined {
    return this.found.peek(id)?.value;
  }

  private async refreshed(id: string, kept: Kept<T> | undefined): Promise<T | undefined> {
    const { what, now, maxStaleMs } = this.options;
    const isUsable = (): boolean => kept !== undefined && now() - kept.asOfMs < maxStaleMs;
    const patience = Deadline.after(isUsable() ? REFRESH_PATIENCE_MS : PATIENCE_MS);
    try {
      return await patience.race(this.reading.get(id) ?? this.read(id), `reading ${what}`);
    } catch (cause) {
      if (isUsable()) return kept?.value;
      const details = { retryAfterMs: RETRY_AFTER_MS, cause };
      throw new OmniError('unavailable', `${what} could not be read`, details);
    }
  }

  /** What is kept of it, and what is being read, is older than what was just written. */
  forget(id: string): void {
    this.found.delete(id);
    this.missing.delete(id);
    this.reading.delete(id);
  }

  /** What is kept is read again when it is asked for. */
  expireAll(): void {
    this.foundFreshness.expire();
    this.missingFreshness.expire();
    this.reading.clear();
  }

  private isFresh({ value, asOfMs }: Kept<T>): boolean {
    const freshness = value === undefined ? this.missingFreshness : this.foundFreshness;
    return freshness.isFresh(asOfMs);
  }

  private read(id: string): Promise<T | undefined> {
    const asOfMs = this.options.now();
    const isCurrent = (): boolean => this.reading.get(id) === reading;
    const reading = this.options
      .read(id, this.known(id))
      .then((value) => {
        if (isCurrent()) this.keep(id, { value, asOfMs });
        return value;
      })
      .finally(() => {
        if (isCurrent()) this.reading.delete(id);
      });
    this.reading.set(id, reading);
    return reading;
  }

  private keep(id: string, kept: Kept<T>): void {
    const [to, other] =
      kept.value === undefined ? [this.missing, this.found] : [this.found, this.missing];
    to.set(id, kept);
    other.delete(id);
  }
}
