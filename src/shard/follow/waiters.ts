import { OmniError } from '../../core/errors.js';

/** Requests that wait for one tenant at once; past it `overloaded`. */
const MAX_WAITERS = 4_096;

interface Waiter {
  isOver: () => boolean;
  resolve: (isOver: boolean) => void;
  timer: NodeJS.Timeout;
}

/** Requests that wait until something holds of a tenant: bounded in number and in time. */
export class Waiters {
  private readonly waiters = new Set<Waiter>();

  private users = 0;
  private closed = false;

  get isWanted(): boolean {
    return this.users > 0 || this.waiters.size > 0;
  }

  /** Runs `action`, which counts as a request until it ends. */
  async use<T>(action: () => Promise<T>): Promise<T> {
    this.users += 1;
    try {
      return await action();
    } finally {
      this.users -= 1;
    }
  }

  /** True once `settle` finds that `isOver`; false after `timeoutMs`. Rejects `overloaded`. */
  async until(isOver: () => boolean, timeoutMs: number): Promise<boolean> {
    if (isOver()) return true;
    if (this.closed) return false;
    if (this.waiters.size >= MAX_WAITERS) {
      throw new OmniError('overloaded', 'too many requests wait for a tenant');
    }
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.end(waiter, false), timeoutMs);
      const waiter: Waiter = { isOver, resolve, timer };
      this.waiters.add(waiter);
    });
  }

  settle(): void {
    for (const waiter of this.waiters) if (waiter.isOver()) this.end(waiter, true);
  }

  close(): void {
    this.closed = true;
    for (const waiter of this.waiters) this.end(waiter, false);
  }

  private end(waiter: Waiter, isOver: boolean): void {
    this.waiters.delete(waiter);
    clearTimeout(waiter.timer);
    waiter.resolve(isOver);
  }
}
