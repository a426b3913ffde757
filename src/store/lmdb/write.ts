import type {
  DeleteProduct,
  PartitionRef,
  PriceWrite,
  ProductWrite,
  TenantPlacement,
  WriteResult,
  WriteStatus,
} from '../store.js';
import { NO_PRICES, withEntry, type PackedPrices } from '../../core/price-entries.js';
import { CountChanges } from '../count-changes.js';
import { filterFieldNames } from '../../core/product-fields.js';
import { BlockRoom } from './blocks.js';
import { addCounts } from './counts.js';
import type { Databases } from './databases.js';
import { decide, isSameContent } from '../decide.js';
import { readHead } from './heads.js';
import { sequenceKey, textKey, timeKey } from './keys.js';
import { encodeMark } from '../position.js';
import {
  decodeDocument,
  encodeDocument,
  encodeFeedRecord,
  encodeHead,
  encodeVectors,
  restampable,
  stampDocument,
  type HeadRecord,
} from './values.js';
import type { Sealable } from './table.js';
import { cutValue, type CutValue } from './vector-table.js';
import { holdsPartition } from '../partition-map.js';
import { readPlacement } from './placement.js';
import { announce, readTenant, writeTenant, type TenantState } from './tenant.js';

const NOTHING: Sealable = { bytes: Buffer.alloc(0), crc: 0 };

/** A write with its bytes made: done before the transaction, which holds the writers' lock. */
export interface PreparedWrite {
  write: ProductWrite;
  /** Empty for a delete or a price. */
  document: Sealable;
  /** Undefined: keeps the stored ones. */
  vectors: CutValue | undefined;
  /** Filter names of the product's fields. */
  fields: string[];
}

export function prepareWrite(write: ProductWrite): PreparedWrite {
  if (write.op !== 'put') {
    return { write, document: NOTHING, vectors: undefined, fields: [] };
  }
  return {
    write,
    document: encodeDocument(write.product),
    vectors:
      write.vectors === 'keep' ? undefined : cutValue(encodeVectors(write.model, write.vectors)),
    fields: filterFieldNames(write.product),
  };
}

/** Bytes a write keeps in memory while it waits, roughly. */
export function preparedBytes(prepared: PreparedWrite): number {
  return 512 + prepared.document.bytes.length + (prepared.vectors?.length ?? 0);
}

/** What a transaction on one tenant gathers. */
export interface Change {
  db: Databases;
  tenant: string;
  state: TenantState;
  counts: CountChanges;
  nowMs: number;
  room: BlockRoom;
  /** Read when a write first asks for it. */
  placement?: TenantPlacement;
}

export function beginChange(db: Databases, tenant: string, nowMs: number): Change {
  const state = readTenant(db, tenant);
  return { db, tenant, state, counts: new CountChanges(), nowMs, room: new BlockRoom() };
}

export function endChange({ db, tenant, state, counts }: Change): void {
  addCounts(db, tenant, state, counts);
  announce(db, tenant, state);
  writeTenant(db, tenant, state);
}

/** Within a write transaction: applies `writes` in order. */
export function applyWrites(
  db: Databases,
  tenant: string,
  writes: readonly PreparedWrite[],
  nowMs: number,
): WriteResult {
  const change = beginChange(db, tenant, nowMs);
  const before = change.state.sequence;
  const statuses = writes.map((prepared) => applyWrite(change, prepared));
  if (change.state.sequence > before) endChange(change);
  return { statuses, mark: encodeMark(change.state.sequence) };
}

/** Whether all that a write asks for is there by now. */
export function isTaken(status: WriteStatus): boolean {
  return status === 'applied' || status === 'unchanged' || status === 'missing';
}

function applyWrite(change: Change, prepared: PreparedWrite): WriteStatus {
  const key = textKey(change.tenant, prepared.write.id);
  const head = readHead(change.db, change.tenant, prepared.write.id, key);
  const status = mended(change.db, key, prepared.write, decide(head, prepared.write));
  if (status !== 'applied') return status;
  if (isFull(change, head, prepared.write)) return 'full';
  if (prepared.write.op === 'put' && !isPlaced(change, prepared.write.partition)) return 'conflict';
  const { write } = prepared;
  if (write.op === 'price') return applyPrice(change, key, write, head);
  if (head !== undefined) undo(change, key, head);
  change.state.sequence = Math.max(change.state.sequence + 1, write.as?.version ?? 0);
  if (write.op === 'put') applyPut(change, key, prepared, head);
  else applyDelete(change, key, write, head);
  return status;
}

/** What is stored counts only where it can be read: what is damaged is written anew. */
function mended(db: Databases, key: Buffer, write: ProductWrite, status: WriteStatus): WriteStatus {
  const isIdle = status === 'unchanged';
  if (write.op !== 'put' || (!isIdle && status !== 'applied')) return status;
  const keeps = write.vectors === 'keep';
  // The caller finds no `embedHash` in the head then, and brings vectors.
  if ((isIdle || keeps) && db.vectors.isDamaged(key)) return keeps ? 'conflict' : 'applied';
  return isIdle && db.documents.isDamaged(key) ? 'applied' : status;
}

