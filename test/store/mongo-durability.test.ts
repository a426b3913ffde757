import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Collections } from '../../src/store/mongo/collections.js';
import type { ProductWrite } from '../../src/store/store.js';
import { put, remove } from './contract/writes.js';
import { batchWriterOf, BatchFixture, withCollection } from './mongo-batch-fixture.js';
import { whyNoServer } from './mongo-server.js';

const reason = whyNoServer();
let fixture: BatchFixture;

function writerOf(collections: Collections): (...writes: ProductWrite[]) => Promise<string[]> {
  const write = batchWriterOf(collections);
  return async (...writes) => (await write('shop', writes)).statuses;
}

/** The first `times` reads of what a majority has find what was there before anything was written. */
function majorityBehind(times: number): { collections: Collections; reads: () => number } {
  let reads = 0;
  const collections = withCollection(fixture.collections, 'products', {
    find:
      (find) =>
      (...args) => {
        const options = args[1] as { readConcern?: { level: string } };
        if (options.readConcern?.level !== 'majority') return find(...args);
        reads += 1;
        return reads > times ? find(...args) : { toArray: () => Promise.resolve([]) };
      },
  });
  return { collections, reads: () => reads };
}

describe.skipIf(reason !== undefined)(`MongoDB durability${reason ? ` (${reason})` : ''}`, () => {
  beforeAll(async () => {
    fixture = await BatchFixture.open();
    await writerOf(fixture.collections)(put('a', { feedVersion: 2 }), put('gone'), remove('gone'));
  });
  afterAll(() => fixture.close());

  it.each([
    ['unchanged', put('a', { feedVersion: 2 })],
    ['stale', put('a', { feedVersion: 1 })],
    ['conflict', put('a', { feedVersion: 3, title: 'other', ifVersion: 0 })],
    ['missing', remove('gone')],
  ])('%s is told once a majority has what it was decided on', async (status, write) => {
    const { collections, reads } = majorityBehind(2);
    expect(await writerOf(collections)(write)).toEqual([status]);
    expect(reads()).toBe(3);
  });

  it('is unavailable while no majority has it', async () => {
    const { collections } = majorityBehind(Infinity);
    const unavailable = expect.objectContaining({ code: 'unavailable' }) as Error;
    const write = put('a', { feedVersion: 2 });
    await expect(writerOf(collections)(write, put('b'))).rejects.toEqual(unavailable);
    expect(await writerOf(fixture.collections)(write, put('b'))).toEqual([
      'unchanged',
      'unchanged',
    ]);
  });

  it('what is not there anywhere is missing at once', async () => {
    const { collections, reads } = majorityBehind(Infinity);
    expect(await writerOf(collections)(remove('never'))).toEqual(['missing']);
    expect(reads()).toBe(1);
  });
});
