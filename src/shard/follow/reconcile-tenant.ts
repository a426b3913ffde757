import type { StoreReader } from '../../store/store.js';
import type { IdleTurns } from '../node/idle-turns.js';
import type { Assignment } from './assignment.js';
import { BucketComparison } from './compare-buckets.js';
import { ContentComparison } from './compare-contents.js';
import { suspectsAmongHeld } from './compare-held.js';
import { confirm, type Difference, type Suspect } from './confirm-difference.js';
import type { Follower } from './follower.js';

/**
 * Compares what one tenant's index holds with what the store has: which ids in which versions, and,
 * some rows at a time, their vectors and columns. Writes make things look different for a moment, so
 * that only the last step proves anything.
 *
 *   ids and versions, of what is held or of the whole feed ──suspects──> confirm ──> differences
 */
export class TenantReconciliation {
  private readonly buckets: BucketComparison;
  private readonly contents: ContentComparison;

  constructor(
    private readonly store: StoreReader,
    readonly follower: Follower,
    private readonly turns: IdleTurns,
  ) {
    this.buckets = new BucketComparison(store, follower, turns);
    this.contents = new ContentComparison(store, follower.index, turns);
  }

  /** The differences found, some of them if they are many; undefined when it could not compare. */
  async check(): Promise<Difference[] | undefined> {
    const { assignment, isCurrent, readiness } = this.follower;
    if (!isCurrent || !readiness.isWhole) return undefined;
    const suspects = await this.suspects(assignment);
    if (suspects === undefined) return undefined;
    const differences = await this.confirmed(assignment, suspects);
    return differences && [...differences, ...(await this.contents.nextDifferences())];
  }

  private async suspects(assignment: Assignment): Promise<Suspect[] | undefined> {
    const { store, follower, turns } = this;
    const few = await suspectsAmongHeld(store, follower.index, assignment, turns);
    return few ?? this.buckets.suspects(assignment);
  }

  private async confirmed(
    assignment: Assignment,
    suspects: readonly Suspect[],
  ): Promise<Difference[] | undefined> {
    if (suspects.length === 0) return [];
    await this.turns.next();
    // From here on it waits more than it works.
    this.turns.end();
    return confirm(this.store, this.follower, assignment, suspects);
  }
}
