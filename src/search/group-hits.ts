import type { LeafViewResult } from '../query/result-set.js';
import type { SortKey } from '../query/sort.js';
import { mergeHits, type FoundHit } from './merge-hits.js';

type Groups = NonNullable<LeafViewResult['groups']>;
type GroupValue = Groups['of'][number];

/** The groups of all shards, by the first hit of each. */
export interface MergedGroups {
  /** With their groups, as far as the shards that sent them know these. */
  heads: FoundHit[];
  /** Groups in all. */
  total: number;
}

const KEY_BYTES = 8;

/**
 * Groups of several shards as one list. A group's first hit is the first of it on some shard, and stands
 * there before all that come after it here: the first groups of each shard hold the first groups of all.
 * What else is in them may lie on shards that did not name them: `fillGroups` asks for that.
 */
export function mergeGroups(
  results: readonly LeafViewResult[],
  lists: readonly (readonly FoundHit[])[],
  sort: readonly SortKey[] = [],
): MergedGroups {
  const heads = lists.map((hits, i) => headsOf(hits, results[i]?.groups));
  const seen = new Map<GroupValue, FoundHit>();
  const merged = mergeHits(heads, Infinity, sort).filter((hit) => {
    const value = hit.group?.value ?? null;
    if (value === null) return true;
    const first = seen.get(value);
    if (first === undefined) seen.set(value, hit);
    else first.group = joined(first, hit, sort);
    return first === undefined;
  });
  return { heads: merged, total: countGroups(results) };
}

/** The values of those groups that other shards may have more of. */
export function valuesOf(heads: readonly FoundHit[]): Exclude<GroupValue, null>[] {
  return heads.flatMap(({ group }) => group?.value ?? []);
}

/** The heads with all that there is of their groups: `filled` is what shards said when asked by value. */
export function fillGroups(
  heads: readonly FoundHit[],
  filled: readonly FoundHit[],
  limit: number,
): FoundHit[] {
  const known = new Map(filled.map(({ group }) => [group?.value, group]));
  return heads.map((head) => {
    const group = known.get(head.group?.value ?? undefined) ?? head.group;
    if (group === undefined) return head;
    const rest = group.members.filter(({ id }) => id !== head.id);
    return { ...head, group: { ...group, members: [head, ...rest].slice(0, limit) } };
  });
}

/** The first hit of each group of one shard, with the group. */
function headsOf(hits: readonly FoundHit[], groups: Groups | undefined): FoundHit[] {
  const heads: FoundHit[] = [];
  let members: FoundHit[] = [];
  hits.forEach((hit, i) => {
    const value = groups?.of[i] ?? null;
    const before = heads.at(-1)?.group;
    if (value !== null && before?.value === value) {
      members.push(hit);
      return;
    }
    members = [hit];
    const size = value === null ? 1 : (groups?.sizes[i] ?? 1);
    heads.push({ ...hit, group: { value, size, members } });
  });
  return heads;
}

/** One group that two shards have products of. */
function joined(
  a: FoundHit,
  b: FoundHit,
  sort: readonly SortKey[],
): NonNullable<FoundHit['group']> {
  const members = [a, b].map(({ group }) => [...(group?.members ?? [])]);
  return {
    value: a.group?.value ?? null,
    size: (a.group?.size ?? 0) + (b.group?.size ?? 0),
    members: mergeHits(members, Infinity, sort),
  };
}

/** Each value once, however many shards have it. */
function countGroups(results: readonly LeafViewResult[]): number {
  const known = results.flatMap(({ groups }) => groups ?? []);
  const single = known.reduce((sum, { single }) => sum + single, 0);
  const [only] = known;
  if (only !== undefined && known.length === 1) return single + only.keys.byteLength / KEY_BYTES;
  const keys = new Set<bigint>();
  for (const { keys: bytes } of known) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at < bytes.byteLength; at += KEY_BYTES) keys.add(view.getBigUint64(at));
  }
  return single + keys.size;
}
