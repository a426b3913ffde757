import { OmniError } from '../../core/errors.js';

/**
 * Writers' turns. What waits is committed together, up to a size that keeps the event loop free
 * (LMDB runs the body of a transaction on the main thread), and the queue is bounded.
 *
 *   add ──> waiting ──(previous commit is on disk)──> one transaction ──> resolved
 */
export class WriteQueue {
  private readonly waiting: Waiting[] = [];
  private waitingBytes = 0;
  private pumping: Promise<void> | undefined;

  /**
   * @param transact runs an action in a write transaction; actions of one turn share a commit
   * @param writing runs a commit when there may be one; it rejects, without it, when that never comes
   */
  constructor(
    private readonly transact: <T>(action: () => T) => Promise<T>,
    private readonly writing: (commit: () => Promise<void>) => Promise<void>,
    private readonly limits: WriteQueueLimits,
  ) {}

  /** `action`'s result once it is durable; rejects with `overloaded` when too much waits. */
  async add<T>(bytes: number, action: () => T): Promise<T> {
    if (this.waiting.length > 0 && this.waitingBytes + bytes > this.limits.waitingBytes) {
      const message = 'too many writes wait for the store';
      throw new OmniError('overloaded', message);
    }
    return new Promise<T>((resolve, reject) => {
      const start = () => this.transact(action).then(resolve, reject);
      this.waiting.push({ bytes, start, refuse: reject });
      this.waitingBytes += bytes;
      this.pumping ??= this.pump();
    });
  }

  get isIdle(): boolean {
    return this.pumping === undefined;
  }

  /** Resolves when nothing waits or runs. */
  async drained(): Promise<void> {
    await this.pumping;
  }

  private async pump(): Promise<void> {
    // The rest of this turn's writes join the first commit.
    await Promise.resolve();
    while (this.waiting.length > 0) await this.commit();
    this.pumping = undefined;
  }

  private async commit(): Promise<void> {
    let taken: Waiting[] = [];
    try {
      await this.writing(async () => {
        taken = this.take();
        await Promise.all(taken.map((waiting) => waiting.start()));
      });
    } catch (error) {
      // None has begun: those that waited longest are told, the others wait on.
      for (const waiting of taken.length === 0 ? this.take() : []) waiting.refuse(error);
    }
  }

  /** At least one; then as many more as fit. */
  private take(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const waiting of this.waiting) {
      if (count > 0 && bytes + waiting.bytes > this.limits.batchBytes) break;
      bytes += waiting.bytes;
      count += 1;
    }
    this.waitingBytes -= bytes;
    return this.waiting.splice(0, count);
  }
}

export interface WriteQueueLimits {
  /** What one transaction takes, if more than one write waits. */
  batchBytes: number;
  /** What may wait before `add` refuses. */
  waitingBytes: number;
}

interface Waiting {
  bytes: number;
  /** Never rejects: the outcome goes to the caller of `add`. */
  start: () => Promise<void>;
  refuse: (reason: unknown) => void;
}
