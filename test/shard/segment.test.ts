import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hashId } from '../../src/core/ids.js';
import type { Product } from '../../src/core/product.js';
import { normalise } from '../../src/core/vector.js';
import { fieldsOf } from '../../src/filter/analyse.js';
import { DocumentFilter } from '../../src/filter/evaluate.js';
import { parseFilter } from '../../src/filter/parse-filter.js';
import {
  CorruptFile,
  readInto,
  recordFile,
  writeFile,
} from '../../src/shard/index/durable-file.js';
import { unlimited } from './leaf-fixture.js';
import { filterRows } from '../../src/shard/leaf/filter-rows.js';
import { buildIdTable, findInIdTable } from '../../src/shard/index/id-table.js';
import { readManifest, writeManifest, type Manifest } from '../../src/shard/index/manifest.js';
import { openSegment } from '../../src/shard/index/open-segment.js';
import { SEGMENT_FORMAT, type SegmentRecord } from '../../src/shard/index/segment-record.js';
import { WriteBuffer } from '../../src/shard/index/write-buffer.js';
import { writeSegment } from '../../src/shard/build/write-segment.js';
import { product, wireFilter } from '../filter/arbitraries.js';
import { randomVector, seeded } from '../e2e/catalogue.js';
import { append } from './indexed.js';

const DIMENSIONS = 4;
const OPTIONS = {
  dimensions: DIMENSIONS,
  graphMinRows: 6,
  graph: { engine: 'usearch' as const, M: 4, efConstruction: 20 },
  ef: { target: 0.95, min: 64, max: 64 },
};
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'omnisearch-segment-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function tailOf(products: readonly Product[]): WriteBuffer {
  const random = seeded(5);
  const tail = new WriteBuffer(DIMENSIONS);
  products.forEach((one, i) => {
    append(tail, one, i + 1, normalise(randomVector(random, DIMENSIONS)) as Float32Array);
  });
  return tail;
}

async function write(
  name: string,
  blocks: Parameters<typeof writeSegment>[2],
): Promise<SegmentRecord> {
  const record = await writeSegment(folder, name, blocks, OPTIONS);
  if (record === undefined) throw new Error('no row was live');
  return record;
}

/** Ids as awkward as the contract allows: any text of up to 256 bytes. */
const id = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
  fc.constantFrom('\ufeffx', 'x'),
);
const products = fc
  .uniqueArray(fc.tuple(id, product), { selector: ([own]) => own, minLength: 1, maxLength: 14 })
  .map((pairs) => pairs.map(([own, one]): Product => ({ ...one, id: own })));

test('a segment holds what was written, also after it was merged once more', async () => {
  let n = 0;
  await fc.assert(
    fc.asyncProperty(products, fc.array(fc.nat(13)), wireFilter, async (all, killed, wire) => {
      const name = `s${n++}`;
      const tail = tailOf(all);
      const first = await write(name, [tail]);
      const whole = await openSegment(folder, first);
      for (const row of killed) if (row < whole.rows - 1) whole.kill(row);
      const live = all.filter((one) => whole.find(one.id) !== -1);
      expect(whole.rows - whole.deletes.count).toBe(live.length);
      const segment = await openSegment(folder, await write(`${name}-again`, [whole]));
      const filter = parseFilter(wire);
      for (const field of fieldsOf(filter)) await segment.column(field);
      const columns = segment.loadedColumns(fieldsOf(filter));
      const columnOf = (field: string) => columns?.get(field);
      const matching = await filterRows(filter, segment.rows, columnOf, unlimited());
      expect(segment.rows).toBe(live.length);
      for (const one of live) {
        const row = segment.find(one.id);
        const source = all.indexOf(one);
        expect([segment.id(row), segment.categoryOf(row)]).toEqual([one.id, one.category]);
        expect([segment.version(row), segment.hash(row)]).toEqual([source + 1, hashId(one.id)]);
        expect(segment.vectors.view(row)).toEqual(tail.vectors.view(source));
        expect([one.id, matching.rows.has(row)]).toEqual([
          one.id,
          new DocumentFilter(filter).matches(one),
        ]);
      }
      await Promise.all([whole.close(), segment.close()]);
    }),
    { numRuns: 40, seed: 11 },
  );
});

const shop = Array.from({ length: 20 }, (_, i): Product => ({
  id: `p${i}`,
  title: 't',
  category: `c${i % 2}`,
  price: i,
  brand: `b${i}`,
}));

/**
 * A segment does without a damaged graph, and says so; without anything else it cannot be opened, but for vectors, which
 * are compared when they are read.
 */
