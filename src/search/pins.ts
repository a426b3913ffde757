import type { Pin } from '../merchandising/rule.js';
import type { FoundHit } from './merge-hits.js';

/**
 * The hits with pinned ones at their positions, whatever their scores; others move down. Those of `pinned`
 * were found, so that they match the filter. One that belongs behind the last hit comes last, where there
 * is nothing further. Where hits are grouped, a pinned one stands for its group, which comes once.
 */
export function placePins(
  hits: readonly FoundHit[],
  pinned: readonly FoundHit[],
  pins: readonly Pin[],
  isWhole: boolean,
): FoundHit[] {
  if (pins.length === 0) return [...hits];
  const ids = new Set(pins.map(({ id }) => id));
  const found = new Map(pinned.map((hit) => [hit.id, hit]));
  const groups = new Set(pinned.flatMap(({ group }) => group?.value ?? []));
  const isOf = ({ group }: FoundHit): boolean => {
    const value = group?.value ?? null;
    return value !== null && groups.has(value);
  };
  const placed = hits.filter((hit) => !ids.has(hit.id) && !isOf(hit));
  for (const { id, position } of pins.toSorted((a, b) => a.position - b.position)) {
    const hit = found.get(id);
    if (hit === undefined || (position > placed.length + 1 && !isWhole)) continue;
    placed.splice(position - 1, 0, hit);
  }
  return placed;
}
