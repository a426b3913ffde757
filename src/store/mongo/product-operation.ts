import { Binary, type AnyBulkWriteOperation } from 'mongodb';
import { keyOf, type ProductRecord } from './collections.js';
import { storedBytes, vectorBytes, type NextState, type Plan } from './plan.js';
import { toBinary } from './records.js';

/** No record has it. */
const NO_VERSION = 0;

/**
 * A compare-and-set on the version as an upsert: where the stored version is another, the filter
 * finds nothing, and inserting under the same `_id` is refused as a duplicate key. So one bulk tells
 * by index which of its operations were too late.
 */
export function productOperation(
  tenant: string,
  plan: Plan,
  after: NextState,
  version: number,
  nowMs: number,
): AnyBulkWriteOperation<ProductRecord> {
  const { id, before } = plan;
  const filter = { _id: keyOf(tenant, id), version: before?.version ?? NO_VERSION };
  if (after.json === undefined) {
    const contentVersion = before?.contentVersion ?? before?.version ?? version;
    const $set = { version, contentVersion, prices: new Binary(after.prices) };
    return { updateOne: { filter, update: { $set }, upsert: true } };
  }
  const record = recordOf(tenant, plan, after, version, nowMs);
  if (!keepsVectors(after)) {
    return { replaceOne: { filter, replacement: record, upsert: true } };
  }
  const $unset = {
    contentVersion: 1 as const,
    ...(after.head.feedVersion === undefined ? { feedVersion: 1 as const } : {}),
    ...(after.prices.length === 0 ? { prices: 1 as const } : {}),
    ...(after.head.imported === undefined ? { imported: 1 as const } : {}),
  };
  return { updateOne: { filter, update: { $set: record, $unset }, upsert: true } };
}

/** Whether it changes a live product and leaves its vectors as they are. */
export function keepsVectors(after: NextState): boolean {
  return !after.head.deleted && after.embedded === undefined;
}

function recordOf(
  tenant: string,
  { id, before }: Plan,
  after: NextState,
  version: number,
  nowMs: number,
): Omit<ProductRecord, '_id'> {
  const { head, category, json = '', fields, embedded, prices } = after;
  const { deleted, feedVersion, contentHash, embedHash, imported, archive } = head;
  return {
    tenant,
    id,
    version,
    category,
    deleted,
    ...(feedVersion === undefined ? {} : { feedVersion }),
    ...(imported === undefined ? {} : { imported }),
    contentHash,
    embedHash,
    bytes: storedBytes(after, before),
    vectorBytes: vectorBytes(after, before),
    // What is archived is never forgotten: no time finds it.
    ...(archive === undefined ? {} : { archive }),
    ...(deleted ? (archive === undefined ? { deletedAt: nowMs } : {}) : { product: json, fields }),
    ...(prices.length === 0 ? {} : { prices: new Binary(prices) }),
    ...(embedded && { model: embedded.model, vectors: { text: toBinary(embedded.vectors.text) } }),
  };
}
