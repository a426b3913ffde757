import type { CancelSignal } from './cancellation.js';
import { OmniError } from './errors.js';

/** A point in time by which a request must have answered. Monotonic clock, milliseconds. */
export class Deadline {
  private constructor(
    private readonly endsAtMs: number,
    private readonly now: () => number,
  ) {}

  /** The deadline `budgetMs` from now. `now` is injectable for virtual clocks. */
  static after(budgetMs: number, now: () => number = () => performance.now()): Deadline {
    return new Deadline(now() + budgetMs, now);
  }

  /** Milliseconds left, 0 when spent. */
  remainingMs(): number {
    return Math.max(0, this.endsAtMs - this.now());
  }

  get expired(): boolean {
    return this.remainingMs() === 0;
  }

  /** Throws `deadline_exceeded` naming the stage that found it spent. */
  check(stage: string): void {
    if (this.expired) throw deadlineExceeded(stage);
  }

  /** `work`, or `deadline_exceeded` when the deadline comes first. `work` goes on unobserved then. */
  race<T>(work: Promise<T>, stage: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(deadlineExceeded(stage)), this.remainingMs());
      const won = (value: T): void => {
        clearTimeout(timer);
        resolve(value);
      };
      const failed = (error: Error): void => {
        clearTimeout(timer);
        reject(error);
      };
      work.then(won, failed);
    });
  }
}

function deadlineExceeded(stage: string): OmniError {
  return new OmniError('deadline_exceeded', `the deadline passed during ${stage}`);
}

/** `work`, or the signal's reason when it is aborted first. `work` goes on unobserved then. */
export async function unlessAborted<T>(work: Promise<T>, signal: CancelSignal): Promise<T> {
  let giveUp: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    giveUp = () => reject(signal.reason);
    signal.addEventListener('abort', giveUp);
    if (signal.aborted) giveUp();
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', giveUp);
    work.catch(() => undefined);
  }
}
