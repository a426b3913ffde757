import type { StoredHead, StoreReader } from '../../store/store.js';
import type { Assignment } from './assignment.js';
import type { Follower } from './follower.js';

/** An id of which a shard holds something else than the store has, proven. */
export interface Difference {
  id: string;
  /** The version held here; undefined: none. */
  held: number | undefined;
  /** The version that belongs here; undefined: none. */
  wanted: number | undefined;
}

/** An id that looked different, by what was read of it. */
export interface Suspect {
  id: string;
  /** What the store had of it; undefined: nothing was seen. */
  version: number | undefined;
  /** In that version it is a live product that belongs to this shard. */
  isOurs: boolean;
  /** The version of a row here that is searched. */
  row: number | undefined;
}

/** How long a follower may take to come to where the store was. */
const CATCH_UP_MS = 10_000;

/**
 * Which of `suspects` do differ; undefined when that cannot be said now, since the follower is not
 * current, or its assignment is not the one by which they were suspected.
 *
 * What the store has of an id is read before and after the look at what is held, and the follower
 * has applied all that was written before the first read. Versions only grow: where both reads say
 * the same, it has been so in between, and what is held must be that. Neither lag nor writes in the
 * meantime can make a difference.
 */
export async function confirm(
  store: StoreReader,
  follower: Follower,
  assignment: Assignment,
  suspects: readonly Suspect[],
): Promise<Difference[] | undefined> {
  const { index } = follower;
  const ids = suspects.map(({ id }) => id);
  const before = await store.heads(index.tenant, ids);
  const mark = await store.head(index.tenant);
  if (!(await follower.awaitApplied(mark, CATCH_UP_MS))) return undefined;
  if (!follower.isCurrent || !follower.readiness.isWhole || follower.assignment !== assignment)
    return undefined;
  const held = ids.map((id) => index.heldVersion(id));
  const after = await store.heads(index.tenant, ids);
  const settled = suspects.flatMap((suspect, i): Difference[] => {
    const head = after[i];
    if (before[i]?.version !== head?.version) return [];
    const wanted = wantedVersion(suspect, head);
    if (wanted === 'unknown' || held[i] === wanted) return [];
    // A row of a partition that has left, say: it is not searched, and dropped in its time.
    if (wanted === undefined && held[i] !== suspect.row) return [];
    return [{ id: suspect.id, held: held[i], wanted }];
  });
  return withRows(store, follower, settled);
}

function wantedVersion(
  { version, isOurs }: Suspect,
  head: StoredHead | undefined,
): number | undefined | 'unknown' {
  if (head === undefined || head.deleted) return undefined;
  // Written since: whose it is now, the head does not say.
  if (version !== head.version) return 'unknown';
  return isOurs ? head.version : undefined;
}

/** A row of another model is not wanted here; one that was written anew since proves nothing. */
async function withRows(
  store: StoreReader,
  { index }: Follower,
  differences: readonly Difference[],
): Promise<Difference[]> {
  const kept = differences.filter(({ wanted }) => wanted === undefined);
  const wanted = differences.filter((each) => each.wanted !== undefined);
  for (let from = 0; from < wanted.length; from += store.documentsAtOnce) {
    const part = wanted.slice(from, from + store.documentsAtOnce);
    const rows = await store.rows(
      index.tenant,
      part.map(({ id }) => id),
    );
    part.forEach((difference, i) => {
      const row = rows[i];
      if (row === undefined || row.version !== difference.wanted) return;
      if (row.model === index.model) kept.push(difference);
      else if (difference.held !== undefined) kept.push({ ...difference, wanted: undefined });
    });
  }
  return kept;
}