/** Other writers wait for this transaction: what is counted here is all there is. */
function isFull(
  { state, counts }: Change,
  head: HeadRecord | undefined,
  write: ProductWrite,
): boolean {
  if (write.op !== 'put' || write.maxProducts === undefined) return false;
  if (head !== undefined && !head.deleted) return false;
  return state.products + counts.products >= write.maxProducts;
}

function isPlaced(change: Change, partition: PartitionRef | undefined): boolean {
  if (partition === undefined) return true;
  change.placement ??= readPlacement(change.db, change.tenant);
  return holdsPartition(change.placement, partition);
}

/** Takes what `head` left in the feed, the counts and the time index. */
export function undo({ db, tenant, counts, state }: Change, key: Buffer, head: HeadRecord): void {
  db.feed.remove(sequenceKey(tenant, head.version));
  if (head.deleted) {
    db.tombstones.remove(timeKey(head.writtenAtMs, tenant, head.version));
    state.tombstones -= 1;
    return;
  }
  const document = db.documents.get(key);
  const fields = document === undefined ? [] : filterFieldNames(decodeDocument(document).product);
  counts.product(head.category, fields, head.documentBytes + head.vectorBytes, -1);
}

function applyPut(
  change: Change,
  key: Buffer,
  prepared: PreparedWrite,
  before: HeadRecord | undefined,
): void {
  const { db, counts, state } = change;
  const write = prepared.write;
  if (write.op !== 'put') return;
  const { contentHash, embedHash, feedVersion } = write;
  const { category } = write.product;
  db.documents.putSealed(key, stampDocument(prepared.document, state.sequence));
  if (prepared.vectors !== undefined) db.vectors.put(key, prepared.vectors, change.room);
  const documentBytes = prepared.document.bytes.length;
  const vectorBytes = prepared.vectors?.length ?? before?.vectorBytes ?? 0;
  const sizes = { documentBytes, vectorBytes };
  const hashes = { feedVersion, contentHash, embedHash };
  // A copy may differ in prices alone: who holds the row need not read it again.
  const isSame =
    before?.deleted === false && write.as !== undefined && isSameContent(before, write);
  const kept = {
    prices: write.as?.prices ?? keptPrices(before),
    contentVersion: isSame ? before.contentVersion : state.sequence,
    imported: write.imported?.number,
  };
  putHead(change, key, write.id, { category, ...hashes, ...sizes, ...kept, deleted: false });
  counts.product(category, prepared.fields, documentBytes + vectorBytes, 1);
}

/** Only the feed's entry, the head and the document's version are written: counts stay as they are. */
function applyPrice(
  change: Change,
  key: Buffer,
  { id, list, entry }: PriceWrite,
  before: HeadRecord | undefined,
): WriteStatus {
  const { db, tenant, state } = change;
  const document = db.documents.get(key);
  // Damaged: as if it were not there.
  if (before === undefined || document === undefined) return 'missing';
  db.feed.remove(sequenceKey(tenant, before.version));
  state.sequence += 1;
  db.documents.putSealed(key, stampDocument(restampable(document), state.sequence));
  putHead(change, key, id, { ...before, prices: withEntry(before.prices, list, entry) });
  return 'applied';
}

function applyDelete(
  change: Change,
  key: Buffer,
  write: DeleteProduct,
  before: HeadRecord | undefined,
): void {
  const { db, tenant, nowMs, state } = change;
  db.documents.remove(key);
  db.vectors.remove(key);
  const { id, feedVersion, archive } = write;
  const category = before?.category ?? '';
  const none = { contentHash: '', embedHash: '', documentBytes: 0, vectorBytes: 0 };
  const imported = write.imported?.number;
  const prices = archive === undefined ? NO_PRICES : keptPrices(before);
  const kept = { prices, contentVersion: state.sequence, imported, archive };
  putHead(change, key, id, { category, feedVersion, ...none, ...kept, deleted: true });
  // What is archived is never forgotten: no time finds it.
  if (archive === undefined) {
    db.tombstones.put(timeKey(nowMs, tenant, state.sequence), Buffer.from(id));
  }
  state.tombstones += 1;
}

/** A product that comes back, or goes into the archive, has what lists said of it. */
function keptPrices(before: HeadRecord | undefined): PackedPrices {
  if (before === undefined) return NO_PRICES;
  return before.deleted && before.archive === undefined ? NO_PRICES : before.prices;
}

type NewHead = Omit<HeadRecord, 'version' | 'writtenAtMs'>;

/** The head and the feed entry of the write that has the current sequence. */
function putHead({ db, tenant, state, nowMs }: Change, key: Buffer, id: string, head: NewHead) {
  const version = state.sequence;
  db.heads.put(key, encodeHead({ ...head, version, writtenAtMs: nowMs }));
  const { category, deleted, documentBytes, vectorBytes } = head;
  const entry = { id, category, deleted, bytes: documentBytes + vectorBytes };
  db.feed.put(sequenceKey(tenant, version), encodeFeedRecord(entry));
}
