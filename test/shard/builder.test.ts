import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { normalise } from '../../src/core/vector.js';
import { Builder } from '../../src/shard/build/builder.js';
import type { BuildJob } from '../../src/shard/build/build-protocol.js';
import type { SegmentRecord } from '../../src/shard/index/segment-record.js';
import { openSegment } from '../../src/shard/index/open-segment.js';
import { WriteBuffer } from '../../src/shard/index/write-buffer.js';
import { randomVector, seeded } from '../e2e/catalogue.js';
import { BUILD_WORKER } from './shard-fixture.js';
import { append } from './indexed.js';

const DIMENSIONS = 16;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'omnisearch-builder-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function tailOf(rows: number): WriteBuffer {
  const random = seeded(rows);
  const tail = new WriteBuffer(DIMENSIONS);
  for (let i = 0; i < rows; i++) {
    const vector = normalise(randomVector(random, DIMENSIONS)) as Float32Array;
    append(tail, { id: `p${i}`, title: 't', category: 'c', price: i % 7 }, i, vector);
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
      ef: { target: 0.95, min: 64, max: 64 },
    },
    segments: [],
    queries: [],
    ...options,
  };
}

function buildWith(
  builder: Builder,
  what: BuildJob,
  tail: WriteBuffer | undefined,
): Promise<SegmentRecord | undefined> {
  return builder.inTurn('shop', (build) => build(what, tail));
}

test('builds run in order, one that fails does not harm the next', async () => {
  const builder = new Builder(BUILD_WORKER);
  const first = buildWith(builder, job('one'), tailOf(1_100));
  const record = await first;
  if (record === undefined) throw new Error('nothing was built');
  const missing = { ...record, folder: 'not there' };
  const dead = new Uint32Array((record.rows + 31) >>> 5);
  const broken = buildWith(
    builder,
    job('two', { segments: [{ record: missing, dead }] }),
    tailOf(30),
  );
  const next = buildWith(builder, job('three', { segments: [{ record, dead }] }), undefined);
  await expect(broken).rejects.toThrow(/CorruptFile|cannot be read|no such file/);
  // Without a trace of the tail that the failed build had been sent.
  expect((await next)?.rows).toBe(1_100);
  await builder.close();
});

test('a tail that could be sent in part only leaves nothing in the next build', async () => {
  const builder = new Builder(BUILD_WORKER);
  const broken = tailOf(40);
  vi.spyOn(broken, 'vectors', 'get').mockImplementation(() => {
    throw new Error('no memory');
  });
  await expect(buildWith(builder, job('one'), broken)).rejects.toThrow('no memory');
  expect((await buildWith(builder, job('two'), tailOf(30)))?.rows).toBe(30);
  await builder.close();
});

test('a tail whose rows are all dead builds nothing', async () => {
  const builder = new Builder(BUILD_WORKER);
  const tail = tailOf(3);
  for (const row of [0, 1, 2]) tail.kill(row);
  expect(await buildWith(builder, job('none'), tail)).toBeUndefined();
  await builder.close();
});

test('closing calls off a build within a graph, and refuses those that wait', async () => {
  const builder = new Builder(BUILD_WORKER);
  const slow = job('slow', {
    options: {
      dimensions: DIMENSIONS,
      graphMinRows: 10,
      graph: { engine: 'usearch', M: 64, efConstruction: 2_000 },
      ef: { target: 0.95, min: 64, max: 64 },
    },
  });
  const running = buildWith(builder, slow, tailOf(20_000));
  const waiting = buildWith(builder, job('waits'), tailOf(20));
  const ended = Promise.allSettled([running, waiting]);
  await new Promise((resolve) => setTimeout(resolve, 400));
  await builder.close();
  expect((await ended).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await expect(buildWith(builder, job('late'), undefined)).rejects.toThrow(/closed/);
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
    await expect(buildWith(builder, job(how), tailOf(2))).rejects.toThrow(/ended|out of luck/);
    expect(await buildWith(builder, job('fine'), tailOf(2))).toBeUndefined();
  }
  await builder.close();
});

test('a merge leaves out what died before it, and keeps the rest', async () => {
  const builder = new Builder(BUILD_WORKER);
  const first = await buildWith(builder, job('one'), tailOf(40));
  if (first === undefined) throw new Error('nothing was built');
  const opened = await openSegment(folder, first);
  for (const id of ['p3', 'p4']) opened.kill(opened.find(id));
  const segments = [{ record: first, dead: opened.dead.words.slice() }];
  const merged = await buildWith(builder, job('two', { segments }), undefined);
  if (merged === undefined) throw new Error('nothing was built');
  const again = await openSegment(folder, merged);
  expect(again.rows).toBe(38);
  expect([again.find('p3'), again.find('p4')]).toEqual([-1, -1]);
  expect(again.graph?.size).toBe(38);
  await Promise.all([opened.close(), again.close(), builder.close()]);
});

test('builds of many tenants take turns: one that builds much does not keep others waiting', async () => {
  const builder = new Builder(BUILD_WORKER);
  const order: string[] = [];
  const build = (tenant: string, name: string, rows: number): Promise<void> =>
    builder.inTurn(tenant, async (run) => {
      await run(job(name), tailOf(rows));
      order.push(tenant);
    });
  const large = [0, 1, 2, 3].map((i) => build('large', `large${i}`, 3_000));
  const small = ['a', 'b'].map((tenant) => build(tenant, tenant, 12));
  await Promise.all([...large, ...small]);
  // Behind the one that ran, before those that the large one has still to come.
  expect(order.slice(0, 3)).toEqual(['large', 'a', 'b']);
  await builder.close();
});
