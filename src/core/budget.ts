import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CancelSignal } from './cancellation.js';
import type { Deadline } from './deadline.js';

/** How long one turn of an event loop may work before it gives the loop away, milliseconds. */
export const TURN_MS = 3;
/** Units of work between two looks at the clock: a row compared, a posting walked, a value tested. */
export const LOOK_EVERY_UNITS = 16_384;

export interface BudgetOptions {
  /** The caller went away: the budget is spent from then on. */
  signal?: CancelSignal;
  turnMs?: number;
  /** Gives the turn away and resolves when it is this work's turn again. */
  yieldTurn?: () => Promise<void>;
  /** Injectable for virtual clocks. */
  now?: () => number;
}

/**
 * What one request may still do: time, work and the length of a turn. Everything that walks rows
 * spends units as it goes and asks every `LOOK_EVERY_UNITS` of them:
 *
 *   if (budget.spend(rows) && !(await budget.pause())) return whatWasFound;
 *
 * so that a short search stays synchronous, a long one lets others in, and one whose time is over
 * answers with what it has.
 */
export class Budget {
  private untilLook = LOOK_EVERY_UNITS;
  private turnEndsAtMs: number;
  private over = false;
  private yieldCount = 0;
  private outMs = 0;
  private readonly turnMs: number;
  private readonly now: () => number;
  private readonly yieldTurn: () => Promise<void>;

  constructor(
    readonly deadline: Deadline,
    private readonly options: BudgetOptions = {},
  ) {
    this.turnMs = options.turnMs ?? TURN_MS;
    this.now = options.now ?? (() => performance.now());
    this.yieldTurn = options.yieldTurn ?? (() => nextTurn());
    this.turnEndsAtMs = this.now() + this.turnMs;
  }

  /** Counts `units` of work. True when it is time to `pause`, or to `stop` where nothing can wait. */
  spend(units: number): boolean {
    this.untilLook -= units;
    return this.untilLook <= 0;
  }

  /** Lets others have a turn where this one has lasted long enough. False when the budget is spent. */
  async pause(): Promise<boolean> {
    this.untilLook = LOOK_EVERY_UNITS;
    if (this.isSpent()) return false;
    if (this.now() >= this.turnEndsAtMs) {
      const leftMs = this.now();
      await this.yieldTurn();
      const backMs = this.now();
      this.yieldCount += 1;
      this.outMs += backMs - leftMs;
      this.turnEndsAtMs = backMs + this.turnMs;
    }
    return !this.isSpent();
  }

  /** Whether nothing more may be done: time or the caller is gone. Stays true. */
  isSpent(): boolean {
    this.over ||= this.options.signal?.aborted === true || this.deadline.expired;
    return this.over;
  }

  /** How often the turn was given away, and how long all that was until it came back, milliseconds. */
  get yields(): number {
    return this.yieldCount;
  }

  get awayMs(): number {
    return this.outMs;
  }

  /** Whether some work was left undone because the budget was found spent. */
  get wasSpent(): boolean {
    return this.over;
  }
}
