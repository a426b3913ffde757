import { forEachLiveRow } from '../index/live-rows.js';
import { hashId } from '../../core/ids.js';
import { feedPages } from '../../store/feed-pages.js';
import type { FeedEntry, StoreReader } from '../../store/store.js';
import type { SegmentReader } from '../index/segment-reader.js';
import type { IdleTurns } from '../node/idle-turns.js';
import type { Assignment } from './assignment.js';
import { BUCKETS, BucketDigests, bucketOf } from './bucket-digests.js';
import type { Suspect } from './confirm-difference.js';
import type { Follower } from './follower.js';

/** Entries read in a turn, for each document that the store likes to give out at once. */
const ENTRIES_A_DOCUMENT = 8;
/** Buckets looked into after one comparison, and ids whose state is asked for. */
const MAX_BUCKETS = 32;
const MAX_SUSPECTS = 256;

/**
 * Compares ids and versions of one tenant's index with the whole feed, without reading documents:
 *
 *   digests of both, by bucket ──differ──> ids of those buckets ──differ──> suspects
 *
 * Writes make buckets differ for a moment. Those that have differed most often in a row are looked
 * into first: writes come and go, a difference stays.
 */
export class BucketComparison {
  /** How often each bucket has differed in a row. */
  private readonly streaks = new Uint8Array(BUCKETS);

  constructor(
    private readonly store: StoreReader,
    private readonly follower: Follower,
    private readonly turns: IdleTurns,
  ) {}

  /** What looks different, some of it if it is much; undefined when it could not compare. */
  async suspects(assignment: Assignment): Promise<Suspect[] | undefined> {
    const buckets = await this.differingBuckets(assignment);
    if (buckets === undefined || buckets.length === 0) return buckets && [];
    return this.suspectsIn(new Set(buckets), assignment);
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
      const { id, version } = entry;
      found.set(id, { id, version, isOurs, row: undefined, bucket });
    });
    if (!isRead) return undefined;
    await this.forEachRow(assignment, (block, row, hash) => {
      const bucket = bucketOf(hash);
      if (!buckets.has(bucket)) return;
      const id = block.id(row);
      const { version, isOurs } = found.get(id) ?? { version: undefined, isOurs: false };
      found.set(id, { id, version, isOurs, row: block.version(row), bucket });
    });
    return [...found.values()]
      .filter(({ version, isOurs, row }) => row !== (isOurs ? version : undefined))
      .sort((a, b) => this.streak(b.bucket) - this.streak(a.bucket))
      .slice(0, MAX_SUSPECTS);
  }

  /** The feed up to its head as of now; false when a purge was faster than this. */
  private async forEachEntry(visit: (entry: FeedEntry, hash: number) => void): Promise<boolean> {
    const { store, turns } = this;
    const { tenant } = this.follower.index;
    const limit = store.documentsAtOnce * ENTRIES_A_DOCUMENT;
    await turns.next();
    for await (const page of feedPages(store, tenant, undefined, limit)) {
      if (page.expired) return false;
      for (const entry of page.entries) visit(entry, hashId(entry.id));
      await turns.next();
    }
    return true;
  }

  /** Rows that are searched: what has left this shard is dropped in its time. */
  private async forEachRow(
    assignment: Assignment,
    visit: (block: SegmentReader, row: number, hash: number) => void,
  ): Promise<void> {
    await this.turns.next();
    const visitOurs = (block: SegmentReader, row: number): void => {
      const hash = block.hash(row);
      if (assignment.ownsHash(block.categoryOf(row), hash)) visit(block, row, hash);
    };
    await forEachLiveRow(this.follower.index, visitOurs, this.turns.next);
  }

  private streak(bucket: number): number {
    return this.streaks[bucket] as number;
  }
}
