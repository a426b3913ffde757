import { OmniError } from '../core/errors.js';
import type { WriteMark } from '../store/store.js';

/** Requests that wait for a write at once; past it `overloaded`. */
const MAX_WAITERS = 4_096;

interface Waiter {
  mark: WriteMark;
  resolve: (applied: boolean) => void;
  timer: NodeJS.Timeout;
}

/** Requests that wait until a write is applied: bounded in number and in time. */
export class AppliedWaiters {
  private readonly waiters = new Set<Waiter>();

  /** True once `settle` finds `mark` applied; false after `timeoutMs`. Throws `overloaded`. */
  add(mark: WriteMark, timeoutMs: number): Promise<boolean> {
    if (this.waiters.size >= MAX_WAITERS) {
      throw new OmniError('overloaded', 'too many requests wait for a write');
    }
    return new Promise((resolve) => {
      const waiter: Waiter = {
        mark,
        resolve,
        timer: setTimeout(() => this.end(waiter, false), timeoutMs),
      };
      this.waiters.add(waiter);
    });
  }

  settle(isApplied: (mark: WriteMark) => boolean): void {
    for (const waiter of this.waiters) if (isApplied(waiter.mark)) this.end(waiter, true);
  }

  close(): void {
    for (const waiter of this.waiters) this.end(waiter, false);
  }

  private end(waiter: Waiter, applied: boolean): void {
    this.waiters.delete(waiter);
    clearTimeout(waiter.timer);
    waiter.resolve(applied);
  }
}
