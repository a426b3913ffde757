import type { EventClock } from './event-clock.js';

interface Work {
  leftMs: number;
  done: () => void;
}

/**
 * The cores of one machine, shared evenly by those who work on it: while there are no more than cores, each has
 * one to itself; beyond that all go slower alike (processor sharing, as a kernel's fair scheduler comes to).
 */
export class Host {
  private readonly working = new Set<Work>();
  private sinceMs = 0;
  private callOff: (() => void) | undefined;

  /** @param cores that the cluster has of it; part of one where others take the rest */
  constructor(
    private readonly clock: EventClock,
    private readonly cores: number,
  ) {}

  /**
   * Calls `done` when `cpuMs` milliseconds of a core's time are spent. What it returns takes the work back, and
   * says how much of it was left.
   */
  work(cpuMs: number, done: () => void): () => number {
    this.advance();
    const work = { leftMs: cpuMs, done };
    this.working.add(work);
    this.schedule();
    return () => {
      this.advance();
      if (this.working.delete(work)) this.schedule();
      return work.leftMs;
    };
  }

  private get speed(): number {
    return Math.min(1, this.cores / Math.max(1, this.working.size));
  }

  private advance(): void {
    const nowMs = this.clock.now();
    const spentMs = (nowMs - this.sinceMs) * this.speed;
    this.sinceMs = nowMs;
    if (spentMs > 0) for (const work of this.working) work.leftMs -= spentMs;
  }

  private schedule(): void {
    this.callOff?.();
    this.callOff = undefined;
    let next: Work | undefined;
    for (const work of this.working) {
      if (next === undefined || work.leftMs < next.leftMs) next = work;
    }
    const first = next;
    if (first === undefined) return;
    this.callOff = this.clock.after(first.leftMs / this.speed, () => {
      this.advance();
      first.leftMs = 0;
      this.working.delete(first);
      this.schedule();
      first.done();
    });
  }
}
