import { randomUUID } from 'node:crypto';
import { Long, type Collection } from 'mongodb';
import { OmniError } from '../../core/errors.js';
import type { TenantRecord } from './collections.js';
import { isDuplicateKey } from './errors.js';

/**
 * A tenant's sequence, shared by any number of writers that may die at any point. Taking numbers
 * and saying that they are being written is one step on one document:
 *
 *   begin ──numbers taken, range open──> writes land ──> end ──range closed──> followers read them
 *                                          └─ writer dies ──holdMs──> closed by any other writer
 *
 * Followers read up to `safeSequence` only: below it every write has ended, so nothing can appear
 * behind them.
 */
export class Sequence {
  /** A lower bound of each tenant's sequence, as last seen here. */
  private readonly seen = new Map<string, number>();

  constructor(
    private readonly tenants: Collection<TenantRecord>,
    private readonly times: SequenceTimes,
  ) {}

  /** Takes `count` numbers. Every write with them must be issued before `range.expired`. */
  async begin(tenant: string, count: number): Promise<TakenRange> {
    const id = randomUUID();
    const after = this.seen.get(tenant) ?? (await this.lowerBound(tenant));
    const holdMs = holdMsOf(this.times);
    const expiresAtMs = performance.now() + this.times.leaseMs;
    const record = await this.tenants.findOneAndUpdate(
      { _id: tenant },
      { $inc: { sequence: count }, $push: { open: { id, after, holdMs } } },
      { returnDocument: 'after', projection: { sequence: 1 } },
    );
    if (record === null) throw new OmniError('unavailable', 'the tenant is gone from the store');
    this.seen.set(tenant, record.sequence);
    return new TakenRange(tenant, id, record.sequence - count + 1, expiresAtMs);
  }

  /**
   * Says that every write of `range` has ended, and adds to the counters. False when the range was
   * closed by another writer meanwhile: followers may have passed what was written.
   */
  async end(
    range: TakenRange,
    add: Partial<Pick<TenantRecord, 'products' | 'sequence'>> = {},
  ): Promise<boolean> {
    const { products = 0, sequence = 0 } = add;
    const { matchedCount } = await this.tenants.updateOne(
      { _id: range.tenant, 'open.id': range.id },
      { $pull: { open: { id: range.id } }, $inc: { products, sequence } },
    );
    return matchedCount === 1;
  }

  /** The last number taken; 0 when none was. */
  async last(tenant: string): Promise<number> {
    const record = await this.tenants.findOne({ _id: tenant }, { projection: { sequence: 1 } });
    return record?.sequence ?? 0;
  }

  private async lowerBound(tenant: string): Promise<number> {
    const last = await this.last(tenant);
    if (last === 0) await makeTenant(this.tenants, tenant);
    return last;
  }
}

export interface SequenceTimes {
  /** How long after taking a range its writes may be issued. */
  leaseMs: number;
  /** How long after it was issued a write may still land, the driver's second attempt included. */
  landingMs: number;
}

/** How long a range stays open whose writer is not heard of any more. */
export function holdMsOf({ leaseMs, landingMs }: SequenceTimes): number {
  return leaseMs + landingMs;
}

/** Numbers `first`, `first + 1`, … of a tenant, and until when writes with them may be issued. */
export class TakenRange {
  constructor(
    readonly tenant: string,
    readonly id: string,
    readonly first: number,
    private readonly expiresAtMs: number,
  ) {}

  get expired(): boolean {
    return performance.now() >= this.expiresAtMs;
  }
}

/** The number up to which every write has ended. It may fall back a little, and stays true then. */
export function safeSequence({ sequence, open }: Pick<TenantRecord, 'sequence' | 'open'>): number {
  return open.reduce((least, { after }) => Math.min(least, after), sequence);
}

/** Makes a tenant's record unless another writer has. */
export async function makeTenant(tenants: Collection<TenantRecord>, tenant: string): Promise<void> {
  try {
    // 64 bits from the start, whatever size the numbers have that are added.
    const sequence = Long.ZERO as unknown as number;
    await tenants.insertOne({ _id: tenant, sequence, open: [], horizon: 0, products: 0 });
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
}
