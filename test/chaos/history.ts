/** What a product is, as far as answers show it. */
export interface ProductState {
  price: number;
  category: string;
}

/** One write of a product: a put, or a delete (`state` null). Times are monotonic milliseconds. */
interface Write {
  state: ProductState | null;
  begunAtMs: number;
  /** When it was acknowledged; undefined: nobody knows yet whether it was done. */
  doneAtMs?: number;
  /** When the answer said that every replica has it. */
  searchableAtMs?: number;
}

/**
 * All writes of one product, one after the other. What a read may see of it: any write that had begun by its end,
 * but for those that another one had taken the place of, acknowledged, before the read began.
 */
export class History {
  private readonly writes: Write[] = [{ state: null, begunAtMs: -Infinity, doneAtMs: -Infinity }];

  begin(state: ProductState | null, nowMs: number): void {
    this.writes.push({ state, begunAtMs: nowMs });
  }

  /** The last one that began was acknowledged. */
  done(nowMs: number, isSearchable: boolean): void {
    const last = this.writes.at(-1) as Write;
    last.doneAtMs = nowMs;
    if (isSearchable) last.searchableAtMs = nowMs;
  }

  /** The last one was said to be searchable. */
  get isSearchable(): boolean {
    return this.writes.at(-1)?.searchableAtMs !== undefined;
  }

  /** All that was acknowledged is searchable by now. */
  searchable(nowMs: number): void {
    const last = this.writes.at(-1);
    if (last?.doneAtMs !== undefined) last.searchableAtMs ??= nowMs;
  }

  /** The states that a read may answer which began and ended at these times; null: that it is not there. */
  possible(fromMs: number, toMs: number): (ProductState | null)[] {
    const { writes } = this;
    const lastDone = writes.findLastIndex(({ doneAtMs = Infinity }) => doneAtMs <= fromMs);
    return writes
      .filter(({ begunAtMs }, i) => i >= lastDone && begunAtMs <= toMs)
      .map((one) => one.state);
  }

  /**
   * Whether a whole answer to a read over all that `matches` must have it: a put was said to be searchable before the
   * read, and nothing has begun since but puts into the same category. Of one that goes to another the shard of the
   * old one may have heard before that of the new one.
   */
  isOwed(fromMs: number, toMs: number, matches: (state: ProductState) => boolean): boolean {
    const { writes } = this;
    const searchable = writes.findLastIndex(
      ({ searchableAtMs = Infinity, state }) => state !== null && searchableAtMs <= fromMs,
    );
    const put = writes[searchable]?.state;
    if (put === undefined || put === null || !matches(put)) return false;
    const since = writes.slice(searchable).filter(({ begunAtMs }) => begunAtMs <= toMs);
    return since.every(({ state }) => state?.category === put.category);
  }
}
