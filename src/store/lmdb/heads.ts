import { NO_PRICES } from '../../core/price-entries.js';
import type { Databases } from './databases.js';
import { sequenceOf, tenantEnd, tenantKey } from './keys.js';
import { CRC_BYTES } from './table.js';
import { decodeDocument, decodeFeedRecord, decodeHead, type HeadRecord } from './values.js';

/**
 * The head under `key`. Of one that is damaged, what document and feed tell of it: without hashes,
 * so that whatever is written is new.
 */
export function readHead(
  db: Databases,
  tenant: string,
  id: string,
  key: Buffer,
): HeadRecord | undefined {
  const bytes = db.heads.get(key);
  if (bytes !== undefined) return decodeHead(bytes);
  // Where its own key was damaged it is not even there.
  return db.heads.has(key) || db.documents.has(key) ? restoredHead(db, tenant, id, key) : undefined;
}

function restoredHead(
  db: Databases,
  tenant: string,
  id: string,
  key: Buffer,
): HeadRecord | undefined {
  const document = db.documents.get(key);
  const vectors = db.vectors.get(key);
  const vectorBytes = vectors?.length ?? 0;
  const unknown = {
    feedVersion: undefined,
    contentHash: '',
    embedHash: '',
    writtenAtMs: 0,
    prices: NO_PRICES,
    imported: undefined,
  };
  if (document !== undefined) {
    const { version, product } = decodeDocument(document);
    const { category } = product;
    const documentBytes = document.length + CRC_BYTES;
    const sizes = { documentBytes, vectorBytes };
    return { ...unknown, version, contentVersion: version, category, deleted: false, ...sizes };
  }
  // All of the feed, in one turn: what is left when two values of one product are damaged.
  for (const entry of db.feed.entries({ start: tenantKey(tenant), end: tenantEnd(tenant) })) {
    const { id: found, category, deleted, bytes } = decodeFeedRecord(entry.value);
    if (found !== id) continue;
    const sizes = { documentBytes: Math.max(0, bytes - vectorBytes), vectorBytes };
    const version = sequenceOf(entry.key);
    return { ...unknown, version, contentVersion: version, category, deleted, ...sizes };
  }
  return undefined;
}
