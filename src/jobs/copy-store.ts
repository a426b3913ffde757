import { NO_PRICES } from '../core/price-entries.js';
import { OmniError } from '../core/errors.js';
import { priceWrites } from '../store/price-writes.js';
import { TENANT_KIND } from '../store/record-store.js';
import { tenantRecordId } from '../store/tenant-records.js';
import { PRICE_LISTS_ID, PRICE_LISTS_KIND } from '../tenancy/price-lists.js';
import type { FeedEntry, StoredHead, ProductWrite, Store, StoreReader } from '../store/store.js';
import { catalogueFeed, digestTenant, readFull, type FullRow } from '../store/catalogue-pages.js';

const MAX_ATTEMPTS = 5;
const WRITES_AT_ONCE = 256;

/** What was copied of a tenant, and whether both stores now hold the same of it. */
export interface CopiedTenant {
  tenant: string;
  products: number;
  /** Products that had to be written; the others were there already. */
  written: number;
  /** Digest of the copy. */
  digest: string;
  equal: boolean;
}

/**
 * Copies model, placement and products of `from` to `to`, and compares counts and digests of each
 * tenant. May be stopped at any point and run again: what is there already is not written again.
 * Nobody may write to either store meanwhile. Deletes that `from` remembers are carried out in
 * `to`, and not remembered there. Rejects `invalid_field` when `to` has vectors of another model.
 */
export async function copyStore(
  from: StoreReader,
  to: Store,
  onProgress: (tenant: string, products: number) => void = () => undefined,
): Promise<CopiedTenant[]> {
  await copyModel(from, to);
  const copied: CopiedTenant[] = [];
  for (const tenant of await from.tenants()) {
    await copyTenant(from, to, tenant);
    await copyRecord(from, to, PRICE_LISTS_KIND, tenantRecordId(tenant, PRICE_LISTS_ID));
    // Before any product: a partition's first epoch promises that.
    await copyPlacement(from, to, tenant);
    const written = await copyProducts(from, to, tenant, (done) => onProgress(tenant, done));
    const [source, copy] = [await digestTenant(from, tenant), await digestTenant(to, tenant)];
    const equal = source.hex === copy.hex && source.products === copy.products;
    copied.push({ tenant, products: copy.products, written, digest: copy.hex, equal });
  }
  return copied;
}

/** What the target says of the tenant already stays. */
async function copyTenant(from: StoreReader, to: Store, tenant: string): Promise<void> {
  await copyRecord(from, to, TENANT_KIND, tenant);
}

async function copyRecord(from: StoreReader, to: Store, kind: string, id: string): Promise<void> {
  const record = await from.records.get(kind, id);
  if (record !== undefined) await to.records.put(kind, id, record.value, 0);
}

/** Partitions that are there already are left as they are. */
async function copyPlacement(from: StoreReader, to: Store, tenant: string): Promise<void> {
  const { partitions } = await from.placement(tenant);
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const there = await to.placement(tenant);
    const ids = new Set(there.partitions.map(({ id }) => id));
    const missing = partitions.filter(({ id }) => !ids.has(id));
    if (missing.length === 0) return;
    const all = [...there.partitions, ...missing];
    if (await to.replacePlacement(tenant, all, there.counter)) return;
  }
  throw new OmniError('unavailable', 'another writer keeps changing the target');
}

async function copyModel(from: StoreReader, to: Store): Promise<void> {
  const [model, existing] = [await from.model(), await to.model()];
  if (model === undefined || existing?.fingerprint === model.fingerprint) return;
  if (existing !== undefined && (await to.productCount()) > 0) {
    throw new OmniError('invalid_field', 'the target holds vectors of another model');
  }
  await to.setModel(model);
}

async function copyProducts(
  from: StoreReader,
  to: Store,
  tenant: string,
  onProgress: (products: number) => void,
): Promise<number> {
  let done = 0;
  let written = 0;
  for await (const { entries } of catalogueFeed(from, tenant)) {
    written += await copyPage(from, to, tenant, entries);
    await copyPrices(from, to, tenant, entries);
    done += entries.filter(({ deleted }) => !deleted).length;
    onProgress(done);
  }
  return written;
}

/** Returns how many products had to be written. */
async function copyPage(
  from: StoreReader,
  to: Store,
  tenant: string,
  entries: readonly FeedEntry[],
): Promise<number> {
  const ids = entries.map(({ id }) => id);
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const [wanted, there] = await Promise.all([from.heads(tenant, ids), to.heads(tenant, ids)]);
    const live: string[] = [];
    const writes: ProductWrite[] = [];
    ids.forEach((id, i) => {
      const [head, copy] = [wanted[i], there[i]];
      const isThere = copy?.deleted === false;
      const archive = head?.archive;
      if (archive !== undefined) {
        const { feedVersion } = head as StoredHead;
        if (copy?.archive !== archive)
          writes.push({ op: 'delete', id, feedVersion, archive, isCopy: true });
      } else if (head === undefined || head.deleted) {
        if (isThere) writes.push({ op: 'delete', id, feedVersion: undefined });
      } else if (
        !isThere ||
        copy.contentHash !== head.contentHash ||
        copy.embedHash !== head.embedHash
      ) {
        live.push(id);
      }
    });
    writes.push(...(await readFull(from, tenant, live)).map(toPut));
    if (writes.length === 0) return 0;
    const { statuses } = await to.write(tenant, writes);
    // Lost to another writer: looked at again.
    if (!statuses.includes('conflict')) return writes.length;
  }
  throw new OmniError('unavailable', 'another writer keeps changing the target');
}

/** What price lists say, of the products that are there by now. */
async function copyPrices(
  from: StoreReader,
  to: Store,
  tenant: string,
  entries: readonly FeedEntry[],
): Promise<void> {
  const ids = entries.filter(({ deleted }) => !deleted).map(({ id }) => id);
  const [wanted, there] = await Promise.all([from.prices(tenant, ids), to.prices(tenant, ids)]);
  const writes = ids.flatMap((id, i) =>
    priceWrites(id, wanted[i]?.prices ?? NO_PRICES, there[i]?.prices ?? NO_PRICES),
  );
  for (let at = 0; at < writes.length; at += WRITES_AT_ONCE) {
    const { statuses } = await to.write(tenant, writes.slice(at, at + WRITES_AT_ONCE));
    if (statuses.includes('conflict')) {
      throw new OmniError('unavailable', 'another writer keeps changing the target');
    }
  }
}

function toPut({ row, head }: FullRow): ProductWrite {
  const { product, model, vectors } = row;
  const { feedVersion, contentHash, embedHash } = head;
  const hashes = { feedVersion, contentHash, embedHash };
  return { op: 'put', id: product.id, product, ...hashes, model, vectors };
}
