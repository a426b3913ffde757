import { compareBytes } from '../../core/ids.js';
import type { Partition, PartitionRef } from '../../store/store.js';
import { Assignment, partitionKey } from './assignment.js';

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
  private readonly ready = new PartitionKeys();
  private readonly settling = new PartitionKeys();

  /** What a manifest says is complete. */
  load(keys: readonly string[]): void {
    this.ready.addAll(keys);
    this.loaded = true;
  }

  /** @param isFresh nothing was read yet: whatever belongs here is met on the way */
  adopt(next: Assignment, isFresh: boolean): void {
    const before = this.assignment;
    const isLost = before.partitions.some((old) => next.get(old.id) === undefined);
    this.assignment = next;
    if (isLost || before === Assignment.NONE) this.hasForeignRows = true;
    for (const keys of [this.ready, this.settling]) keys.keepOnly(next.partitions);
    for (const partition of next.partitions) {
      const replica = next.replicaOf(partition);
      const wasBuilding = before.stateOf(partition.id) === 'building';
      const isFlipped = wasBuilding && replica?.state !== 'building';
      if (isFlipped) this.settling.addAll([partitionKey(partition)]);
      // Nothing of it can have been passed over.
      if (replica?.isFirst === true || isFresh) this.complete([partition]);
    }
  }

  /** It can be searched. */
  isReady(partition: PartitionRef): boolean {
    return this.caughtUp && this.ready.has(partition) && !this.settling.has(partition);
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
    return this.missing().length === 0;
  }

  /** What has to be looked for in the whole feed. */
  missing(): Partition[] {
    return this.assignment.partitions.filter((partition) => !this.ready.has(partition));
  }

  /** These are complete, as far as they are still here in this form. */
  complete(partitions: readonly Partition[]): void {
    const here = partitions.filter(({ id, epoch }) => this.assignment.get(id)?.epoch === epoch);
    this.ready.addAll(here.map(partitionKey));
  }

  /** What settles now: to be told to `reachedEnd` when all that is written by now was read. */
  settlingKeys(): readonly string[] {
    return this.settling.sorted();
  }

  reachedEnd(settlingKeys: readonly string[]): void {
    this.caughtUp = true;
    this.settling.drop(settlingKeys);
  }

  /** For a manifest. */
  readyKeys(): string[] {
    return this.ready.sorted();
  }
}

/** Partitions, each at one epoch. */
class PartitionKeys {
  private readonly keys = new Set<string>();

  get size(): number {
    return this.keys.size;
  }

  sizeWithout(others: PartitionKeys): number {
    return [...this.keys].filter((key) => !others.keys.has(key)).length;
  }

  has(partition: PartitionRef): boolean {
    return this.keys.has(partitionKey(partition));
  }

  addAll(keys: readonly string[]): void {
    for (const key of keys) this.keys.add(key);
  }

  drop(keys: readonly string[]): void {
    for (const key of keys) this.keys.delete(key);
  }

  keepOnly(partitions: readonly Partition[]): void {
    const kept = new Set(partitions.map(partitionKey));
    for (const key of this.keys) if (!kept.has(key)) this.keys.delete(key);
  }

  sorted(): string[] {
    return [...this.keys].sort(compareBytes);
  }
}
