/** The order of rows, a smaller first key first, among those of one first key. */
export interface RowOrder {
  /** Negative where row `a` comes before `b`, which have the same first key. */
  compare(a: number, b: number): number;
}

/** The first `k` rows of what is offered, in a binary heap with the last of them at its root. */
export class TopRows {
  private readonly rows: number[] = [];
  private readonly firsts: number[] = [];

  constructor(
    private readonly k: number,
    private readonly order: RowOrder,
  ) {}

  /** A row whose first key is above this need not be offered. */
  get worst(): number {
    return this.rows.length < this.k ? Infinity : (this.firsts[0] ?? -Infinity);
  }

  offer(row: number, first: number): void {
    if (this.rows.length < this.k) {
      this.rows.push(row);
      this.firsts.push(first);
      this.siftUp(this.rows.length - 1);
    } else if (this.k > 0 && this.isBehind(0, row, first)) {
      this.put(0, row, first);
      this.siftDown();
    }
  }

  /** In order. */
  sorted(): number[] {
    const places = [...this.rows.keys()];
    const { rows, firsts, order } = this;
    places.sort(
      (a, b) =>
        (firsts[a] as number) - (firsts[b] as number) ||
        order.compare(rows[a] as number, rows[b] as number),
    );
    return places.map((place) => rows[place] as number);
  }

  /** Whether the kept row number `i` comes after another one. */
  private isBehind(i: number, row: number, first: number): boolean {
    const own = this.firsts[i] as number;
    return own === first ? this.order.compare(this.rows[i] as number, row) > 0 : own > first;
  }

  private siftUp(start: number): void {
    const [row, first] = [this.rows[start] as number, this.firsts[start] as number];
    let at = start;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.isBehind(parent, row, first)) break;
      this.put(at, this.rows[parent] as number, this.firsts[parent] as number);
      at = parent;
    }
    this.put(at, row, first);
  }

  private siftDown(): void {
    const { rows, firsts } = this;
    const [row, first] = [rows[0] as number, firsts[0] as number];
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= rows.length) break;
      const right = child + 1;
      if (right < rows.length) {
        if (!this.isBehind(child, rows[right] as number, firsts[right] as number)) child = right;
      }
      if (!this.isBehind(child, row, first)) break;
      this.put(at, rows[child] as number, firsts[child] as number);
      at = child;
    }
    this.put(at, row, first);
  }

  private put(at: number, row: number, first: number): void {
    this.rows[at] = row;
    this.firsts[at] = first;
  }
}
