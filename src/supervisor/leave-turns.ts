/**
 * Lets processes that do the same work leave in turns: each that is asked to stop goes on until another one is
 * ready, so that there is always one.
 */
export class LeaveTurns<T> {
  private readonly ready = new Set<T>();
  private readonly leaving = new Set<T>();
  private waiting: (() => void)[] = [];

  /** @param count of the processes, now: one alone has nobody to wait for */
  constructor(private readonly count: () => number) {}

  isReady(one: T): void {
    // Its start may end after it was asked to stop.
    if (this.leaving.has(one)) return;
    this.ready.add(one);
    this.grant();
  }

  /** `allow` is called when another is ready. */
  leaves(one: T, allow: () => void): void {
    this.ready.delete(one);
    this.leaving.add(one);
    this.waiting.push(allow);
    this.grant();
  }

  /** It has ended, whether it was asked to or not. */
  ended(one: T): void {
    this.ready.delete(one);
    this.leaving.delete(one);
  }

  /** Nobody is needed any more. */
  end(): void {
    for (const allow of this.waiting.splice(0)) allow();
  }

  private grant(): void {
    if (this.ready.size > 0 || this.count() <= 1) this.end();
  }
}
