import type { ColdArchive } from '../backup/cold/cold-archive.js';
import { DAY_MS } from '../core/days.js';
import { giveWay } from '../core/precedence.js';
import { catalogueFeed } from '../store/catalogue-pages.js';
import type { Store } from '../store/store.js';
import { tenantRecordId, TIERS_KIND } from '../store/tenant-records.js';

const ID = 'chunks';
/** As long as that nothing names a chunk, it stays: a backup of the store from before may still name it. */
const KEPT_MS = 30 * DAY_MS;

/** What is known of chunks that no product names any more. */
interface Unused {
  lookedAtMs: number;
  /** Since when, epoch ms. */
  since: Record<string, number>;
}

/**
 * Once a day: removes chunks of the archive that no product has named for thirty days, told at each look of these. Two
 * runners at once, or one that had its chunk written and not its deletes, are nothing to fear within that time.
 */
export async function sweepArchive(
  store: Store,
  archive: ColdArchive,
  tenant: string,
  nowMs: number,
  signal: AbortSignal,
): Promise<number> {
  const id = tenantRecordId(tenant, ID);
  const stored = await store.records.get(TIERS_KIND, id);
  const before = stored?.value as unknown as Unused | undefined;
  if (before !== undefined && nowMs - before.lookedAtMs < DAY_MS) return 0;
  const chunks = await archive.chunks(tenant);
  const used = chunks.length === 0 ? new Set<string>() : await usedChunks(store, tenant, signal);
  const since: Record<string, number> = {};
  let removed = 0;
  for (const chunk of chunks) {
    if (used.has(chunk)) continue;
    const sinceMs = before?.since[chunk] ?? nowMs;
    if (nowMs - sinceMs < KEPT_MS) since[chunk] = sinceMs;
    else {
      await archive.remove(tenant, chunk);
      removed += 1;
    }
  }
  const next: Unused = { lookedAtMs: nowMs, since };
  await store.records.put(TIERS_KIND, id, { ...next }, stored?.revision ?? 0);
  return removed;
}

async function usedChunks(store: Store, tenant: string, signal: AbortSignal): Promise<Set<string>> {
  const used = new Set<string>();
  for await (const { entries } of catalogueFeed(store, tenant)) {
    signal.throwIfAborted();
    await giveWay();
    const gone = entries.filter(({ deleted }) => deleted).map(({ id }) => id);
    for (const head of await store.heads(tenant, gone)) {
      if (head?.archive !== undefined) used.add(head.archive);
    }
  }
  return used;
}
