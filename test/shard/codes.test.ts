import fc from 'fast-check';
import { expect, test } from 'vitest';
import { normalise, score } from '../../src/core/vector.js';
import { Codes, GrowingCodes } from '../../src/shard/engine/codes.js';
import { scanCodes } from '../../src/shard/engine/exact-scan.js';
import { randomVector, seeded } from '../e2e/catalogue.js';

const CAPACITY = 200;

/** Of unit length; with `spikes` some have one value that is far larger than the others. */
function vectorsOf(count: number, dimensions: number, spikes: boolean, seed: number) {
  const random = seeded(seed);
  return Array.from({ length: count }, () => {
    const vector = Float32Array.from(randomVector(random, dimensions));
    if (spikes && random() < 0.2) vector[Math.floor(random() * dimensions)] = 20 * random();
    return normalise(vector) as Float32Array;
  });
}

function added(vectors: readonly Float32Array[]): GrowingCodes {
  const codes = new GrowingCodes((vectors[0] as Float32Array).length, CAPACITY);
  vectors.forEach((vector) => codes.add(vector, (row) => vectors[row] as Float32Array));
  return codes;
}

/** By row, how far the scores of codes are from those of the vectors. */
function errorsOf(codes: Codes, vectors: readonly Float32Array[], query: Float32Array): number[] {
  const { rows, scores } = scanCodes(codes, Codes.of(query), vectors.length);
  expect([...rows].sort((a, b) => a - b)).toEqual(vectors.map((_, row) => row));
  return rows.map((row, i) =>
    Math.abs((scores[i] as number) - score(query, vectors[row] as Float32Array)),
  );
}

test('scores by codes are as near to the real ones as they say, whatever the vectors', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: CAPACITY }),
      fc.constantFrom(1, 3, 64, 384, 2_048),
      fc.boolean(),
      fc.nat(),
      (count, dimensions, spikes, seed) => {
        const vectors = vectorsOf(count, dimensions, spikes, seed);
        const [query] = vectorsOf(1, dimensions, spikes, seed + 1) as [Float32Array];
        const { codes } = added(vectors);
        const bound = codes.errorWith(Codes.of(query));
        expect(Math.max(...errorsOf(codes, vectors, query))).toBeLessThanOrEqual(bound);
      },
    ),
    { numRuns: 200, seed: 1 },
  );
});

test('the codes of so many rows stay as they are, also when those that come need another scale', () => {
  const vectors = vectorsOf(100, 16, false, 7);
  const spike = new Float32Array(16);
  spike[3] = 1;
  const rows = [...vectors, spike, ...vectorsOf(50, 16, true, 8)];
  const codes = new GrowingCodes(16, CAPACITY);
  const add = (from: number, to: number): void => {
    for (const vector of rows.slice(from, to))
      codes.add(vector, (row) => rows[row] as Float32Array);
  };
  add(0, 100);
  const before = codes.codes;
  const copy = before.data.slice();
  add(100, 151);
  expect(before.data).toEqual(copy);
  // On another scale the same rows have other codes.
  expect(codes.codes.data.subarray(0, copy.length)).not.toEqual(copy);
  const query = vectors[0] as Float32Array;
  for (const [held, of] of [
    [before, vectors],
    [codes.codes, rows],
  ] as const) {
    const bound = held.errorWith(Codes.of(query));
    expect(Math.max(...errorsOf(held, of, query))).toBeLessThanOrEqual(bound);
  }
});

test('codes of unit vectors of 512 tell rows apart that differ by two hundredths', () => {
  const vectors = vectorsOf(CAPACITY, 512, false, 3);
  const query = Codes.of(vectors[0] as Float32Array);
  expect(added(vectors).codes.errorWith(query)).toBeLessThan(0.025);
});
