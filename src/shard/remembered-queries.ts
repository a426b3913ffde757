import type { RepeatQuery } from './exact-repeat.js';

/** Callers' latest searches of one band, to be repeated when graphs have changed. */
export class RememberedQueries {
  private readonly kept: RepeatQuery[] = [];
  private nextSlot = 0;
  private takesAnother = true;

  constructor(private readonly limit: number) {}

  get isFull(): boolean {
    return this.kept.length === this.limit;
  }

  /** Whether it would take one: all at first, then one in place of the oldest between two ticks. */
  get wantsOne(): boolean {
    return this.takesAnother || !this.isFull;
  }

  get all(): readonly RepeatQuery[] {
    return this.kept;
  }

  tick(): void {
    this.takesAnother = true;
  }

  /**
   * Takes it where it wants one; whether it did, in a place that was free. One that it has is refused:
   * the same search again and again would pass for much evidence.
   */
  offer(query: RepeatQuery): boolean {
    if (!this.wantsOne || this.kept.some(({ vector }) => equal(vector, query.vector))) return false;
    const isNew = !this.isFull;
    this.takesAnother = false;
    this.kept[this.nextSlot] = query;
    this.nextSlot = (this.nextSlot + 1) % this.limit;
    return isNew;
  }
}

function equal(a: Float32Array, b: Float32Array): boolean {
  return a.every((value, i) => value === b[i]);
}
