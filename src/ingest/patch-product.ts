import { setTimeout as sleep } from 'node:timers/promises';
import { invalidField } from '../core/errors.js';
import type { JsonObject, JsonValue } from '../core/product.js';
import { productText } from '../embedding/product-text.js';
import type { ProductWrite, StoredDocument, StoredHead } from '../store/store.js';
import { contentHash, textEmbedHash } from './content-hash.js';
import { describeValue } from './describe-value.js';
import { checkSound } from './json-soundness.js';
import { mergePatch } from './merge-patch.js';
import type { IngestDeps } from './ports.js';
import { categoryRefused, prepareBatch } from './prepare-batch.js';
import { contended, noSuchProduct, writeSingle } from './single-write.js';
import { productRules } from './upsert.js';
import { isObject, validateRow, validId, type PutRow } from './validate-product.js';
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
  tenant: string,
  id: string,
  patch: JsonValue,
): Promise<WriteReport> {
  const changes = validPatch(validId(id), patch);
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const [[document], [head]] = await Promise.all([
      deps.store.documents(tenant, [id]),
      deps.store.heads(tenant, [id]),
    ]);
    if (document === undefined || head === undefined || head.deleted) {
      throw noSuchProduct(id);
    }
    if (document.version === head.version) {
      const write = await patchedWrite(deps, tenant, document, head, changes);
      const report = await writeSingle(deps, tenant, { ...write, ifVersion: head.version });
      if (report !== undefined) return report;
    }
    await sleep(Math.random() * Math.min(MAX_BACKOFF_MS, BACKOFF_MS * 2 ** attempt));
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
  tenant: string,
  document: StoredDocument,
  head: StoredHead,
  changes: JsonObject,
): Promise<ProductWrite> {
  const { vector, ...fields } = changes;
  const merged = mergePatch(document.product, fields);
  const keepsVector = vector === undefined && hasSuppliedVector(deps, document, head);
  const rules = productRules(deps);
  const row = validateRow(
    vector === undefined ? merged : { ...merged, vector },
    keepsVector ? { ...rules, vectorRequired: false } : rules,
  );
  if (row.op !== 'put') throw invalidField('op', 'cannot be set by a patch');
  if (keepsVector) return keepVector(deps, tenant, row, head);
  const { rows, refused } = await prepareBatch(deps, tenant, [{ line: 1, row }]);
  const [write] = rows;
  if (write === undefined) throw refused[0]?.error ?? categoryRefused();
  return write.write;
}

/** Whether the stored vector came with the product: its hash is then not that of the text. */
function hasSuppliedVector(deps: IngestDeps, document: StoredDocument, head: StoredHead): boolean {
  if (deps.encoder === undefined) return true;
  return head.embedHash !== textEmbedHash(deps.model.fingerprint, productText(document.product));
}

async function keepVector(
  deps: IngestDeps,
  tenant: string,
  row: PutRow,
  head: StoredHead,
): Promise<ProductWrite> {
  const { category } = row.product;
  const refused = await deps.placement.ensure(tenant, new Map([[category, 1]]));
  if (refused.has(category)) throw categoryRefused();
  return {
    op: 'put',
    id: row.id,
    product: row.product,
    feedVersion: row.feedVersion,
    contentHash: contentHash(row.product),
    embedHash: head.embedHash,
    model: deps.model.fingerprint,
    vectors: 'keep',
  };
}
