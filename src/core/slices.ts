import type { CancelSignal } from './cancellation.js';
import { giveWay } from './precedence.js';

/** How long one slice of work may keep the event loop, milliseconds. */
const SLICE_MS = 2;

const waiting: (() => void)[] = [];

/**
 * Cuts long work into slices between which the event loop serves others:
 *
 *   for (const row of rows) {
 *     if (slices.isOver) await slices.next();
 *
 * However many works are cut so at once, one slice runs between two looks at the sockets.
 */
export class Slices {
  private endsAtMs: number;

  /** `signal` aborted: `next` rejects with its reason. `now` is injectable for tests. */
  constructor(
    private readonly signal?: CancelSignal,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.endsAtMs = now() + SLICE_MS;
  }

  get isOver(): boolean {
    return this.now() >= this.endsAtMs;
  }

  protected othersFirst(): Promise<void> | undefined {
    return undefined;
  }

  /** Resolves when it is this work's turn again. */
  async next(): Promise<void> {
    await this.othersFirst();
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 1) setImmediate(wakeOne);
    });
    this.signal?.throwIfAborted();
    this.endsAtMs = this.now() + SLICE_MS;
  }
}

/** Slices of work that has time: they give way to answers that somebody waits for. */
export class PatientSlices extends Slices {
  protected override othersFirst(): Promise<void> | undefined {
    return giveWay();
  }
}

function wakeOne(): void {
  waiting.shift()?.();
  // Asked for while others run, it comes only after the loop has looked at its sockets.
  if (waiting.length > 0) setImmediate(wakeOne);
}
