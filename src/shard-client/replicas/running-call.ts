import { Cancellation, type CancelSignal } from '../../core/cancellation.js';
import { Deadline } from '../../core/deadline.js';
import { OmniError } from '../../core/errors.js';
import { chooseReplica } from './choose-replica.js';
import type { HedgeBudget } from './hedge-budget.js';
import type { Asked, ReplicaBook } from './replica-book.js';
import type { ReplicaCall, Served, SetTimer } from './replica-call.js';
import { hasDoneNothing, isForAnother, Refusals } from './refusals.js';

/** Of the time that is left, what one attempt may use while another replica could be asked after it. */
const SHARE_BEFORE_ANOTHER = 0.85;
/** The same of an attempt to better an answer that is there: the caller is to have that one in time. */
const SHARE_TO_BETTER = 0.9;
const BEATEN = new OmniError('unavailable', 'another replica answered');

/** What all calls share. */
export interface CallSetting {
  readonly book: ReplicaBook;
  readonly hedges: HedgeBudget;
  readonly retries: HedgeBudget;
  readonly setTimer: SetTimer;
  readonly random: () => number;
  readonly counts: CallCounts;
}

export interface CallCounts {
  calls: number;
  /** Asked because the first took longer than most, and of those that have ended how many answered first, or not. */
  hedges: number;
  hedgesWon: number;
  hedgesLost: number;
  /** Asked because another failed, or lacked something. */
  retries: number;
  /** Asked because another turned out to hang. */
  moves: number;
}

type Reason = 'first' | 'hedges' | 'retries' | 'moves';

interface Attempt extends Asked {
  reason: Reason;
  deadline: Deadline;
  stop: Cancellation;
  callOff: () => void;
  onHung: () => void;
}

/**
 * One call of several replicas, each asked once at most.
 *
 *   first ──slow──> hedged ──┐
 *     ├──hangs──> moved ─────┼──whole answer──> served, the others are stopped
 *     └──fails, not whole──> retried ──┘        └──nobody left──> the best there is, or the reason
 */
export class RunningCall<T> {
  private readonly attempts = new Set<Attempt>();
  private unasked: readonly string[];
  private kept: Served<T> | undefined;
  private readonly refusals = new Refusals();
  private settle: { resolve: (served: Served<T>) => void; reject: (error: unknown) => void };

  constructor(
    private readonly setting: CallSetting,
    private readonly call: ReplicaCall<T>,
    private readonly deadline: Deadline,
    private readonly signal: CancelSignal | undefined,
  ) {
    this.unasked = call.nodes;
    this.settle = { resolve: () => undefined, reject: () => undefined };
  }

