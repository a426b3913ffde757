import { setTimeout as sleep } from 'node:timers/promises';
import { Deadline } from '../core/deadline.js';
import { OmniError, RETRY_AFTER_MS } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { RepeatedWork } from '../core/repeated-work.js';
import type { RecordStore } from '../store/record-store.js';
import {
  HANDOVER_ID,
  HANDOVER_KIND,
  handoverOf,
  handoverValue,
  type Handover,
} from './handover.js';

/** While there is a record, and while there is none. */
const LOOK_EVERY_MS = 250;
const LOOK_SELDOM_MS = 1_000;
const LOOK_WAITING_MS = 50;
/** What is older is read again before a write goes by it. */
const MAX_AGE_MS = 2_000;
/** How long a write waits while nobody takes any. */
const PATIENCE_MS = 30_000;
/** How long what the peer has sent waits before it is sent back. */
const HERE_PATIENCE_MS = 500;
/** Writes that wait, each with nothing but its connection. */
const MAX_WAITING = 1_024;
/** What was let in before is to be stored meanwhile. */
const GRACE_MS = 1_000;
/** The command that had writes wait is gone: they are taken again. Shorter than they wait. */
const RELEASE_AFTER_MS = 15_000;
/** Whoever follows says so each second. */
const FOLLOWED_MS = 10_000;

interface Options {
  records: RecordStore;
  logger: Pick<Logger, 'warn'>;
  /** Monotonic, milliseconds. */
  now?: () => number;
}

/** One process' view of whether this installation is handed over, a quarter of a second old once it is. */
export class HandoverWatch {
  private handover: Handover | undefined;
  private asOfMs = -Infinity;
  /** When the beat was seen to change, by this process' own clock. */
  private beatAtMs = -Infinity;
  private heldAtMs = -Infinity;
  /** For how long there was no beat while writes are held. */
  private silentMs = 0;
  private reading: Promise<void> | undefined;
  private waiting = 0;
  private readonly now: () => number;
  private readonly looking: RepeatedWork;

  constructor(private readonly options: Options) {
    this.now = options.now ?? (() => performance.now());
    this.looking = new RepeatedWork(() => this.turn(), LOOK_EVERY_MS);
  }

  start(): void {
    this.looking.start();
  }

  close(): Promise<void> {
    return this.looking.close();
  }

  /** Undefined: nothing is handed over. */
  get current(): Handover | undefined {
    return this.handover;
  }

  /** Whether the peer is to answer what is read. */
  get readsThere(): boolean {
    if (this.handover === undefined || this.handover.reads === 'here') return false;
    return this.handover.reads === 'there' || this.now() - this.beatAtMs > FOLLOWED_MS;
  }

  get writesThere(): boolean {
    return this.handover?.writes === 'there';
  }

  /** Reads the record, however many ask. Rejects as the store does. */
  look(): Promise<void> {
    this.reading ??= this.read().finally(() => (this.reading = undefined));
    return this.reading;
  }

  /**
   * Resolves once it is known who takes a write, waiting while nobody does. Rejects `unavailable` where that takes too
   * long, or too many wait.
   */
  async writer(signal?: AbortSignal): Promise<'here' | 'there'> {
    return (await this.until((found) => found !== 'held', signal)) as 'here' | 'there';
  }

  /** Waits a moment to be told that this one takes writes: the peer has just sent one. Rejects `unavailable` where it does not. */
  async here(signal: AbortSignal): Promise<void> {
    await this.until((found) => found === 'here', signal, HERE_PATIENCE_MS);
  }

  /**
   * Before the store takes products that no command of a handover brings: what was let in before writes were held goes
   * on for a moment. Rejects `unavailable`.
   */
  async beforeWrite(): Promise<void> {
    const isLate = () => this.now() - this.heldAtMs > GRACE_MS;
    await this.refresh();
    if (this.handover?.writes === 'held' && isLate()) await this.writer();
    // The one that is filled has nobody's writes but those, and sweeps of its own.
    if (this.handover?.writes === 'there' && this.handover.reads === 'there' && isLate()) {
      throw elsewhere('writes are taken by another installation by now');
    }
  }

  private async until(
    isSo: (writes: Handover['writes']) => boolean,
    signal: AbortSignal | undefined,
    patienceMs = PATIENCE_MS,
  ): Promise<Handover['writes']> {
    const patience = Deadline.after(patienceMs, this.now);
    await this.refresh();
    if (isSo(this.writes)) return this.writes;
    if (this.waiting >= MAX_WAITING) throw elsewhere('too many writes wait already');
    this.waiting += 1;
    try {
      for (;;) {
        await sleep(LOOK_WAITING_MS);
        signal?.throwIfAborted();
        await this.look().catch(() => undefined);
        if (isSo(this.writes)) return this.writes;
        if (patience.expired) throw elsewhere('this installation is being handed over to another');
      }
    } finally {
      this.waiting -= 1;
    }
  }

  private get writes(): Handover['writes'] {
    return this.handover?.writes ?? 'here';
  }

  private async refresh(): Promise<void> {
    if (this.now() - this.asOfMs <= MAX_AGE_MS) return;
    try {
      await this.look();
    } catch (cause) {
      throw elsewhere('it could not be read whether this installation is handed over', cause);
    }
  }

  private async turn(): Promise<void> {
    const isSeldom = this.handover === undefined && this.now() - this.asOfMs < LOOK_SELDOM_MS;
    if (!isSeldom) await this.look().catch(() => undefined);
  }

  private async read(): Promise<void> {
    const { records, logger } = this.options;
    const asOfMs = this.now();
    const stored = await records.get(HANDOVER_KIND, HANDOVER_ID);
    const next = stored && handoverOf(stored.value);
    const last = this.handover;
    // Whoever has just begun to look knows of no beat, however many there were.
    if (last === undefined || next?.id !== last.id) this.beatAtMs = -Infinity;
    else if (next.beat !== last.beat) this.beatAtMs = asOfMs;
    if (next?.writes === 'held' && last?.writes !== 'held') this.heldAtMs = asOfMs;
    // While this process stood still, it has heard of nobody.
    const lookedForMs = Math.min(asOfMs - this.asOfMs, LOOK_SELDOM_MS);
    this.silentMs =
      next?.beat === last?.beat && next?.writes === 'held' ? this.silentMs + lookedForMs : 0;
    [this.handover, this.asOfMs] = [next, asOfMs];
    if (stored === undefined || next?.writes !== 'held') return;
    if (this.silentMs < RELEASE_AFTER_MS) return;
    // By compare-and-set, as the command goes on: only one of the two happens.
    const released = handoverValue({ ...next, writes: 'here', beat: next.beat + 1 });
    if (await records.put(HANDOVER_KIND, HANDOVER_ID, released, stored.revision)) {
      logger.warn('the command that hands over is gone: writes are taken here again');
    }
  }
}

function elsewhere(message: string, cause?: unknown): OmniError {
  return new OmniError('unavailable', message, { retryAfterMs: RETRY_AFTER_MS, cause });
}
