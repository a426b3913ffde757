import { withEntry, type PackedPrices } from '../core/price-entries.js';
import { decodeMark } from './position.js';
import type {
  DeleteProduct,
  ImportSight,
  ProductWrite,
  PutProduct,
  StoredHead,
  WriteStatus,
} from './store.js';

/** What is stored, as far as a write is decided by it. */
interface Decisive extends StoredHead {
  prices: PackedPrices;
}

/** What becomes of `write` when `head` is stored: the rules of `Store.write`, in their order. */
export function decide(head: Decisive | undefined, write: ProductWrite): WriteStatus {
  const live = head?.deleted === false ? head : undefined;
  if (write.op === 'price') {
    if (live === undefined) return 'missing';
    const next = withEntry(live.prices, write.list, write.entry);
    return Buffer.compare(next, live.prices) === 0 ? 'unchanged' : 'applied';
  }
  if (write.ifVersion !== undefined && !isVersion(head, write.ifVersion)) return 'conflict';
  if (write.isCopy !== true && isOlder(write.feedVersion, head?.feedVersion)) return 'stale';
  const isHidden = isUnseen(head, write.imported, write.feedVersion);
  if (write.op === 'delete') {
    if (live === undefined) return archived(head, write);
    return isHidden ? 'stale' : 'applied';
  }
  if (live !== undefined && isSameContent(live, write)) {
    if (write.as !== undefined && Buffer.compare(write.as.prices, live.prices) !== 0) {
      return 'applied';
    }
    // The next of the shop's writes is measured by the version that the copy has.
    const isNoted = write.isCopy !== true || live.feedVersion === write.feedVersion;
    return isNoted ? 'unchanged' : 'applied';
  }
  if (isHidden) return 'stale';
  if (write.vectors === 'keep' && live?.embedHash !== write.embedHash) return 'conflict';
  return 'applied';
}

/** A delete of what is not live: what is archived ends by it, and a copy may have it be that. */
function archived(head: Decisive | undefined, { archive, isCopy }: DeleteProduct): WriteStatus {
  if (head?.archive === archive) return archive === undefined ? 'missing' : 'unchanged';
  return archive === undefined || isCopy === true ? 'applied' : 'missing';
}

/** Whether a put says of a live product what is stored, vectors included; what lists say aside. */
export function isSameContent(
  live: Pick<StoredHead, 'contentHash' | 'embedHash'>,
  { contentHash, embedHash }: Pick<PutProduct, 'contentHash' | 'embedHash'>,
): boolean {
  return live.contentHash === contentHash && live.embedHash === embedHash;
}

/** A tombstone is nothing stored (0), and still has a version that a caller may have read. */
function isVersion(head: StoredHead | undefined, ifVersion: number): boolean {
  if (ifVersion === 0) return head === undefined || head.deleted;
  return head?.version === ifVersion;
}

/** Whether a feed's own version is below the stored one, where both are known. */
export function isOlder(version: number | undefined, stored: number | undefined): boolean {
  return version !== undefined && stored !== undefined && version < stored;
}

/** Whether an import does not see what is stored: anybody else, or a later import, wrote it since. */
export function isUnseen(
  head: Pick<StoredHead, 'contentVersion' | 'imported' | 'feedVersion' | 'archive'> | undefined,
  sight: ImportSight | undefined,
  feedVersion: number | undefined,
): boolean {
  if (sight === undefined || head === undefined) return false;
  // Nobody has written: it lay too long for that.
  if (head.archive !== undefined) return false;
  if (head.imported === undefined) {
    if (head.contentVersion <= (decodeMark(sight.asOf) ?? 0)) return false;
  } else if (head.imported <= sight.number) return false;
  return !isOlder(head.feedVersion, feedVersion);
}

/**
 * Whether an import may delete a product that its feed no longer has: nobody else has written anything of it since, not
 * even a price.
 */
export function isPrunable(
  { deleted, version, contentVersion, imported }: StoredHead,
  sight: ImportSight,
): boolean {
  if (deleted) return false;
  if (version <= (decodeMark(sight.asOf) ?? 0)) return true;
  return imported !== undefined && imported <= sight.number && contentVersion === version;
}
