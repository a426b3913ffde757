import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeSegment } from '../../src/shard/build/write-segment.js';
import { openSegment } from '../../src/shard/index/open-segment.js';
import type { Segment } from '../../src/shard/index/segment.js';
import { WriteBuffer } from '../../src/shard/index/write-buffer.js';
import { IncomingRows } from '../../src/shard/peer/incoming-rows.js';
import { storedRow } from '../store/place.js';
import { append, newIndex, upsert } from './indexed.js';

const DIMENSIONS = 4;
const VECTOR = Float32Array.from([1, 0, 0, 0]);
const OPTIONS = {
  dimensions: DIMENSIONS,
  graphMinRows: 1e9,
  graph: { engine: 'usearch' as const, M: 4, efConstruction: 20 },
  ef: { target: 0.95, min: 64, max: 64 },
};

let folder: string;
let segment: Segment;
let ended: string[];
let incoming: IncomingRows;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'omnisearch-incoming-'));
  const tail = new WriteBuffer(DIMENSIONS);
  const versions = Object.entries({ a: 1, b: 5, c: 3, d: 4 });
  for (const [id, version] of versions) {
    append(tail, { id, title: id, category: 'Mice' }, version, VECTOR);
  }
  const record = await writeSegment(folder, 'segment-1', [tail], OPTIONS);
  if (record === undefined) throw new Error('no row was live');
  segment = await openSegment(folder, record);
  ended = [];
  incoming = new IncomingRows({
    ...{ segments: [segment], position: new Uint8Array(), keys: [] },
    unspare: () => void ended.push('unspared'),
    remove: () => Promise.resolve(void ended.push('removed')),
  });
});
afterEach(async () => {
  await segment.close();
  rmSync(folder, { recursive: true });
});

const live = (): string[] => ['a', 'b', 'c', 'd'].filter((id) => segment.find(id) !== -1);

test('of an id that the index has as well the newer version stays, once', async () => {
  const index = newIndex(DIMENSIONS);
  for (const [id, version] of Object.entries({ a: 1, b: 2, c: 9 })) {
    const product = { id, title: id, category: 'Mice' };
    upsert(index, storedRow({ version, product, model: 'm', vectors: { text: VECTOR } }));
  }
  await incoming.partFrom(index);
  expect(live()).toEqual(['b', 'd']);
  expect(['a', 'b', 'c', 'd'].map((id) => index.heldVersion(id))).toEqual([
    1,
    undefined,
    9,
    undefined,
  ]);
});

test('what the feed tells has changed goes, and nothing that is newer than it tells', async () => {
  const told = { category: 'Mice', bytes: 0 };
  await incoming.apply([
    { id: 'a', version: 2, deleted: true, ...told },
    { id: 'b', version: 4, deleted: false, ...told },
    { id: 'c', version: 3, deleted: false, ...told },
    { id: 'unknown', version: 7, deleted: false, ...told },
  ]);
  expect(live()).toEqual(['b', 'd']);
});

test('what is discarded keeps its files from others until they are removed', async () => {
  await incoming.discard();
  expect(ended).toEqual(['removed', 'unspared']);
});
