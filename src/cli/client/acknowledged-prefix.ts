/**
 * How far a sequence is done without a gap, when its parts finish in any order:
 *
 *   begin(10) → a, begin(20) → b;  b() → 0;  a() → 20
 */
export class AcknowledgedPrefix {
  private readonly open: { end: number; done: boolean }[] = [];
  private reached = 0;

  /** A part that ends at `end`; call what is returned when it is done, for how far all is done. */
  begin(end: number): () => number {
    const part = { end, done: false };
    this.open.push(part);
    return () => {
      part.done = true;
      while (this.open[0]?.done === true) this.reached = this.open.shift()?.end ?? this.reached;
      return this.reached;
    };
  }
}
