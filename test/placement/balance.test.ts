import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rebalance, type Piece } from '../../src/placement/balance.js';

const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `s${i + 1}`);

function rowsByShard(
  shards: readonly string[],
  pieces: readonly Piece[],
  moves: ReadonlyMap<string, string>,
): number[] {
  const rows = new Map(shards.map((shard) => [shard, 0]));
  for (const { key, place, rows: more } of pieces) {
    const at = moves.get(key) ?? place;
    rows.set(at, (rows.get(at) ?? 0) + more);
  }
  expect(rows.size).toBe(shards.length);
  return [...rows.values()];
}

describe('rebalancing', () => {
  const pieceOf = fc.record({ home: fc.nat(), rows: fc.integer({ min: 0, max: 1_000 }) });

  test('imbalance falls, nothing stays on a shard that is gone, and once is enough', () => {
    fc.assert(
      fc.property(
        fc.array(pieceOf, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        (sizes, before, after) => {
          const pieces = sizes.map(({ home, rows }, i) => ({
            key: `p${i}`,
            place: `s${(home % before) + 1}`,
            rows,
          }));
          const shards = names(after);
          const moves = rebalance(shards, pieces);
          const loads = rowsByShard(shards, pieces, moves);
          for (const { key, place } of pieces) expect(shards).toContain(moves.get(key) ?? place);
          const mean = loads.reduce((a, b) => a + b, 0) / after;
          const largest = Math.max(...pieces.map(({ rows }) => rows));
          // No shard carries more than the mean and the largest piece above it.
          expect(Math.max(...loads)).toBeLessThanOrEqual(mean * 1.05 + largest);
          const stayed = pieces.filter(({ place }) => shards.includes(place));
          if (stayed.length === pieces.length) {
            const spread = (values: number[]) =>
              values.reduce((sum, v) => sum + (v - mean) ** 2, 0);
            const old = rowsByShard(shards, pieces, new Map());
            expect(spread(loads)).toBeLessThanOrEqual(spread(old));
          }
          const settled = pieces.map((piece) => ({
            ...piece,
            place: moves.get(piece.key) ?? piece.place,
          }));
          expect(rebalance(shards, settled).size).toBe(0);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('growing from 8 to 9 shards moves about a ninth, over all tenants', () => {
    const pieces = Array.from({ length: 3_000 }, (_, i) => ({
      key: `p${i}`,
      place: `s${(i % 8) + 1}`,
      rows: [120, 80, 50][Math.floor(i / 8) % 3] ?? 0,
    }));
    const total = pieces.reduce((sum, { rows }) => sum + rows, 0);
    const moves = rebalance(names(9), pieces);
    const moved = pieces.reduce((sum, { key, rows }) => sum + (moves.has(key) ? rows : 0), 0);
    expect(new Set(moves.values())).toEqual(new Set(['s9']));
    expect(moved / total).toBeGreaterThan(0.1);
    expect(moved / total).toBeLessThan(0.125);
    const loads = rowsByShard(names(9), pieces, moves);
    expect(Math.max(...loads) / Math.min(...loads)).toBeLessThan(1.15);
  });

  test('a shard that goes moves its own partitions and no others', () => {
    const pieces = Array.from({ length: 900 }, (_, i) => ({
      key: `p${i}`,
      place: `s${(i % 9) + 1}`,
      rows: 10,
    }));
    const moves = rebalance(names(8), pieces);
    expect([...moves.keys()].sort()).toEqual(
      pieces.flatMap(({ key, place }) => (place === 's9' ? [key] : [])).sort(),
    );
  });
});
