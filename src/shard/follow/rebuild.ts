import { setImmediate as nextTurn } from 'node:timers/promises';
import { feedPages } from '../../store/feed-pages.js';
import type { FeedEntry, Position, StoreReader } from '../../store/store.js';
import type { SegmentReader } from '../index/segment-reader.js';
import { forEachLiveRow } from '../index/live-rows.js';
import type { TenantIndex } from '../index/tenant-index.js';

/** What is read of the feed at once. */
export interface PageLimits {
  pageEntries: number;
  /** The most that the rows of a page may take. */
  pageBytes: number;
}

export interface RebuildSteps extends PageLimits {
  /** Applies a page to the index. */
  apply(entries: readonly FeedEntry[]): Promise<void>;
  /** Between two pages; false when the follower stops. */
  goOn(): Promise<boolean>;
}

export interface Rebuilt {
  /** The feed as far as it was compared. */
  position: Position;
  /** How many entries that was. */
  entries: number;
}

/**
 * Brings everything held to what the whole feed says: rows that are there in the right version stay,
 * missing ones are fetched, what the store does not know any more is dropped. Undefined when it was
 * stopped before the end.
 */
export async function rebuild(
  store: StoreReader,
  index: TenantIndex,
  steps: RebuildSteps,
): Promise<Rebuilt | undefined> {
  const known = new Set<string>();
  let rebuilt: Rebuilt | undefined;
  let entries = 0;
  const { pageEntries, pageBytes } = steps;
  for await (const page of feedPages(store, index.tenant, undefined, pageEntries, pageBytes)) {
    // From its start again: what was deleted and forgotten meanwhile is not to be known.
    if (page.expired) known.clear();
    await steps.apply(page.entries);
    for (const { id, deleted } of page.entries) {
      if (!deleted && index.heldVersion(id) !== undefined) known.add(id);
    }
    entries += page.entries.length;
    if (!page.expired) rebuilt = { position: page.position, entries };
    if (!(await steps.goOn())) return undefined;
  }
  await dropUnknown(store, index, known);
  return rebuilt;
}

/** Drops what no page named, unless it was only written again since, and stands further on. */
async function dropUnknown(
  store: StoreReader,
  index: TenantIndex,
  known: ReadonlySet<string>,
): Promise<void> {
  let unknown = new Map<string, number>();
  const visit = (block: SegmentReader, row: number): void => {
    const id = block.id(row);
    if (!known.has(id)) unknown.set(id, block.version(row));
  };
  await forEachLiveRow(index, visit, async () => {
    if (unknown.size === 0) return nextTurn();
    const suspects = [...unknown];
    unknown = new Map();
    const heads = await store.heads(
      index.tenant,
      suspects.map(([id]) => id),
    );
    suspects.forEach(([id, version], i) => {
      if (heads[i]?.deleted ?? true) index.drop(id, version);
    });
    await nextTurn();
  });
}
