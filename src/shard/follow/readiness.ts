import { compareBytes } from '../../core/ids.js';
import { isCompleteBy, replicaKey } from '../../store/partition-map.js';
import type { Partition, PartitionRef } from '../../store/store.js';
import { Assignment } from './assignment.js';

/**
 * Which of a node's partitions are complete there, by the newest placement that it has read.
 *
 *   missing ──built, or first there──> ready ──others leave in its favour──> settling ──caught up──> ready
 *
 * While a partition is only being built nobody waits until a write is applied to it. So when it comes to
 * serve, what was written before that is read before it is searched.
 */
export class Readiness {
  assignment = Assignment.NONE;
  /** The manifest was read: the placement means something. */
  loaded = false;
  /** All that was written when the node began, or when it was last in doubt, is applied. */
  caughtUp = false;
  /** Rows may be held of partitions that are not this node's any more: not searched, to be dropped. */
  hasForeignRows = false;
  /** By `replicaKey`, all that belongs here. */
  here: ReadonlySet<string> = new Set();
  private readonly ready = new ReplicaKeys();
  private readonly settling = new ReplicaKeys();

  /** What a manifest says is complete. */
  load(keys: readonly string[]): void {
    for (const key of keys) this.ready.add(key);
    this.loaded = true;
  }

  /**
   * Returns whether something is complete from now on that no manifest knows of.
   *
   * @param isFresh nothing was read yet: whatever belongs here is met on the way
   */
  adopt(next: Assignment, isFresh: boolean): boolean {
    const before = this.assignment;
    const unsettled = new Set([...this.settlingKeys(), ...this.onlyBuilt(before)]);
    const isLost = before.partitions.some((old) => next.keysOf(old, before) === undefined);
    this.assignment = next;
    if (isLost || before === Assignment.NONE) this.hasForeignRows = true;
    const wasHere = this.here;
    this.here = new Set(next.partitions.map((partition) => this.keyOf(partition)));
    // By how it was cut and merged, in however many steps since: nothing of it can have been passed over.
    const formerKeys = new Map(
      next.partitions
        .filter((each) => !wasHere.has(this.keyOf(each)))
        .map((each) => [each, before.keysOf(each, next)]),
    );
    const isMadeHere = (each: Partition): boolean =>
      formerKeys.get(each)?.every((key) => this.ready.has(key)) === true;
    const complete = next.partitions.filter(
      (each) => isFresh || isCompleteBy(each, next.replicaOf(each), this.ready) || isMadeHere(each),
    );
    for (const keys of [this.ready, this.settling]) keys.keepOnly(this.here);
    const isNew = complete.some((each) => !this.ready.has(this.keyOf(each)));
    for (const partition of complete) this.ready.add(this.keyOf(partition));
    for (const partition of next.partitions) {
      const isFlipped = before.isOnlyBuilding(partition.id) && !next.isOnlyBuilding(partition.id);
      const isOfUnsettled = formerKeys.get(partition)?.some((key) => unsettled.has(key));
      if (isFlipped || isOfUnsettled === true) this.settling.add(this.keyOf(partition));
    }
    return isNew && !isFresh;
  }

  /** It can be searched. */
  isReady({ id, epoch }: PartitionRef): boolean {
    const partition = this.assignment.get(id);
    if (!this.caughtUp || partition?.epoch !== epoch) return false;
    const key = this.keyOf(partition);
    return this.ready.has(key) && !this.settling.has(key);
  }

  /** Partitions that can be searched. While `assignment` stays, it only grows, or is 0 for a while. */
  get readyCount(): number {
    if (!this.caughtUp) return 0;
    return this.settling.size === 0 ? this.ready.size : this.ready.sizeWithout(this.settling);
  }

  /** All that searches ask this node for can be searched. */
  get allReady(): boolean {
    return this.caughtUp && [...this.assignment.asked].every((each) => this.isReady(each));
  }

  /** All that was written by then is applied, since the node began, was in doubt, or came to serve. */
  get isSettled(): boolean {
    return this.caughtUp && this.settling.size === 0;
  }

  /** Nothing has to be looked for. */
  get isWhole(): boolean {
    // What is ready is here: no more than that is counted.
    return this.ready.size >= this.here.size;
  }

  /** Searches ask this node for something that is not complete; else others have it as well. */
  get isWaitedFor(): boolean {
    return [...this.assignment.asked].some((each) => !this.ready.has(this.keyOf(each)));
  }

  /** What has to be looked for in the whole feed, by `replicaKey`. */
  missing(): string[] {
    return [...this.here].filter((key) => !this.ready.has(key));
  }

  /** These are complete, as far as they are still here. */
  complete(keys: Iterable<string>): void {
    for (const key of keys) if (this.here.has(key)) this.ready.add(key);
  }

  /** What settles now: to be told to `reachedEnd` when all that is written by now was read. */
  settlingKeys(): readonly string[] {
    return this.settling.sorted();
  }

  reachedEnd(settlingKeys: readonly string[]): void {
    this.caughtUp = true;
    this.settling.drop(settlingKeys);
  }

  private onlyBuilt(assignment: Assignment): string[] {
    const built = assignment.partitions.filter(({ id }) => assignment.isOnlyBuilding(id));
    return built.map((each) => replicaKey(each, assignment.replicaOf(each)));
  }

  private keyOf(partition: Partition): string {
    return replicaKey(partition, this.assignment.replicaOf(partition));
  }

  /** For a manifest. */
  readyKeys(): string[] {
    return this.ready.sorted();
  }
}

/** What is so of some replicas, by `replicaKey`. */
class ReplicaKeys {
  private readonly keys = new Set<string>();

  get size(): number {
    return this.keys.size;
  }

  sizeWithout(others: ReplicaKeys): number {
    return [...this.keys].filter((key) => !others.keys.has(key)).length;
  }

  has(key: string): boolean {
    return this.keys.has(key);
  }

  add(key: string): void {
    this.keys.add(key);
  }

  drop(keys: readonly string[]): void {
    for (const key of keys) this.keys.delete(key);
  }

  keepOnly(kept: ReadonlySet<string>): void {
    for (const key of this.keys) if (!kept.has(key)) this.keys.delete(key);
  }

  sorted(): string[] {
    return [...this.keys].sort(compareBytes);
  }
}