async function expectDamage(record: SegmentRecord, file: string): Promise<void> {
  if (file.endsWith('.f32')) {
    const copied = openSegment(folder, record, { toCopy: true });
    await expect(copied).rejects.toBeInstanceOf(CorruptFile);
    await expect(openAndRead(record)).rejects.toBeInstanceOf(CorruptFile);
    return;
  }
  if (!file.endsWith('.graph')) {
    await expect(openSegment(folder, record)).rejects.toBeInstanceOf(CorruptFile);
    return;
  }
  const segment = await openSegment(folder, record);
  expect(segment.isImpaired).toBe(true);
  await segment.close();
}

async function openAndRead(record: SegmentRecord): Promise<void> {
  const segment = await openSegment(folder, record);
  try {
    await segment.checkVectors();
  } finally {
    await segment.close();
  }
}

test('any single flipped byte of any file of a segment is found when it is opened or read', async () => {
  const record = await write('s', [tailOf(shop)]);
  const files = record.components.flatMap((component) => component.files);
  expect(files.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['all.graph', 'c0.graph', 'c1.graph']),
  );
  for (const name of readdirSync(join(folder, 's'))) {
    const file = join(folder, 's', name);
    const content = readFileSync(file);
    // Every byte of the small files, a spread of the larger ones.
    const step = Math.max(1, Math.floor(content.length / 25));
    for (let at = 0; at < content.length; at += step) {
      const broken = Buffer.from(content);
      broken[at] = (broken[at] as number) ^ (1 << (at % 8));
      writeFileSync(file, broken);
      await expectDamage(record, name);
    }
    for (const other of [content.subarray(1), Buffer.concat([content, content.subarray(0, 1)])]) {
      writeFileSync(file, other);
      await expectDamage(record, name);
    }
    rmSync(file);
    await expectDamage(record, name);
    mkdirSync(file);
    await expectDamage(record, name);
    rmSync(file, { recursive: true });
    writeFileSync(file, content);
  }
  const sound = await openSegment(folder, record);
  expect(sound.isImpaired).toBe(false);
  await sound.close();
});

test('any single flipped byte of the manifest is found', async () => {
  const manifest: Manifest = {
    format: SEGMENT_FORMAT,
    storeId: 'store',
    model: 'm',
    terms: '1-0-words',
    tenant: 'shop',
    position: 'AAAA',
    partitions: ['a-0-100000000@1'],
    segments: [],
    deletes: { kind: 'deletes', name: 'all', format: 1, files: [] },
  };
  await writeManifest(folder, manifest);
  const origin = { storeId: 'store', model: 'm', terms: '1-0-words' };
  expect(await readManifest(folder, origin)).toEqual(manifest);
  for (const another of [{ storeId: 'b' }, { model: 'b' }, { terms: '2-0-words' }]) {
    expect(await readManifest(folder, { ...origin, ...another })).toBeUndefined();
  }
  const file = join(folder, 'manifest.json');
  const content = readFileSync(file);
  for (let at = 0; at < content.length; at++) {
    for (const bit of [0, 5]) {
      const broken = Buffer.from(content);
      broken[at] = (broken[at] as number) ^ (1 << bit);
      writeFileSync(file, broken);
      await expect(readManifest(folder, origin)).rejects.toBeInstanceOf(CorruptFile);
    }
  }
  writeFileSync(file, content.subarray(0, 4));
  await expect(readManifest(folder, origin)).rejects.toBeInstanceOf(CorruptFile);
});

test('files are read back as they were written, in pieces of any length', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 }),
      async (parts) => {
        await writeFile(join(folder, 'f'), parts);
        const record = await recordFile(folder, 'f');
        const lengths = parts.map((part) => part.length);
        const buffers = await readInto(folder, record, lengths);
        expect(buffers.map((buffer) => [...new Uint8Array(buffer)])).toEqual(
          parts.map((p) => [...p]),
        );
        const short = readInto(folder, record, [...lengths, 1]);
        await expect(short).rejects.toBeInstanceOf(CorruptFile);
      },
    ),
    { numRuns: 40 },
  );
});

test('the id table finds every row and nothing else, also among equal hashes', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string(), { maxLength: 60 }), fc.string(), (ids, other) => {
      const hashes = Uint32Array.from(ids, hashId);
      const crowded = ids.map(() => hashId(ids[0] ?? ''));
      const find = (all: Uint32Array, wanted: string): number =>
        findInIdTable(buildIdTable(all), all, hashId(wanted), (row) => ids[row] === wanted);
      ids.forEach((one, row) => expect(find(hashes, one)).toBe(row));
      expect(find(hashes, other)).toBe(ids.indexOf(other));
      const first = ids[0];
      if (first !== undefined) expect(find(Uint32Array.from(crowded), first)).toBe(0);
    }),
  );
});
