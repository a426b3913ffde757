import type { Collections, OpenRange } from './collections.js';

/**
 * Closes ranges that their writers left open because they died, or never learnt how a write ended. A
 * range may be closed once it has been open for its `holdMs`: its writer issues nothing any more,
 * and what it issued has landed or never will. Each process measures that by its own clock from when
 * it first saw the range, so clocks need not agree.
 */
export class RangeReclaim {
  /** Range id to when it was first seen here, on this process's monotonic clock. */
  private firstSeenMs = new Map<string, number>();

  constructor(
    private readonly collections: Collections,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** One look at all records. Returns how many ranges were closed. */
  async run(): Promise<number> {
    const nowMs = this.now();
    const seen = new Map<string, number>();
    let closed = 0;
    const found = await this.collections.tenants
      .find({ 'open.id': { $gt: '' } }, { projection: { open: 1 } })
      .toArray();
    for (const { _id, open } of found) {
      for (const range of open) {
        const sinceMs = this.firstSeenMs.get(range.id) ?? nowMs;
        seen.set(range.id, sinceMs);
        if (nowMs - sinceMs >= range.holdMs) closed += await this.close(_id, range);
      }
    }
    this.firstSeenMs = seen;
    return closed;
  }

  /** The sequence grows as well: a change of placement may have been left without its announcement. */
  private async close(_id: string, { id }: OpenRange): Promise<number> {
    const { matchedCount } = await this.collections.tenants.updateOne(
      { _id, 'open.id': id },
      { $pull: { open: { id } }, $inc: { sequence: 1 } },
    );
    return matchedCount;
  }
}
