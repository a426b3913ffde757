import { compareBytes, idHashes } from '../core/ids.js';
import {
  beyondNearest,
  ENOUGH,
  NEAREST,
  type Choice,
  type Chosen,
  type ResultSet,
} from '../query/result-set.js';
import type { TextQuery } from '../query/text-query.js';

/** The result set of a text, as its shards chose it together. */
export interface ChosenSet {
  /** Slots that a product has that is in it for its words; empty: none is. */
  required: readonly number[];
  /** Those that are in it for their meaning: `idHashes`. */
  nearest: Uint8Array;
  /** Some product matches the text exactly: neighbours of its meaning are not wanted. */
  isNamed: boolean;
  /** As `ResultSet` has it. */
  beyond?: number;
}

/** What is to be found out of a text: the least telling word is left out first, of equal ones the later. */
export function choiceOf({ slots }: TextQuery, byMeaning: boolean): Choice {
  const met = slots.flatMap(({ alternatives }, i) => (alternatives.length === 0 ? [] : [i]));
  const idf = (slot: number): number => slots[slot]?.idf ?? 0;
  met.sort((a, b) => idf(a) - idf(b) || b - a);
  return { drop: met, nearest: byMeaning ? NEAREST : 0 };
}

/**
 * What all shards together chose: their counts are of different products.
 *
 * @param cutoff cosine that the nearest had to reach; undefined: not all that is near may have been found
 */
export function decide(
  { drop, nearest }: Choice,
  parts: readonly Chosen[],
  cutoff: number | undefined,
): ChosenSet {
  const isNamed = parts.some(({ exact }) => exact > 0);
  const required = drop.slice(leftOut(drop.length, parts));
  if (isNamed || nearest === 0) return { required, nearest: NONE, isNamed };
  const found = nearestOf(parts, nearest);
  const chosen = { required, isNamed, nearest: idHashes(found.map(({ id }) => id)) };
  if (cutoff === undefined) return chosen;
  const scores = found.map(({ score }) => score);
  return { ...chosen, beyond: beyondNearest(scores, cutoff, nearest) };
}

/** The set as shards are asked for it, with pinned products. */
export function resultSet(
  { required, nearest, beyond }: ChosenSet,
  pinned: readonly string[],
): ResultSet {
  const members = withMembers(nearest, pinned);
  return { required, members, ...(beyond === undefined ? {} : { beyond }) };
}

/** So many of the words, that the products which have all others are enough; the last one stays. */
function leftOut(words: number, parts: readonly Chosen[]): number {
  for (let i = 0; i < words - 1; i++) {
    const having = parts.reduce((sum, part) => sum + (part.having[i] ?? 0), 0);
    if (having >= ENOUGH) return i;
  }
  return Math.max(0, words - 1);
}

/** The best of all shards; while a partition moves two may know a product, and the newer version counts. */
export function nearestOf(parts: readonly Chosen[], most: number): { id: string; score: number }[] {
  const newest = new Map<string, { id: string; version: number; score: number }>();
  for (const { nearest } of parts) {
    nearest.ids.forEach((id, i) => {
      const version = nearest.versions[i] as number;
      if ((newest.get(id)?.version ?? -1) >= version) return;
      newest.set(id, { id, version, score: nearest.scores[i] as number });
    });
  }
  const found = [...newest.values()].sort((a, b) => b.score - a.score || compareBytes(a.id, b.id));
  return found.slice(0, most);
}

/** Both together, ascending. */
function withMembers(hashes: Uint8Array, ids: readonly string[]): Uint8Array {
  if (ids.length === 0) return hashes;
  const all = Buffer.concat([hashes, idHashes(ids)]);
  const each = Array.from({ length: all.length / HASH_BYTES }, (_, i) =>
    all.subarray(HASH_BYTES * i, HASH_BYTES * (i + 1)),
  );
  return Buffer.concat(each.sort((a, b) => a.compare(b)));
}

const HASH_BYTES = 8;
const NONE = new Uint8Array();
