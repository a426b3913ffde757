import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FeedEntry, Position, StoreReader } from '../store/store.js';
import type { Block } from './block.js';
import { forEachLiveRow } from './row-slices.js';
import type { TenantIndex } from './tenant-index.js';

export interface ResyncSteps {
  /** Entries read at once. */
  pageEntries: number;
  /** Applies a page to the index. */
  apply(entries: readonly FeedEntry[]): Promise<void>;
  /** Between two pages; false when the follower stops. */
  goOn(): Promise<boolean>;
}

export interface Resynced {
  /** The feed as far as it was compared. */
  position: Position;
  /** How many entries that was. */
  entries: number;
}

/**
 * Compares everything held with the whole feed: rows that are there in the right version stay,
 * missing ones are fetched, what the store does not know any more is dropped. Undefined when it was
 * stopped before the end.
 *
 * It ends at the feed's head as of its start: under steady writes the end itself may never be met.
 */
export async function resync(
  store: StoreReader,
  index: TenantIndex,
  steps: ResyncSteps,
): Promise<Resynced | undefined> {
  const { tenant } = index;
  const goal = await store.head(tenant);
  const known = new Set<string>();
  let position: Position | undefined;
  let entries = 0;
  for (;;) {
    const page = await store.readFeed(tenant, position, steps.pageEntries);
    if (page.expired) {
      known.clear();
      position = undefined;
      continue;
    }
    await steps.apply(page.entries);
    for (const { id, deleted } of page.entries) {
      if (!deleted && index.heldVersion(id) !== undefined) known.add(id);
    }
    position = page.position;
    entries += page.entries.length;
    if (page.atEnd || store.covers(position, goal)) break;
    if (!(await steps.goOn())) return undefined;
  }
  await dropUnknown(store, index, known);
  return { position, entries };
}

/** Drops what no page named, unless it was only written again since, and stands further on. */
async function dropUnknown(
  store: StoreReader,
  index: TenantIndex,
  known: ReadonlySet<string>,
): Promise<void> {
  let unknown = new Map<string, number>();
  const visit = (block: Block, row: number): void => {
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
