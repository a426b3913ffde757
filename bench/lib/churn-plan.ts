import { Random } from './random.js';
import type { Neighbours } from './exact.js';
import { recall } from './quality.js';
import { rowId } from './vector-json.js';

/** How long after its acknowledgement a change may still be on its way to the shards. */
const LAG_MS = 2000;

/** One change: product `id`, whose vector was row `old`, gets row `next`, or is deleted. */
export interface Change {
  id: string;
  old: number;
  next: number | undefined;
}

/**
 * Replaces 30 % and deletes 20 % of `products`, in random order. The new vectors are the rows from
 * `products` on.
 */
export function planChanges(products: number, seed: number): Change[] {
  const rows = Array.from({ length: products }, (_, row) => row);
  const random = new Random(seed, 'changes');
  for (let i = rows.length - 1; i > 0; i -= 1) {
    const other = random.below(i + 1);
    [rows[i], rows[other]] = [rows[other] ?? 0, rows[i] ?? 0];
  }
  const replaced = replacedOf(products);
  const touched = rows.slice(0, replaced + Math.floor(products * 0.2));
  const changes = touched.map((old, i): Change => {
    return { id: rowId(old), old, next: i < replaced ? products + i : undefined };
  });
  return changes.sort((a, b) => ((a.old * 7919) % products) - ((b.old * 7919) % products));
}

export function replacedOf(products: number): number {
  return Math.floor(products * 0.3);
}

/** Which vector row each product has, and since when, as far as a client can know. */
export class ChurnTruth {
  /** Per row: when the write that ends it was sent, and when the one that begins it was answered. */
  private readonly endsMs: Float64Array;
  private readonly beginsMs: Float64Array;
  private readonly idOfRow = new Map<number, string>();

  constructor(
    private readonly products: number,
    rows: number,
  ) {
    this.endsMs = new Float64Array(rows).fill(Infinity);
    this.beginsMs = new Float64Array(rows).fill(-Infinity).fill(Infinity, products);
  }

  sent({ old, next, id }: Change, nowMs: number): void {
    this.endsMs[old] = nowMs;
    if (next !== undefined) this.idOfRow.set(next, id);
  }

  acknowledged({ next }: Change, nowMs: number): void {
    if (next !== undefined) this.beginsMs[next] = nowMs;
  }

  /** Rows held at the end, and the ids of their products. */
  final(): { rows: Uint32Array; idOf: (row: number) => string } {
    const rows = Uint32Array.from(this.endsMs.keys()).filter(
      (row) => this.endsMs[row] === Infinity && this.beginsMs[row] !== Infinity,
    );
    return { rows, idOf: (row) => this.idOf(row) };
  }

  /**
   * Recall of `found` (product ids) for a search from `sentMs` to `repliedMs`. `near` are the nearest of
   * all rows ever. Rows that changed around that time may be found or not: where such a one is among
   * the true ten, it is not asked for.
   */
  recall(found: readonly string[], near: Neighbours, k: number, sentMs: number, repliedMs: number) {
    const wanted: string[] = [];
    let places = k;
    for (const row of near.rows) {
      if (places === 0) break;
      const begins = this.beginsMs[row] ?? Infinity;
      const ends = this.endsMs[row] ?? Infinity;
      if (begins > repliedMs || ends < sentMs - LAG_MS) continue;
      places -= 1;
      if (begins < sentMs - LAG_MS && ends > repliedMs) wanted.push(this.idOf(row));
    }
    return recall(found, wanted);
  }

  private idOf(row: number): string {
    return row < this.products ? rowId(row) : (this.idOfRow.get(row) ?? '');
  }
}
