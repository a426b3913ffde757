import { hashId } from '../core/ids.js';
import type { FeedEntry, Position, StoreReader } from '../store/store.js';
import type { Assignment } from './assignment.js';
import type { Block } from './block.js';
import { BUCKETS, BucketDigests, bucketOf } from './bucket-digests.js';
import { confirm, type Difference, type Suspect } from './difference.js';
import type { Follower } from './follower.js';
import type { IdleTurns } from './idle-turns.js';
import { forEachLiveRow } from './row-slices.js';

/** Entries read in a turn, for each document that the store likes to give out at once. */
const ENTRIES_A_DOCUMENT = 8;
/** Buckets looked into after one comparison, and ids whose state is asked for. */
const MAX_BUCKETS = 32;
const MAX_SUSPECTS = 256;

/**
 * Compares what one tenant's index holds with what the store has, ids and versions, without reading
 * documents:
 *
 *   digests of both, by bucket ──differ──> ids of those buckets ──differ──> confirm ──> difference
 *
 * Writes make buckets differ for a moment, so that only the last step proves anything. Buckets that
 * have differed most often in a row are looked into first: writes come and go, a difference stays.
 */
export class Reconciliation {
  /** How often each bucket has differed in a row. */
  private readonly streaks = new Uint8Array(BUCKETS);

  constructor(
    private readonly store: StoreReader,
    readonly follower: Follower,
    private readonly turns: IdleTurns,
  ) {}

  /** The differences found, some of them if they are many; undefined when it could not compare. */
  async check(): Promise<Difference[] | undefined> {
    const { assignment, isCurrent } = this.follower;
    if (!isCurrent) return undefined;
    const buckets = await this.differingBuckets(assignment);
    if (buckets === undefined || buckets.length === 0) return buckets && [];
    const suspects = await this.suspectsIn(new Set(buckets), assignment);
    if (suspects === undefined || suspects.length === 0) return suspects && [];
    await this.turns.next();
    // From here on it waits more than it works.
    this.turns.end();
    return confirm(this.store, this.follower, assignment, suspects);
  }

  private async differingBuckets(assignment: Assignment): Promise<number[] | undefined> {
    const stored = new BucketDigests();
    const isRead = await this.forEachEntry(({ version, category, deleted }, hash) => {
      if (!deleted && assignment.ownsHash(category, hash)) stored.add(hash, version);
    });
    if (!isRead) return undefined;
    const held = new BucketDigests();
    await this.forEachRow(assignment, (block, row, hash) => held.add(hash, block.version(row)));
    const differing = new Set(stored.differing(held));
    this.streaks.forEach((streak, bucket) => {
      this.streaks[bucket] = differing.has(bucket) ? Math.min(255, streak + 1) : 0;
    });
    return [...differing].sort((a, b) => this.streak(b) - this.streak(a)).slice(0, MAX_BUCKETS);
  }

  private async suspectsIn(
    buckets: ReadonlySet<number>,
    assignment: Assignment,
  ): Promise<Suspect[] | undefined> {
    const found = new Map<string, Suspect & { bucket: number }>();
    const isRead = await this.forEachEntry((entry, hash) => {
      const bucket = bucketOf(hash);
      if (!buckets.has(bucket)) return;
      const isOurs = !entry.deleted && assignment.ownsHash(entry.category, hash);
      found.set(entry.id, { id: entry.id, entry, isOurs, row: undefined, bucket });
    });
    if (!isRead) return undefined;
    await this.forEachRow(assignment, (block, row, hash) => {
      const bucket = bucketOf(hash);
      if (!buckets.has(bucket)) return;
      const id = block.id(row);
      const { entry, isOurs } = found.get(id) ?? { entry: undefined, isOurs: false };
      found.set(id, { id, entry, isOurs, row: block.version(row), bucket });
    });
    return [...found.values()]
      .filter(({ entry, isOurs, row }) => row !== (isOurs ? entry?.version : undefined))
      .sort((a, b) => this.streak(b.bucket) - this.streak(a.bucket))
      .slice(0, MAX_SUSPECTS);
  }

  /** The feed up to its head as of now; false when a purge was faster than this. */
  private async forEachEntry(visit: (entry: FeedEntry, hash: number) => void): Promise<boolean> {
    const { store } = this;
    const { tenant } = this.follower.index;
    const goal = await store.head(tenant);
    const limit = store.documentsAtOnce * ENTRIES_A_DOCUMENT;
    let position: Position | undefined;
    for (;;) {
      await this.turns.next();
      const page = await store.readFeed(tenant, position, limit);
      if (page.expired) return false;
      for (const entry of page.entries) visit(entry, hashId(entry.id));
      ({ position } = page);
      if (page.atEnd || store.covers(position, goal)) return true;
    }
  }

  /** Rows that are searched: what has left this shard is dropped in its time. */
  private async forEachRow(
    assignment: Assignment,
    visit: (block: Block, row: number, hash: number) => void,
  ): Promise<void> {
    await this.turns.next();
    const visitOurs = (block: Block, row: number): void => {
      const hash = block.hash(row);
      if (assignment.ownsHash(block.categoryOf(row), hash)) visit(block, row, hash);
    };
    await forEachLiveRow(this.follower.index, visitOurs, this.turns.next);
  }

  private streak(bucket: number): number {
    return this.streaks[bucket] as number;
  }
}
