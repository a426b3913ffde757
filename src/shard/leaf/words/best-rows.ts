import type { SegmentView } from '../../index/segment-view.js';

/** Takes what a walk over words finds, row by row. */
export interface RowSink {
  /** A text score below this need not be offered. */
  readonly floor: number;
  /** @param text the text score of the row */
  offer(row: number, text: number, exact: number): void;
}

/**
 * The rows of a view with the best scores by words alone, in a binary heap with the worst at its root;
 * ties by id. Of numbers only: thousands of rows have the same score where a word is common, and their
 * ids are compared as they lie.
 */
export class BestRows implements RowSink {
  private readonly rows: number[] = [];
  private readonly scores: number[] = [];

  /** @param least scores below this need not be offered */
  constructor(
    private readonly view: SegmentView,
    private readonly k: number,
    private readonly least: number,
  ) {}

  get floor(): number {
    if (this.rows.length < this.k) return this.least;
    return Math.max(this.least, this.scores[0] ?? -Infinity);
  }

  offer(row: number, text: number, exact: number): void {
    const score = text + exact;
    if (this.rows.length < this.k) {
      this.rows.push(row);
      this.scores.push(score);
      this.siftUp(this.rows.length - 1);
    } else if (this.isWorse(0, row, score)) {
      this.rows[0] = row;
      this.scores[0] = score;
      this.siftDown();
    }
  }

  /** In no order. */
  forEach(visit: (row: number, score: number) => void): void {
    this.rows.forEach((row, i) => visit(row, this.scores[i] as number));
  }

  /** Whether the kept row number `i` comes after another one. */
  private isWorse(i: number, row: number, score: number): boolean {
    const own = this.scores[i] as number;
    if (own !== score) return own < score;
    return this.view.compareIds(this.rows[i] as number, row) > 0;
  }

  private siftUp(start: number): void {
    const [row, score] = [this.rows[start] as number, this.scores[start] as number];
    let at = start;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.isWorse(parent, row, score)) break;
      this.move(parent, at);
      at = parent;
    }
    this.put(at, row, score);
  }

  private siftDown(): void {
    const [row, score] = [this.rows[0] as number, this.scores[0] as number];
    const { length } = this.rows;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      const right = child + 1;
      if (right < length) {
        const isRightWorse = !this.isWorse(
          child,
          this.rows[right] as number,
          this.scores[right] as number,
        );
        if (isRightWorse) child = right;
      }
      if (!this.isWorse(child, row, score)) break;
      this.move(child, at);
      at = child;
    }
    this.put(at, row, score);
  }

  private move(from: number, to: number): void {
    this.rows[to] = this.rows[from] as number;
    this.scores[to] = this.scores[from] as number;
  }

  private put(at: number, row: number, score: number): void {
    this.rows[at] = row;
    this.scores[at] = score;
  }
}
