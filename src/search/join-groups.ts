import type { Join, Joined } from './join-hits.js';
import type { FoundHit } from './merge-hits.js';
import { Hit } from './search-types.js';

/**
 * The products of groups, each group under its first that holds: what the store no longer has is dropped, and a
 * group with nothing left.
 */
export async function joinGroups(
  heads: readonly FoundHit[],
  joinOf: (topK: number) => Join,
): Promise<Joined> {
  const members = heads.flatMap((head) => head.group?.members ?? [head]);
  const { hits, missing } = await joinOf(members.length).hits(members);
  const found = new Map(hits.map((hit) => [hit.id, hit]));
  const grouped = heads.flatMap((head) => {
    const { value = null, size = 1, members = [head] } = head.group ?? {};
    const held = members.flatMap(({ id }) => found.get(id) ?? []);
    const [first] = held;
    if (first === undefined) return [];
    const group = { value, total: size, hits: held };
    return [new Hit(first.id, first.score, first.json, first.scores, { ...first.extras, group })];
  });
  return { hits: grouped, missing };
}