  /** To be called once. Rejects as `ReplicaCalls.call` does. */
  run(): Promise<Served<T>> {
    return new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
      this.signal?.addEventListener('abort', this.onAbort);
      this.ask(this.chosenOf(this.call.nodes), 'first');
      if (this.signal?.aborted === true) this.onAbort();
    });
  }

  private readonly onAbort = (): void => {
    for (const attempt of this.attempts) attempt.stop.abort(this.signal?.reason);
  };

  private chosenOf(nodes: readonly string[]): string {
    return chooseReplica(nodes, this.setting.book, this.call, this.setting.random);
  }

  private ask(node: string, reason: Reason): void {
    const { book, counts } = this.setting;
    if (reason !== 'first') counts[reason] += 1;
    this.unasked = this.unasked.filter((other) => other !== node);
    const attempt: Attempt = {
      ...book.asked(node, this.call.kind),
      reason,
      deadline: this.deadlineOfNext(),
      stop: new Cancellation(),
      callOff: () => undefined,
      onHung: () => this.goOn('moves'),
    };
    this.attempts.add(attempt);
    attempt.health.onHung.add(attempt.onHung);
    this.call.ask(node, attempt.deadline, attempt.stop).then(
      (answer) => this.answered(attempt, answer),
      (error: unknown) => this.failed(attempt, error),
    );
    if (reason === 'first') this.hedgeLater(attempt);
    else this.watch(attempt);
  }

  /** Hung is not dead: while another could be asked, its time is kept for it. */
  private deadlineOfNext(): Deadline {
    const { book, retries } = this.setting;
    const another = !retries.isSpent && this.healthyUnasked().length > 0;
    if (!another && this.kept === undefined) return this.deadline;
    const share = another ? SHARE_BEFORE_ANOTHER : SHARE_TO_BETTER;
    return Deadline.after(share * this.deadline.remainingMs(), book.now);
  }

  private healthyUnasked(): string[] {
    return this.unasked.filter((node) => !this.setting.book.isLeftAlone(node));
  }

  private hedgeLater(attempt: Attempt): void {
    const { book, setTimer } = this.setting;
    attempt.callOff = setTimer(book.times.hedgeAfterMs(this.call.kind), () => {
      this.watch(attempt);
      this.hedge();
    });
  }

  /** Once a call at most, and never beside an attempt that took the place of the first. */
  private hedge(): void {
    const healthy = this.attempts.size > 1 ? [] : this.healthyUnasked();
    if (healthy.length === 0 || !this.setting.hedges.take()) return;
    this.ask(this.chosenOf(healthy), 'hedges');
  }

  /** Looks again and again whether the node hangs, until it does. */
  private watch(attempt: Attempt): void {
    const { book, setTimer } = this.setting;
    const leftMs = book.times.hangAfterMs(this.call.kind) - book.silenceMs(attempt);
    if (leftMs > 0) attempt.callOff = setTimer(leftMs, () => this.watch(attempt));
    else attempt.health.hangs();
  }

  private answered(attempt: Attempt, answer: T): void {
    if (!this.attempts.has(attempt)) return;
    const served = { node: attempt.node, answer };
    const isWhole = this.call.isWhole(answer);
    this.end(attempt, isWhole);
    if (isWhole) {
      this.setting.book.answered(attempt);
      this.finish(served);
      return;
    }
    this.setting.book.gaveUp(attempt, 'incomplete');
    if (this.kept === undefined || this.call.isBetter?.(answer, this.kept.answer) === true) {
      this.kept = served;
    }
    this.goOn('retries');
  }

  private failed(attempt: Attempt, error: unknown): void {
    if (!this.attempts.has(attempt)) return;
    this.end(attempt);
    this.setting.book.failed(attempt, error, this.signal);
    if (this.signal?.aborted === true || !isForAnother(error)) {
      this.finish(undefined, error);
      return;
    }
    this.refusals.add(error, attempt.deadline === this.deadline || this.deadline.expired);
    this.goOn('retries', hasDoneNothing(error));
  }

  /** Asks another replica unless one that is likely to answer is asked already. @param isFree no budget bounds it */
  private goOn(reason: 'retries' | 'moves', isFree = reason === 'moves'): void {
    const { book, retries } = this.setting;
    const isHopeful = [...this.attempts].some((attempt) => book.isHopeful(attempt));
    const next = isHopeful ? undefined : this.next();
    if (next !== undefined && (isFree || retries.take())) this.ask(next, reason);
    else if (this.attempts.size === 0) this.finish(this.kept, this.refusals.mostTelling());
  }

  /** One that is left alone is the last resort, and not worth a wait where some answer is there. */
  private next(): string | undefined {
    if (this.deadline.expired) return undefined;
    const healthy = this.healthyUnasked();
    if (healthy.length > 0) return this.chosenOf(healthy);
    const isWorthIt = this.kept === undefined && this.unasked.length > 0;
    return isWorthIt ? this.chosenOf(this.unasked) : undefined;
  }

  private end(attempt: Attempt, hasWon = false): void {
    if (attempt.reason === 'hedges') this.setting.counts[hasWon ? 'hedgesWon' : 'hedgesLost'] += 1;
    attempt.callOff();
    attempt.health.onHung.delete(attempt.onHung);
    this.attempts.delete(attempt);
  }

  private finish(served: Served<T> | undefined, error?: unknown): void {
    this.signal?.removeEventListener('abort', this.onAbort);
    for (const attempt of this.attempts) {
      this.end(attempt);
      this.setting.book.gaveUp(attempt);
      attempt.stop.abort(BEATEN);
    }
    if (served !== undefined) this.settle.resolve(served);
    else this.settle.reject(error);
  }
}
