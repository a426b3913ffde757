import type { Collections, OpenRange } from './collections.js';
import type { RangeSequence } from './range-sequence.js';
import type { WrittenVersion } from './sequence.js';

/** More closed ranges than this are not watched for writes that land late. */
const MAX_CLOSED = 1_000;

/** A range that was closed here, and what had landed of it by then. */
interface ClosedRange {
  tenant: string;
  range: OpenRange;
  landed: ReadonlySet<string>;
  watchedUntilMs: number;
}

/**
 * Closes ranges that their owners left open because they died, or never learnt how a write ended: those
 * whose beat has not changed for their `holdMs`. Each process measures that by its own clock, so clocks
 * need not agree. What it closes may have been counted or not: the tenant is marked for a recount. And
 * the network may keep a write for longer: what lands in a closed range gets new numbers.
 */
export class RangeReclaim {
  /** Range and beat to when they were first seen here, on this process's monotonic clock. */
  private firstSeenMs = new Map<string, number>();
  private closed: ClosedRange[] = [];

  constructor(
    private readonly collections: Collections,
    private readonly sequence: Pick<RangeSequence, 'announce' | 'beat' | 'renumber'>,
    /** How long what was closed is watched. */
    private readonly watchMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** One look at all records. Returns how many ranges were closed. */
  async run(): Promise<number> {
    await this.sequence.beat();
    await this.renumberLate();
    const nowMs = this.now();
    const seen = new Map<string, number>();
    let closed = 0;
    const found = await this.collections.tenants
      .find({ 'open.id': { $gt: '' } }, { projection: { open: 1 } })
      .toArray();
    for (const { _id, open } of found) {
      for (const range of open) {
        const state = `${range.id} ${range.beat}`;
        const sinceMs = this.firstSeenMs.get(state) ?? nowMs;
        seen.set(state, sinceMs);
        if (nowMs - sinceMs >= range.holdMs && (await this.close(_id, range))) closed += 1;
      }
    }
    this.firstSeenMs = seen;
    return closed;
  }

  private async close(tenant: string, range: OpenRange): Promise<boolean> {
    const landed = new Set((await this.written(tenant, range)).map(({ key }) => key));
    const { matchedCount } = await this.collections.tenants.updateOne(
      { _id: tenant, 'open.id': range.id },
      {
        $pull: { open: { id: range.id } },
        $set: { miscounted: true },
        // What it may have written is there uncounted: its room stays taken until the recount.
        ...(range.reserved === undefined ? {} : { $inc: { uncounted: range.reserved } }),
      },
    );
    if (matchedCount === 0) return false;
    if (this.closed.length < MAX_CLOSED) {
      const watchedUntilMs = this.now() + this.watchMs;
      this.closed.push({ tenant, range, landed, watchedUntilMs });
    }
    await this.sequence.announce(tenant);
    return true;
  }

  private async renumberLate(): Promise<void> {
    for (const closed of this.closed) {
      const { tenant, range, landed } = closed;
      const late = (await this.written(tenant, range)).filter(({ key }) => !landed.has(key));
      if (late.length === 0) continue;
      await this.collections.tenants.updateOne({ _id: tenant }, { $set: { miscounted: true } });
      await this.sequence.renumber(tenant, late);
    }
    this.closed = this.closed.filter(({ watchedUntilMs }) => this.now() < watchedUntilMs);
  }

  /** What is there with numbers of `range`. */
  private async written(tenant: string, { after, count }: OpenRange): Promise<WrittenVersion[]> {
    const found = await this.collections.products
      .find(
        { tenant, version: { $gt: after, $lt: after + count + 1 } },
        { projection: { version: 1 }, readConcern: { level: 'local' } },
      )
      .toArray();
    return found.map(({ _id: key, version }) => ({ key, version }));
  }
}
