import { setImmediate as nextLoop } from 'node:timers/promises';
import { TURN_MS } from './budget.js';
import { CREDIT_MS, FairQueue } from './fair-queue.js';

/**
 * Turns of this thread's event loop, fair between tenants. Whatever goes on after a wait (a shard has answered, a
 * place is free) asks for its turn first:
 *
 *   const due = turns.due(tenant);
 *   if (due !== undefined) await due;
 *
 * and has it at once, without so much as a microtask, while this turn of the loop is short and nobody waits. Where many answers came together those
 * of the tenant that has used least go on first, and the loop looks at its sockets in between: a hundred searches of
 * one tenant do not stand before the one of another. A turn lasts until what was awaited next is not there yet.
 */
export class FairTurns {
  private readonly queue: FairQueue;
  /** A tenant's share beside others'; set once by whoever knows their plans. */
  weightOf: (tenant: string) => number = () => 1;
  /** When the first turn of this turn of the loop began; undefined before it. */
  private startedMs: number | undefined;

  /** @param now injectable, and to be set, for virtual clocks */
  constructor(public now: () => number = () => performance.now()) {
    // Who waits here holds a place of the search gate already, which bounds how many they are.
    const unbounded = { maxWaiting: Infinity, maxWaitingOfTenant: Infinity };
    this.queue = new FairQueue({
      ...{ what: 'turns', concurrency: 1, creditMs: CREDIT_MS, now: () => this.now() },
      ...unbounded,
    });
  }

  /** Undefined: at once. Else resolves when it is the tenant's turn. */
  due(tenant: string): Promise<void> | undefined {
    const { runningCount, waitingCount } = this.queue;
    if (runningCount === 0 && waitingCount === 0 && !this.isOver()) return undefined;
    return new Promise((resolve, reject) => {
      const work = (): Promise<void> => {
        resolve();
        return settled();
      };
      this.queue.run(tenant, work, { weight: this.weightOf(tenant) }).catch(reject);
    });
  }

  /** Lets the loop serve others first; resolves when it is the tenant's turn again. */
  async next(tenant: string): Promise<void> {
    await nextLoop();
    const due = this.due(tenant);
    if (due !== undefined) await due;
  }

  private isOver(): boolean {
    const nowMs = this.now();
    if (this.startedMs === undefined) {
      this.startedMs = nowMs;
      setImmediate(() => (this.startedMs = undefined));
    }
    return nowMs - this.startedMs >= TURN_MS;
  }
}

/** Resolves once nothing is left that can go on without waiting. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    // A tick that is asked for among microtasks comes after the last of them.
    queueMicrotask(() => process.nextTick(resolve));
  });
}

/** Of the searches of this process. */
export const searchTurns = new FairTurns();
