import type { JsonObject } from '../core/product.js';
import type { RecordStore } from '../store/record-store.js';

/** The record of an installation that is handed over to another, or is taken over: its kind, and its id. */
export const HANDOVER_KIND = 'handover';
export const HANDOVER_ID = 'installation';

/** Noted where a walk to this installation was forgotten: it has copies of what another one goes on to serve. */
export const COPIES_ID = 'copies';

/** Whether this installation is handed over, or filled. Rejects as the store does. */
export async function isHandedOver(records: Pick<RecordStore, 'get'>): Promise<boolean> {
  return (await records.get(HANDOVER_KIND, HANDOVER_ID)) !== undefined;
}

/** Whether tenants here may be those of another installation, too, and with them the files of one archive. */
export async function isShared(records: Pick<RecordStore, 'get'>): Promise<boolean> {
  if (await isHandedOver(records)) return true;
  return (await records.get(HANDOVER_KIND, COPIES_ID)) !== undefined;
}

/** Header of the command that hands over: what it sends is done here, whoever takes the writes of others. */
export const WALKER_HEADER = 'x-omnisearch-walker';

/**
 * What an installation knows of being handed over to its peer. The peer has a record of its own, and each changes by
 * compare-and-set alone.
 */
export interface Handover {
  /** Of the whole walk, the same on both sides. */
  id: string;
  /** Who had the writes when it began. */
  side: 'old' | 'new';
  /** Who takes writes: this one, the peer, or nobody for a moment, so that they wait. */
  writes: 'here' | 'held' | 'there';
  /** Who answers reads; `followed`: this one, for as long as the command that follows says that nothing is missing. */
  reads: 'here' | 'followed' | 'there';
  /** Where nodes of this one reach the peer: scheme, host and port. */
  peer: string;
  /** Known to the command that hands over, and to no other: the last one that began is the only one that is listened to. */
  walker: string;
  /** Grows while the command that follows has nothing left to copy, and while it wants writes to wait. */
  beat: number;
  /** Of the old side: how far the walk has come, and what of it is to be remembered. */
  walk: JsonObject;
}

export function handoverOf(value: JsonObject): Handover {
  return value as unknown as Handover;
}

/** As it is stored. */
export function handoverValue(handover: Handover): JsonObject {
  return { ...handover };
}
