/** A search that waits for its turn. */
interface Waiting {
  /** Whose request it is: request numbers are unique to an owner. */
  owner: object;
  request: number;
  /** Answers also when it fails; never rejects. */
  run: () => Promise<void>;
}

/**
 * Searches in order of arrival, one at a time: they are CPU work on one thread, so that running
 * them side by side would only make all of them late. Bounded; what was cancelled is not started.
 */
export class SearchQueue {
  private waiting: Waiting[] = [];
  private running = false;
  private idle: (() => void)[] = [];

  constructor(private readonly limit: number) {}

  /** False when the queue is full. */
  add(search: Waiting): boolean {
    if (this.waiting.length >= this.limit) return false;
    this.waiting.push(search);
    if (!this.running) void this.work();
    return true;
  }

  cancel(owner: object, request: number): void {
    this.waiting = this.waiting.filter(
      (search) => search.owner !== owner || search.request !== request,
    );
  }

  /** The owner is gone: nothing of it need be started. */
  cancelAll(owner: object): void {
    this.waiting = this.waiting.filter((search) => search.owner !== owner);
  }

  /** Resolves once nothing waits or runs. */
  drained(): Promise<void> {
    if (!this.running) return Promise.resolve();
    return new Promise((resolve) => this.idle.push(resolve));
  }

  private async work(): Promise<void> {
    this.running = true;
    let next = this.waiting.shift();
    while (next !== undefined) {
      await next.run();
      next = this.waiting.shift();
    }
    this.running = false;
    for (const resolve of this.idle.splice(0)) resolve();
  }
}
