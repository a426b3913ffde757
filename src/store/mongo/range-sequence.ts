import { randomUUID } from 'node:crypto';
import { backOff } from '../../core/retry.js';
import type { Collections } from './collections.js';
import { writeBulk } from './product-bulk.js';
import {
  ANY_ROOM,
  lastNumber,
  makeTenant,
  roomOf,
  tooSlow,
  type Claim,
  type Counted,
  type Numbers,
  type Sequence,
  type Written,
  type WrittenVersion,
} from './sequence.js';

const MAX_ATTEMPTS = 20;
const BACKOFF_MS = 1;
const MAX_BACKOFF_MS = 50;
const MAX_MOVES = 5;
const NOTHING = { products: 0, bytes: 0 };

export interface RangeTimes {
  /** How long after taking a range its writes may be issued; how long an unheard-of owner keeps it. */
  leaseMs: number;
  /** The server works on a bulk at most this long. */
  writeTimeoutMs: number;
}

/** Numbers of which it is written in the tenant's record that they are being used. */
interface TakenRange extends Numbers {
  tenant: string;
  id: string;
  /** No write may be issued after it. */
  issueByMs: number;
}

/**
 * For servers without transactions. Taking numbers and saying that they are being written is one step
 * on one document:
 *
 *   begin ──numbers taken, range open──> writes land ──> end ──range closed──> followers read them
 *                                          └─ its owner is silent for a lease ──> closed by `RangeReclaim`
 *
 * An owner beats its ranges while it works, so that others see it die. What lands after its range was
 * closed gets new numbers, from its owner or from whoever closed it.
 */
export class RangeSequence implements Sequence {
  /** Each tenant's sequence, as last seen here. */
  private readonly seen = new Map<string, number>();
  /** Ranges that are at work here. */
  private readonly held = new Set<TakenRange>();

  constructor(
    private readonly collections: Collections,
    private readonly times: RangeTimes,
    /** Is told of a tenant when a range has ended. */
    readonly announce: (tenant: string) => Promise<void>,
  ) {}

  async write(
    tenant: string,
    count: number,
    partitions: readonly string[],
    body: (numbers: Numbers) => Promise<Written>,
    claim?: Claim,
  ): Promise<number> {
    const range = await this.begin(tenant, count, partitions, claim);
    try {
      if (isLate(range)) {
        await this.end(range, NOTHING);
        throw tooSlow();
      }
      const written = await body(range);
      const inTime = await this.end(range, written);
      if (inTime || written.versions.length === 0) return range.first + count - 1;
      await this.renumber(tenant, written.versions);
    } finally {
      this.held.delete(range);
    }
    return lastNumber(this.collections.tenants, tenant);
  }

  /**
   * Gives products new numbers, because followers may have passed those they were written with. What
   * another writer changed since has new numbers already. Counts stay as they are: either they were
   * added before, or whoever closed the range has marked them for a recount. Rejects `unavailable`
   * when this process is held up again and again.
   */
  async renumber(tenant: string, written: readonly WrittenVersion[]): Promise<void> {
    let from = written;
    for (let attempt = 1; attempt <= MAX_MOVES; attempt++) {
      const range = await this.begin(tenant, from.length, []);
      try {
        const to = from.map(({ key }, i) => ({ key, version: range.first + i }));
        const operations = from.map(({ key, version }, i) => ({
          updateOne: {
            filter: { _id: key, version },
            update: { $set: { version: range.first + i } },
          },
        }));
        const late = isLate(range);
        if (!late) await writeBulk(this.collections, operations, this.times.writeTimeoutMs);
        const inTime = await this.end(range, NOTHING);
        if (!late && inTime) return;
        if (!late) from = to;
      } finally {
        this.held.delete(range);
      }
    }
    throw tooSlow();
  }

  /** Says that the ranges at work here are still at work. */
  async beat(): Promise<void> {
    for (const { tenant, id } of this.held) {
      const own = { _id: tenant, 'open.id': id };
      await this.collections.tenants.updateOne(own, { $inc: { 'open.$.beat': 1 } });
    }
  }

  /** A compare-and-set of the sequence, so that a range knows its numbers from the start. */
  private async begin(
    tenant: string,
    count: number,
    partitions: readonly string[],
    claim?: Claim,
  ): Promise<TakenRange> {
    const { tenants } = this.collections;
    const { leaseMs } = this.times;
    const id = randomUUID();
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const wanted = claim?.wanted ?? 0;
      const counted = wanted > 0 ? await this.count(tenant) : undefined;
      const after = counted?.sequence ?? this.seen.get(tenant) ?? (await this.look(tenant));
      const room = counted === undefined ? ANY_ROOM : roomOf(counted, claim);
      const reserved = Math.min(wanted, room.products);
      const issueByMs = performance.now() + leaseMs;
      const taken = { id, after, count, beat: 0, holdMs: leaseMs, partitions: [...partitions] };
      const open = counted === undefined ? taken : { ...taken, reserved };
      const record = await tenants.findOneAndUpdate(
        { _id: tenant, sequence: after },
        { $inc: { sequence: count }, $push: { open } },
        { projection: { placement: 1 } },
      );
      if (record !== null) {
        this.seen.set(tenant, after + count);
        const { placement } = record;
        const range = { tenant, id, first: after + 1, issueByMs, placement, room, scope: {} };
        this.held.add(range);
        return range;
      }
      this.seen.delete(tenant);
      if (attempt > 1) await backOff(attempt, BACKOFF_MS, MAX_BACKOFF_MS);
    }
    throw tooSlow();
  }

  private async look(tenant: string): Promise<number> {
    const { tenants } = this.collections;
    const last = await lastNumber(tenants, tenant);
    if (last === 0) await makeTenant(tenants, tenant);
    return last;
  }

  /** What there is, and what others have reserved, as of a sequence that the reservation depends on. */
  private async count(tenant: string): Promise<Counted & { sequence: number }> {
    const { tenants } = this.collections;
    const projection = { sequence: 1, products: 1, open: 1, uncounted: 1 };
    const record = await tenants.findOne({ _id: tenant }, { projection });
    if (record !== null) return record;
    await makeTenant(tenants, tenant);
    return { sequence: 0, products: 0, open: [] };
  }

  /** False when the range was closed meanwhile, or by an attempt whose answer was lost. */
  private async end(
    { tenant, id }: TakenRange,
    { products, bytes }: Pick<Written, 'products' | 'bytes'>,
  ): Promise<boolean> {
    const { matchedCount } = await this.collections.tenants.updateOne(
      { _id: tenant, 'open.id': id },
      { $pull: { open: { id } }, $inc: { products, bytes } },
    );
    await this.announce(tenant);
    return matchedCount === 1;
  }
}

function isLate({ issueByMs }: TakenRange): boolean {
  return performance.now() >= issueByMs;
}
