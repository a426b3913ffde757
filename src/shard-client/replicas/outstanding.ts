/** Requests of one kind: from the first under way to the first moment without any. */
interface Stretch {
  count: number;
  sinceMs: number;
  endedAtMs: number;
  /** For how long others were waited for before, with nothing heard since. */
  beforeMs: number;
}

/** A shorter silence than this is what an answer's own handling takes. */
const LEAST_SILENCE_MS = 1;

/**
 * The requests that one node has not answered, and for how long they have waited with nothing heard from it.
 * That one was called off proves nothing of the node; many one after the other do, so their times add up,
 * those side by side once. Kinds are told apart: over one that takes long a node may be silent for longer.
 *
 * `heardAtMs` is when the last byte came from the node; all times are of one clock, milliseconds.
 */
export class Outstanding {
  private readonly stretches = new Map<string, Stretch>();
  private count = 0;

  constructor(private readonly now: () => number) {}

  get total(): number {
    return this.count;
  }

  /** `end` follows. */
  begin(kind: string, heardAtMs: number): void {
    this.count += 1;
    const stretch = this.stretches.get(kind);
    const nowMs = this.now();
    if (stretch === undefined) {
      this.stretches.set(kind, { count: 1, sinceMs: nowMs, endedAtMs: nowMs, beforeMs: 0 });
      return;
    }
    stretch.count += 1;
    if (stretch.count > 1) return;
    stretch.sinceMs = nowMs;
    if (heardAtMs >= stretch.endedAtMs) stretch.beforeMs = 0;
  }

  end(kind: string, heardAtMs: number): void {
    const stretch = this.stretches.get(kind);
    if (stretch === undefined) return;
    this.count -= 1;
    stretch.count -= 1;
    if (stretch.count > 0) return;
    stretch.beforeMs = this.silenceMs(kind, heardAtMs);
    stretch.endedAtMs = this.now();
    if (stretch.beforeMs < LEAST_SILENCE_MS) this.stretches.delete(kind);
  }

  /** To be asked while a request of this kind is under way. */
  silenceMs(kind: string, heardAtMs: number): number {
    const stretch = this.stretches.get(kind);
    if (stretch === undefined) return 0;
    if (heardAtMs >= stretch.sinceMs) return this.now() - heardAtMs;
    return stretch.beforeMs + this.now() - stretch.sinceMs;
  }
}
