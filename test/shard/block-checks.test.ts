import fc from 'fast-check';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomVector, seeded } from '../e2e/catalogue.js';
import { readVectors, writeVectors } from '../../src/shard/index/components/vectors.js';
import { CorruptFile, recordFile, type FileRecord } from '../../src/shard/index/durable-file.js';
import { canMap } from '../../src/shard/index/mapped-file.js';
import type { VectorSlabs } from '../../src/shard/index/vector-slabs.js';

/** Blocks of 256 rows. */
const DIMENSIONS = 32;
const BLOCK_ROWS = 256;
const CATEGORIES = [
  { category: 'Mice', rows: 700 },
  { category: 'Pans', rows: 1 },
  { category: 'Shoes', rows: 512 },
];
const FIRST_ROWS = [0, 700, 701];
const ROWS = 1_213;

let folder: string;
let files: [FileRecord, FileRecord];
let sound: Buffer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omnisearch-vectors-'));
  const random = seeded(3);
  const vectors = Array.from({ length: ROWS }, () => randomVector(random, DIMENSIONS));
  const source = {
    count: ROWS,
    categories: CATEGORIES,
    vector: (i: number) => Float32Array.from(vectors[i] as number[]),
  };
  const [vectorFile, sums] = await writeVectors(folder, 'text', DIMENSIONS, source);
  files = [
    await recordFile(folder, vectorFile as string),
    await recordFile(folder, sums as string),
  ];
  sound = await readFile(join(folder, files[0].name));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const open = (): Promise<VectorSlabs> =>
  readVectors(files, folder, { dimensions: DIMENSIONS, categories: CATEGORIES });

/** The number of the block that has a row, over all slabs. */
function blockOf(row: number): number {
  let block = 0;
  for (const [i, { rows }] of CATEGORIES.entries()) {
    const at = row - (FIRST_ROWS[i] as number);
    if (at < rows) return block + Math.floor(at / BLOCK_ROWS);
    block += Math.ceil(rows / BLOCK_ROWS);
  }
  throw new RangeError(`no row ${row}`);
}

/** Undefined where it is found to be damaged. */
function readBytes(vectors: VectorSlabs, row: number): Buffer | undefined {
  try {
    return Buffer.from(Float32Array.from(vectors.view(row)).buffer);
  } catch (error) {
    expect(error).toBeInstanceOf(CorruptFile);
    return undefined;
  }
}

test('a flipped bit is found by whoever reads its block first, and by the check of the rest; all other rows are read as they were', async ({
  skip,
}) => {
  if (!(await canMap())) skip('files cannot be mapped on this system');
  await fc.assert(
    fc.asyncProperty(fc.nat(sound.length - 1), fc.nat(7), async (at, bit) => {
      const content = Buffer.from(sound);
      content[at] = (content[at] as number) ^ (1 << bit);
      await writeFile(join(folder, files[0].name), content);
      const flippedRow = Math.floor(at / 4 / DIMENSIONS);
      const vectors = await open();
      const told: CorruptFile[] = [];
      if (vectors.checks !== undefined) vectors.checks.onDamage = (error) => told.push(error);
      const wrong: number[] = [];
      for (let row = 0; row < ROWS; row++) {
        const bytes = sound.subarray(row * DIMENSIONS * 4, (row + 1) * DIMENSIONS * 4);
        const isDamaged = blockOf(row) === blockOf(flippedRow);
        const read = readBytes(vectors, row);
        if (isDamaged ? read !== undefined : read?.equals(bytes) !== true) wrong.push(row);
      }
      expect(wrong).toEqual([]);
      expect(() => vectors.slab(vectors.slabOf(flippedRow))).toThrow(CorruptFile);
      const again = await open();
      const { signal } = new AbortController();
      await expect(again.checks?.rest(signal)).rejects.toThrow(CorruptFile);
      expect(told.length).toBeGreaterThan(1);
    }),
    { numRuns: 20 },
  );
});

test('a sound file passes, one of another length is refused when it is opened', async ({
  skip,
}) => {
  if (!(await canMap())) skip('files cannot be mapped on this system');
  await writeFile(join(folder, files[0].name), sound);
  await (await open()).checks?.rest(new AbortController().signal);
  await writeFile(join(folder, files[0].name), sound.subarray(0, sound.length - 1));
  await expect(open()).rejects.toThrow(CorruptFile);
  await writeFile(join(folder, files[0].name), sound);
});

test('a file that becomes shorter under its mapping is found by the check of the rest', async ({
  skip,
}) => {
  if (!(await canMap())) skip('files cannot be mapped on this system');
  for (const length of [sound.length - 1, BLOCK_ROWS * DIMENSIONS * 4, 0]) {
    await writeFile(join(folder, files[0].name), sound);
    const { checks } = await open();
    const told: CorruptFile[] = [];
    if (checks !== undefined) checks.onDamage = (error) => told.push(error);
    await truncate(join(folder, files[0].name), length);
    await expect(checks?.rest(new AbortController().signal)).rejects.toThrow(CorruptFile);
    expect(told).toHaveLength(1);
  }
  await writeFile(join(folder, files[0].name), sound);
});
