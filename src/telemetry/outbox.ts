import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../core/logger.js';
import { post, type PostTarget } from './post.js';

export interface OutboxOptions extends PostTarget {
  /** What is sent, in the plural, for the log. */
  what: string;
  /** Entries that may wait; what comes past it is dropped and counted. */
  limit: number;
  /** At most so many in one request. */
  batch: number;
  /** How long the first of a batch waits for others, until it is full. */
  delayMs: number;
  /** The body of one request. */
  write: (entries: readonly string[]) => string;
}

/** Failures of one batch after which it is dropped. */
const MAX_ATTEMPTS = 5;
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 600_000;
/** A second time may succeed (OTLP/HTTP's list). */
const MAY_PASS: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const LOG_GAP_MS = 60_000;

/** What became of a request; undefined: it was taken. */
type Failure = { problem: string; mayPass: boolean; askedPauseMs: number | undefined } | undefined;

/**
 * Sends what a process tells others of itself, never in the way of its work: to add is a push to a bounded list, one
 * request is under way at a time, and who does not take it loses it. Nothing runs while nothing waits.
 */
export class Outbox {
  private readonly waiting: string[] = [];
  /** Undefined while nothing waits. */
  private running: Promise<void> | undefined;
  private isClosed = false;
  /** A batch is waited for; a rest after a failure is none of that. */
  private isGathering = false;
  /** Ends a rest before its time. */
  private wake: () => void = () => undefined;
  private loggedAtMs = -Infinity;
  /** Entries that were lost so far. */
  dropped = 0;

  constructor(
    private readonly options: OutboxOptions,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {}

  add(entry: string): void {
    if (this.isClosed || this.waiting.length >= this.options.limit) {
      this.drop(1, 'too many wait');
      return;
    }
    this.waiting.push(entry);
    this.running ??= this.run();
    if (this.isGathering && this.isBatchFull) this.wake();
  }

  /** Sends what waits, each batch once, and for no longer than `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    this.isClosed = true;
    this.wake();
    const limit = new AbortController();
    const ended = sleep(timeoutMs, undefined, { signal: limit.signal }).catch(() => undefined);
    await Promise.race([this.running, ended]);
    limit.abort();
  }

  /** Never rejects. */
  private async run(): Promise<void> {
    while (this.waiting.length > 0) {
      await this.gather();
      await this.send(this.waiting.splice(0, this.options.batch));
    }
    this.running = undefined;
  }

  private get isBatchFull(): boolean {
    return this.waiting.length >= this.options.batch;
  }

  private async gather(): Promise<void> {
    if (this.isBatchFull) return;
    this.isGathering = true;
    await this.rest(this.options.delayMs);
    this.isGathering = false;
  }

  private async send(batch: readonly string[]): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const failure = await this.attempt(batch);
      if (failure === undefined) return;
      const { problem, mayPass, askedPauseMs } = failure;
      const isLast = !mayPass || attempt === MAX_ATTEMPTS || this.isClosed;
      if (isLast) this.drop(batch.length, problem);
      // Also before the next one.
      const pauseMs = askedPauseMs ?? FIRST_PAUSE_MS * 2 ** (attempt - 1);
      await this.rest(Math.min(MAX_PAUSE_MS, pauseMs));
      if (isLast) return;
    }
  }

  private async attempt(batch: readonly string[]): Promise<Failure> {
    try {
      const { status, headers } = await post(this.options, this.options.write(batch));
      if (status >= 200 && status < 300) return undefined;
      const askedPauseMs = pauseAsked(headers['retry-after']);
      return { problem: `answered with ${status}`, mayPass: MAY_PASS.has(status), askedPauseMs };
    } catch (error) {
      return { problem: String(error), mayPass: true, askedPauseMs: undefined };
    }
  }

  /** Until then, or until it is closed; a process may end meanwhile. */
  private async rest(ms: number): Promise<void> {
    if (this.isClosed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms).unref();
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private drop(entries: number, problem: string): void {
    this.dropped += entries;
    const now = performance.now();
    if (now - this.loggedAtMs < LOG_GAP_MS) return;
    this.loggedAtMs = now;
    const { what } = this.options;
    this.logger.warn({ dropped: this.dropped, problem }, `${what} could not be sent`);
  }
}

/** Of `Retry-After`: seconds, or a date; undefined where it is neither. */
function pauseAsked(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const seconds = Number(header);
  const ms = Number.isNaN(seconds) ? Date.parse(header) - Date.now() : seconds * 1_000;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
