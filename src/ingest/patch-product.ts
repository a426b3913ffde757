import { backOff } from '../core/retry.js';
import { invalidField } from '../core/errors.js';
import { checkSound, describeValue, isObject } from '../core/json.js';
import type { JsonObject, JsonValue } from '../core/product.js';
import { productInputs } from '../embedding/product-inputs.js';
import { placeOf } from '../placement/placer.js';
import type { ContentWrite, StoredDocument, StoredHead } from '../store/store.js';
import { contentHash, textEmbedHash } from './content-hash.js';
import { productTooLarge } from './incoming-row.js';
import type { IngestDeps, WriteTarget } from './ports.js';
import { prepareBatch } from './prepare-batch.js';
import { contended, noSuchProduct, writeSingle } from './single-write.js';
import { productRules } from './upsert.js';
import { validateRow, type PutRow } from './validate-product.js';
import type { WriteReport } from './write-report.js';

const MAX_ATTEMPTS = 16;
const BACKOFF_MS = 5;
const MAX_BACKOFF_MS = 300;

/**
 * Changes some fields of a stored product by JSON Merge Patch (RFC 7396), `attributes` included; the
 * result must be a valid product. A supplied vector stays unless the patch has one, or null to have
 * the text embedded again. Compare-and-set with retries, so that two patches of different fields
 * both hold. Rejects `not_found`, `invalid_field`, `unavailable`.
 */
export async function patchProduct(
  deps: IngestDeps,
  target: WriteTarget,
  id: string,
  patch: JsonValue,
): Promise<WriteReport> {
  const changes = validPatch(id, patch);
  const { tenant } = target;
  await deps.tenants.require(tenant, 'write');
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    target.signal?.throwIfAborted();
    const [[document], [head]] = await Promise.all([
      deps.store.documents(tenant, [id]),
      deps.store.heads(tenant, [id]),
    ]);
    if (head?.archive !== undefined) {
      await deps.cold.restore(tenant, [id]);
      continue;
    }
    if (document === undefined || head === undefined || head.deleted) {
      throw noSuchProduct(id);
    }
    if (document.version === head.version) {
      const write = await patchedWrite(deps, target, document, head, changes, attempt > 1);
      const report = await writeSingle(deps, tenant, { ...write, ifVersion: head.version });
      if (report !== undefined) return report;
    }
    await backOff(attempt, BACKOFF_MS, MAX_BACKOFF_MS);
  }
  throw contended();
}

function validPatch(id: string, patch: JsonValue): JsonObject {
  if (!isObject(patch)) {
    throw invalidField(
      'body',
      `must be an object of fields to change, got ${describeValue(patch)}`,
    );
  }
  const { vector, ...document } = patch;
  checkSound(document, '');
  if (patch['id'] !== undefined && patch['id'] !== id) {
    throw invalidField('id', 'must be the id of the path, or absent');
  }
  return vector === undefined ? document : { ...document, vector };
}

async function patchedWrite(
  deps: IngestDeps,
  target: WriteTarget,
  document: StoredDocument,
  head: StoredHead,
  changes: JsonObject,
  isRetry: boolean,
): Promise<ContentWrite> {
  const { vector, ...fields } = changes;
  const merged = mergePatch(document.product, fields);
  const keepsVector = vector === undefined && hasSuppliedVector(deps, document, head);
  const rules = productRules(deps);
  const row = validateRow(
    vector === undefined ? merged : { ...merged, vector },
    keepsVector ? { ...rules, vectorRequired: false } : rules,
  );
  if (row.op !== 'put') throw invalidField('op', 'cannot be set by a patch');
  const bytes = Buffer.byteLength(JSON.stringify(row.product));
  const { maxProductBytes } = deps.limits;
  if (bytes > maxProductBytes) throw productTooLarge(bytes, maxProductBytes);
  if (keepsVector) return keepVector(deps, target.tenant, row, head, isRetry);
  const { rows, refused } = await prepareBatch(deps, target, [{ line: 1, row }], isRetry);
  const [write] = rows;
  if (write === undefined) throw refused[0]?.error ?? contended();
  return write.write;
}

/** Whether the stored vector came with the product: its hash is then not that of the text. */
function hasSuppliedVector(deps: IngestDeps, document: StoredDocument, head: StoredHead): boolean {
  if (deps.encoder === undefined) return true;
  return head.embedHash !== textEmbedHash(deps.model.fingerprint, productInputs(document.product));
}

async function keepVector(
  deps: IngestDeps,
  tenant: string,
  row: PutRow,
  head: StoredHead,
  isRetry: boolean,
): Promise<ContentWrite> {
  const { category } = row.product;
  const [tooMuch] = await deps.bounds.refusals(tenant, {
    products: [{ product: row.product, isNew: false }],
    removed: 0,
  });
  if (tooMuch !== undefined) throw tooMuch;
  const places = await deps.placement.ensure(tenant, new Map([[category, 1]]), isRetry);
  const refused = places.refused.get(category);
  if (refused !== undefined) throw refused;
  const partition = placeOf(places, category, row.id);
  return {
    op: 'put',
    id: row.id,
    product: row.product,
    feedVersion: row.feedVersion,
    contentHash: contentHash(row.product),
    embedHash: head.embedHash,
    model: deps.model.fingerprint,
    vectors: 'keep',
    partition,
  };
}

/**
 * JSON Merge Patch (RFC 7396): null removes a member, objects merge, all else replaces. Makes a new
 * object; `depthLeft` bounds the recursion, deeper objects replace.
 */
function mergePatch(target: JsonObject, patch: JsonObject, depthLeft = 32): JsonObject {
  const merged = new Map<string, JsonValue>(Object.entries(target));
  for (const [key, value] of Object.entries(patch)) {
    const before = merged.get(key);
    if (value === null) merged.delete(key);
    else if (isObject(value) && depthLeft > 0) {
      merged.set(key, mergePatch(isObject(before) ? before : {}, value, depthLeft - 1));
    } else merged.set(key, value);
  }
  // Not by assignment: `Object.fromEntries` defines members, so no key can reach a prototype.
  return Object.fromEntries(merged);
}
