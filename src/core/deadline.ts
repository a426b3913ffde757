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
  async race<T>(work: Promise<T>, stage: string): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(deadlineExceeded(stage)), this.remainingMs());
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
      work.catch(() => undefined);
    }
  }
}

function deadlineExceeded(stage: string): OmniError {
  return new OmniError('deadline_exceeded', `the deadline passed during ${stage}`);
}

/** `work`, or the signal's reason when it is aborted first. `work` goes on unobserved then. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let giveUp: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    giveUp = () => reject(signal.reason as Error);
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', giveUp);
    work.catch(() => undefined);
  }
}
