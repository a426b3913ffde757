import { withEntry, type PackedPrices } from '../core/price-entries.js';
import type { ProductWrite, StoredHead, WriteStatus } from './store.js';

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
  if (isOlder(write.feedVersion, head?.feedVersion)) return 'stale';
  if (write.op === 'delete') return live === undefined ? 'missing' : 'applied';
  if (live?.contentHash === write.contentHash && live.embedHash === write.embedHash) {
    return 'unchanged';
  }
  if (write.vectors === 'keep' && live?.embedHash !== write.embedHash) return 'conflict';
  return 'applied';
}

/** A tombstone is nothing stored (0), and still has a version that a caller may have read. */
function isVersion(head: StoredHead | undefined, ifVersion: number): boolean {
  if (ifVersion === 0) return head === undefined || head.deleted;
  return head?.version === ifVersion;
}

function isOlder(version: number | undefined, stored: number | undefined): boolean {
  return version !== undefined && stored !== undefined && version < stored;
}
