import { compareBytes } from './ids.js';

/** What a collector orders: score first (larger is better), then id in byte order. */
export interface Scored {
  id: string;
  score: number;
}

/** Negative when `a` comes before `b` in results (invariant 5). */
function compareHits(a: Scored, b: Scored): number {
  return b.score - a.score || compareBytes(a.id, b.id);
}

/**
 * The best `k` of what is offered, in a binary heap with the worst kept hit at its root. The result
 * does not depend on the order of offers: ties are broken by id.
 */
export class TopK<T extends Scored> {
  private readonly heap: T[] = [];

  /** @param least hits below this score need not be offered; they are not refused either */
  constructor(
    private readonly k: number,
    private readonly least = -Infinity,
  ) {}

  /** A score below this need not be offered any more; -Infinity while there is room for any. */
  get floor(): number {
    if (this.heap.length < this.k) return this.least;
    return Math.max(this.least, this.heap[0]?.score ?? -Infinity);
  }

  offer(hit: T): void {
    const worst = this.heap[0];
    if (this.heap.length < this.k) {
      this.heap.push(hit);
      this.siftUp(this.heap.length - 1);
    } else if (worst !== undefined && compareHits(hit, worst) < 0) {
      this.heap[0] = hit;
      this.siftDown();
    }
  }

  /** The kept hits, best first. */
  sorted(): T[] {
    return [...this.heap].sort(compareHits);
  }

  private siftUp(start: number): void {
    let i = start;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!this.isWorse(i, parent)) return;
      this.swap(i, parent);
      i = parent;
    }
  }

  private siftDown(): void {
    let i = 0;
    for (;;) {
      let worst = i;
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < this.heap.length && this.isWorse(child, worst)) worst = child;
      }
      if (worst === i) return;
      this.swap(i, worst);
      i = worst;
    }
  }

  private isWorse(a: number, b: number): boolean {
    return compareHits(this.heap[a] as T, this.heap[b] as T) > 0;
  }

  private swap(a: number, b: number): void {
    const held = this.heap[a] as T;
    this.heap[a] = this.heap[b] as T;
    this.heap[b] = held;
  }
}
