import { Long, type ClientSession, type Collection } from 'mongodb';
import { OmniError, RETRY_AFTER_MS } from '../../core/errors.js';
import type { TenantPlacement } from '../store.js';
import type { TenantRecord } from './collections.js';
import { isDuplicateKey } from './errors.js';

/**
 * A tenant's sequence, shared by any number of writers that may die at any point. Whatever gives out
 * its numbers: followers read up to `safeSequence` only, and nothing ever appears behind them.
 */
export interface Sequence {
  /**
   * Takes `count` numbers and has `body` write what gets them. Those of `partitions` that the placement
   * holds stay in it until that has ended. Resolves with a number that covers all that was written;
   * rejects when its outcome is unknown.
   */
  write(
    tenant: string,
    count: number,
    partitions: readonly string[],
    body: (numbers: Numbers) => Promise<Written>,
    claim?: Claim,
  ): Promise<number>;
}

/** Room for products that is asked for. */
export interface Claim {
  /** New products, as far as is known before numbers are taken. */
  wanted: number;
  /** Products that the tenant may have. */
  maxProducts: number;
}

/** Numbers `first`, `first + 1`, … of a tenant. */
export interface Numbers {
  first: number;
  /** As it was when they were taken. */
  placement: TenantPlacement | undefined;
  room: Room;
  /** What is written belongs to it. */
  scope: Scope;
}

/** Options of every command: those of a transaction, which may be run again, or none. */
export interface Scope {
  session?: ClientSession;
}

/** What was written, and by how much the tenant has more of it. */
export interface Written {
  products: number;
  bytes: number;
  versions: readonly WrittenVersion[];
}

/** A product's `_id` and the version it was written with. */
export interface WrittenVersion {
  key: string;
  version: number;
}

/** The number up to which every write has ended. */
export function safeSequence({ sequence, open }: Pick<TenantRecord, 'sequence' | 'open'>): number {
  return open.reduce((least, { after }) => Math.min(least, after), sequence);
}

/** What of a tenant's record says how many products there may be by now. */
export type Counted = Pick<TenantRecord, 'products' | 'open' | 'uncounted'>;

/** What a claim gets. */
export interface Room {
  /** New products that may be written: nobody else gets their room. */
  products: number;
  /** Others have reserved some, and may give it back. */
  mayGrow: boolean;
}

export const ANY_ROOM: Room = { products: Infinity, mayGrow: false };

/**
 * Room for new products. It never shrinks while the sequence stays the same: who ends a range adds at most what
 * that had reserved, and who wants more takes numbers.
 */
export function roomOf({ products, open, uncounted = 0 }: Counted, claim?: Claim): Room {
  if (claim === undefined) return ANY_ROOM;
  const reserved = open.reduce((sum, range) => sum + (range.reserved ?? 0), 0);
  const free = claim.maxProducts - products - reserved - uncounted;
  return { products: Math.max(0, free), mayGrow: reserved > 0 };
}

/** The last number taken; 0 when none was. */
export async function lastNumber(
  tenants: Collection<TenantRecord>,
  tenant: string,
): Promise<number> {
  const record = await tenants.findOne({ _id: tenant }, { projection: { sequence: 1 } });
  return record?.sequence ?? 0;
}

/** Makes a tenant's record unless another writer has. */
export async function makeTenant(tenants: Collection<TenantRecord>, tenant: string): Promise<void> {
  try {
    // 64 bits from the start, whatever size the numbers have that are added.
    const sequence = Long.ZERO as unknown as number;
    const bytes = sequence;
    await tenants.insertOne({ _id: tenant, sequence, open: [], horizon: 0, products: 0, bytes });
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
}

export function tooSlow(): OmniError {
  return new OmniError('unavailable', 'the store is too slow', { retryAfterMs: RETRY_AFTER_MS });
}
