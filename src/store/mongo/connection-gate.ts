import { OmniError, RETRY_AFTER_MS } from '../../core/errors.js';

const MAX_WAITING = 10_000;

interface Waiting {
  start: () => void;
}

/**
 * Lets so many commands be under way at a time that the pool behind it opens no more connections than that: the driver's own
 * bound is fixed once it is made, this one may change. What waits goes in order, and not for longer than `maxWaitMs`.
 */
export class ConnectionGate {
  private inUse = 0;
  private readonly queue: Waiting[] = [];

  constructor(
    private most: number,
    private readonly maxWaitMs: number,
  ) {}

  /** Connections that may be used at a time. */
  get limit(): number {
    return this.most;
  }

  /** More are used at once; where it is fewer, what is under way ends first. */
  set limit(limit: number) {
    this.most = limit;
    this.startWaiting();
  }

  get waiting(): number {
    return this.queue.length;
  }

  /** Rejects `overloaded` where too much waits, `unavailable` what waited for too long. */
  async run<T>(command: () => Promise<T>): Promise<T> {
    if (this.inUse < this.most && this.queue.length === 0) this.inUse += 1;
    else await this.turn();
    try {
      return await command();
    } finally {
      this.inUse -= 1;
      this.startWaiting();
    }
  }

  /** Resolves with a place taken. */
  private turn(): Promise<void> {
    if (this.queue.length >= MAX_WAITING) {
      throw new OmniError('overloaded', 'too much waits for a connection to the store');
    }
    return new Promise((resolve, reject) => {
      const entry: Waiting = {
        start: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      const timer = setTimeout(() => {
        this.queue.splice(this.queue.indexOf(entry), 1);
        const message = `no connection to the store was free within ${this.maxWaitMs} ms`;
        reject(new OmniError('unavailable', message, { retryAfterMs: RETRY_AFTER_MS }));
      }, this.maxWaitMs);
      this.queue.push(entry);
    });
  }

  private startWaiting(): void {
    while (this.inUse < this.most) {
      const next = this.queue.shift();
      if (next === undefined) return;
      this.inUse += 1;
      next.start();
    }
  }
}
