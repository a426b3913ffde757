import type { ProductWrite, WriteResult, WriteStatus } from '../store.js';
import { filterFieldNames } from '../fields.js';
import { CountChanges } from './counts.js';
import type { Databases } from './databases.js';
import { decide } from '../decide.js';
import { sequenceKey, textKey, timeKey } from './keys.js';
import { encodeMark } from '../position.js';
import {
  decodeDocument,
  decodeHead,
  encodeDocument,
  encodeFeedRecord,
  encodeHead,
  encodeVectors,
  stampDocument,
  type HeadRecord,
} from './records.js';
import { readTenant, writeTenant, type TenantState } from './tenant.js';

/** A write with its bytes made: done before the transaction, which holds the writers' lock. */
export interface PreparedWrite {
  write: ProductWrite;
  /** Empty for a delete. */
  document: Buffer;
  /** Undefined: keeps the stored ones. */
  vectors: Buffer | undefined;
  /** Filter names of the product's fields. */
  fields: string[];
}

export function prepareWrite(write: ProductWrite): PreparedWrite {
  if (write.op === 'delete') {
    return { write, document: Buffer.alloc(0), vectors: undefined, fields: [] };
  }
  return {
    write,
    document: encodeDocument(write.product),
    vectors: write.vectors === 'keep' ? undefined : encodeVectors(write.model, write.vectors),
    fields: filterFieldNames(write.product),
  };
}

/** Bytes a write keeps in memory while it waits, roughly. */
export function preparedBytes(prepared: PreparedWrite): number {
  return 512 + prepared.document.length + (prepared.vectors?.length ?? 0);
}

interface Change {
  db: Databases;
  tenant: string;
  state: TenantState;
  counts: CountChanges;
  nowMs: number;
}

/** Within a write transaction: applies `writes` in order. */
export function applyWrites(
  db: Databases,
  tenant: string,
  writes: readonly PreparedWrite[],
  nowMs: number,
): WriteResult {
  const before = readTenant(db, tenant);
  const change: Change = { db, tenant, state: { ...before }, counts: new CountChanges(), nowMs };
  const statuses = writes.map((prepared) => applyWrite(change, prepared));
  if (change.state.sequence > before.sequence) {
    change.counts.write(db, tenant);
    writeTenant(db, tenant, change.state);
  }
  return { statuses, mark: encodeMark(change.state.sequence) };
}

function applyWrite(change: Change, prepared: PreparedWrite): WriteStatus {
  const key = textKey(change.tenant, prepared.write.id);
  const stored = change.db.heads.get(key);
  const head = stored === undefined ? undefined : decodeHead(stored);
  const status = decide(head, prepared.write);
  if (status !== 'applied') return status;
  if (head !== undefined) undo(change, key, head);
  change.state.sequence += 1;
  if (prepared.write.op === 'put') applyPut(change, key, prepared);
  else applyDelete(change, key, prepared.write, head?.category ?? '');
  return status;
}

/** Takes what `head` left in the feed, the counts and the time index. */
function undo({ db, tenant, counts }: Change, key: Buffer, head: HeadRecord): void {
  db.feed.removeSync(sequenceKey(tenant, head.version));
  if (head.deleted) {
    db.tombstones.removeSync(timeKey(head.writtenAtMs, tenant, head.version));
    return;
  }
  const document = db.documents.get(key);
  const fields = document === undefined ? [] : filterFieldNames(decodeDocument(document).product);
  counts.product(head.category, fields, -1);
}

function applyPut(change: Change, key: Buffer, prepared: PreparedWrite): void {
  const { db, counts, state } = change;
  const write = prepared.write;
  if (write.op !== 'put') return;
  const { contentHash, embedHash, feedVersion } = write;
  const { category } = write.product;
  db.documents.putSync(key, stampDocument(prepared.document, state.sequence));
  if (prepared.vectors !== undefined) db.vectors.putSync(key, prepared.vectors);
  putHead(change, key, write.id, { category, feedVersion, contentHash, embedHash, deleted: false });
  counts.product(category, prepared.fields, 1);
}

function applyDelete(change: Change, key: Buffer, write: ProductWrite, category: string): void {
  const { db, tenant, nowMs, state } = change;
  db.documents.removeSync(key);
  db.vectors.removeSync(key);
  const { id, feedVersion } = write;
  const none = { contentHash: '', embedHash: '' };
  putHead(change, key, id, { category, feedVersion, ...none, deleted: true });
  db.tombstones.putSync(timeKey(nowMs, tenant, state.sequence), Buffer.from(id));
}

type NewHead = Omit<HeadRecord, 'version' | 'writtenAtMs'>;

/** The head and the feed entry of the write that has the current sequence. */
function putHead({ db, tenant, state, nowMs }: Change, key: Buffer, id: string, head: NewHead) {
  const version = state.sequence;
  db.heads.putSync(key, encodeHead({ ...head, version, writtenAtMs: nowMs }));
  const { category, deleted } = head;
  db.feed.putSync(sequenceKey(tenant, version), encodeFeedRecord({ id, category, deleted }));
}
