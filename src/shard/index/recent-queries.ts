/** How many vectors are remembered. */
const KEPT = 48;

/** The last different vectors that callers searched for: what a new graph is tried with. */
export class RecentQueries {
  private readonly kept: Float32Array[] = [];
  private next = 0;

  get vectors(): readonly Float32Array[] {
    return this.kept;
  }

  /** Takes `vector`, which must not change, in place of the oldest, unless it is remembered. */
  offer(vector: Float32Array): void {
    if (this.kept.some((other) => other.every((value, i) => value === vector[i]))) return;
    this.kept[this.next] = vector;
    this.next = (this.next + 1) % KEPT;
  }
}
