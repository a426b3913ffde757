import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { normalise } from '../../src/core/vector.js';
import { Builder } from '../../src/shard/builder.js';
import type { BuildJob } from '../../src/shard/build-protocol.js';
import { openSegment } from '../../src/shard/segment.js';
import { Tail } from '../../src/shard/tail.js';
import { randomVector, seeded } from '../e2e/catalogue.js';
import { BUILD_WORKER } from './shard-fixture.js';

const DIMENSIONS = 16;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'omnisearch-builder-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function tailOf(rows: number): Tail {
  const random = seeded(rows);
  const tail = new Tail(DIMENSIONS);
  for (let i = 0; i < rows; i++) {
    const vector = normalise(randomVector(random, DIMENSIONS)) as Float32Array;
    tail.append({ id: `p${i}`, title: 't', category: 'c', price: i % 7 }, i, vector);
  }
  return tail;
}

function job(name: string, options: Partial<BuildJob> = {}): BuildJob {
  return {
    tenantFolder: folder,
    folder: name,
    options: {
      dimensions: DIMENSIONS,
      graphMinRows: 10,
      graph: { engine: 'usearch', M: 8, efConstruction: 40 },
    },
    segments: [],
    ...options,
  };
}

test('builds run in order, one that fails does not harm the next', async () => {
  const builder = new Builder(BUILD_WORKER);
  const first = builder.build(job('one'), tailOf(1_100));
  const record = await first;
  if (record === undefined) throw new Error('nothing was built');
  const missing = { ...record, folder: 'not there' };
  const dead = new Uint32Array((record.rows + 31) >>> 5);
  const broken = builder.build(job('two', { segments: [{ record: missing, dead }] }), tailOf(30));
  const next = builder.build(job('three', { segments: [{ record, dead }] }), undefined);
  await expect(broken).rejects.toThrow(/CorruptFile|cannot be read|no such file/);
  // Without a trace of the tail that the failed build had been sent.
  expect((await next)?.rows).toBe(1_100);
  await builder.close();
});

test('a tail whose rows are all dead builds nothing', async () => {
  const builder = new Builder(BUILD_WORKER);
  const tail = tailOf(3);
  for (const row of [0, 1, 2]) tail.kill(row);
  expect(await builder.build(job('none'), tail)).toBeUndefined();
  await builder.close();
});

test('closing calls off a build within a graph, and refuses those that wait', async () => {
  const builder = new Builder(BUILD_WORKER);
  const slow = job('slow', {
    options: {
      dimensions: DIMENSIONS,
      graphMinRows: 10,
      graph: { engine: 'usearch', M: 64, efConstruction: 2_000 },
    },
  });
  const running = builder.build(slow, tailOf(20_000));
  const waiting = builder.build(job('waits'), tailOf(20));
  const ended = Promise.allSettled([running, waiting]);
  await new Promise((resolve) => setTimeout(resolve, 400));
  await builder.close();
  expect((await ended).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await expect(builder.build(job('late'), undefined)).rejects.toThrow(/closed/);
});

test('a worker that died is replaced', async () => {
  const script = `const { parentPort } = await import('node:worker_threads');
    parentPort.on('message', ({ type, job }) => {
      if (type === 'close') parentPort.close();
      if (type !== 'build') return;
      if (job.folder === 'exit') process.exit(1);
      if (job.folder === 'throw') throw new Error('out of luck');
      parentPort.postMessage({ record: undefined });
    });`;
  const builder = new Builder(new URL(`data:text/javascript,${encodeURIComponent(script)}`));
  for (const how of ['exit', 'throw', 'exit']) {
    await expect(builder.build(job(how), tailOf(2))).rejects.toThrow(/ended|out of luck/);
    expect(await builder.build(job('fine'), tailOf(2))).toBeUndefined();
  }
  await builder.close();
});

test('a merge leaves out what died before it, and keeps the rest', async () => {
  const builder = new Builder(BUILD_WORKER);
  const first = await builder.build(job('one'), tailOf(40));
  if (first === undefined) throw new Error('nothing was built');
  const opened = await openSegment(folder, first);
  for (const id of ['p3', 'p4']) opened.kill(opened.find(id));
  const segments = [{ record: first, dead: opened.dead.words.slice() }];
  const merged = await builder.build(job('two', { segments }), undefined);
  if (merged === undefined) throw new Error('nothing was built');
  const again = await openSegment(folder, merged);
  expect(again.rows).toBe(38);
  expect([again.find('p3'), again.find('p4')]).toEqual([-1, -1]);
  expect(again.graph?.size).toBe(38);
  await Promise.all([opened.close(), again.close(), builder.close()]);
});
