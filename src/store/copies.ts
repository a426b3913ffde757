import type { PackedPrices } from '../core/price-entries.js';
import type { JsonObject } from '../core/product.js';

/**
 * What a copy of another store needs of one: rows with the versions that they have there, what was read so far kept
 * with what it covers, and which records changed. LMDB has it; of MongoDB, its own members are the copies.
 */

/** What a copied product is beside its content. */
export interface CopiedState {
  /** There. The row gets it, or one above all that there is here. */
  version: number;
  /** What price lists say of it. */
  prices: PackedPrices;
}

/** A record that is put with writes, in their transaction, whatever its revision; not where any of them was not taken. */
export interface WriteNote {
  kind: string;
  id: string;
  value: JsonObject;
}

/** Records of which changes are told: what a shop or an operator says, and nothing of a running system. */
export const TOLD_KINDS = [
  'plan',
  'key',
  'key secret',
  'key prefix',
  'alias',
  'tenant',
  'collection',
  'price lists',
  'rule',
  'synonym',
  'merchandising',
] as const;

export type ToldKind = (typeof TOLD_KINDS)[number];

/** A record's latest state; null: it was removed. */
export interface RecordState {
  kind: ToldKind;
  id: string;
  value: JsonObject | null;
}

export interface RecordChanges {
  /** In the order of their latest changes, each once. */
  changes: RecordState[];
  /** Where to ask on. */
  position: number;
  /** None followed. */
  atEnd: boolean;
  /** The asked position is before what is known: nothing is told, and all records are to be read. */
  isExpired: boolean;
}

/** The latest changes of records, of which a bounded number is known. */
export interface RecordLog {
  /** At most `limit` after `position`; undefined: whoever asks has none. */
  changes(position: number | undefined, limit: number): Promise<RecordChanges>;
}

export function isTold(kind: string): kind is ToldKind {
  return (TOLD_KINDS as readonly string[]).includes(kind);
}
