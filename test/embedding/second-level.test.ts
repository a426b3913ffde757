import { afterEach, expect, test } from 'vitest';
import type { SharedValues } from '../../src/core/shared-values.js';
import { openEncoder } from '../../src/embedding/open-encoder.js';
import type { ModelEncoder } from '../../src/embedding/model-encoder.js';
import { ample, tinyModel, WORKER_FILE } from './harness.js';

/** What nodes share, while it answers. */
class Shelf implements SharedValues {
  readonly values = new Map<string, Buffer>();
  gets = 0;

  async get(key: string): Promise<Buffer | undefined> {
    this.gets += 1;
    return this.values.get(key);
  }

  set(key: string, value: Buffer): void {
    this.values.set(key, Buffer.from(value));
  }
}

const open: ModelEncoder[] = [];
afterEach(async () => {
  for (const encoder of open.splice(0)) await encoder.close();
});

async function node(
  sharedValues: SharedValues,
  model: Parameters<typeof tinyModel>[0] = 'tiny-clip',
): Promise<ModelEncoder> {
  const { dir } = tinyModel(model);
  const options = { modelDir: dir, threads: 1, workerFile: WORKER_FILE, sharedValues };
  const encoder = await openEncoder(options);
  open.push(encoder);
  return encoder;
}

test('what one node has embedded another finds, to the bit, and asks for once', async () => {
  const shelf = new Shelf();
  const [here, there] = [await node(shelf), await node(shelf)];
  const computed = await here.embedQuery('red lamp', ample());
  expect(computed.source).toBe('computed');
  const found = await there.embedQuery(' RED  lamp', ample());
  expect(found.source).toBe('cached');
  expect(found.vector).toEqual(computed.vector);
  const { gets } = shelf;
  expect((await there.embedQuery('red lamp', ample())).source).toBe('cached');
  expect(shelf.gets).toBe(gets);
});

test('of many texts only those are computed that no node has', async () => {
  const shelf = new Shelf();
  const [here, there] = [await node(shelf), await node(shelf)];
  await here.embedQueries(['red lamp', 'mouse'], ample());
  const found = await there.embedQueries(['mouse', 'keyboard', 'keyboard', 'red lamp'], ample());
  const sources = ['cached', 'computed', 'shared', 'cached'];
  expect(found.map(({ source }) => source)).toEqual(sources);
});

test('invariant 4: a vector of another model is not found', async () => {
  const shelf = new Shelf();
  const [here, there] = [await node(shelf), await node(shelf, 'tiny-bert')];
  await here.embedQuery('red lamp', ample());
  expect((await there.embedQuery('red lamp', ample())).source).toBe('computed');
});

test.each([
  ['too short', (bytes: Buffer) => bytes.subarray(4)],
  ['of another length', (bytes: Buffer) => Buffer.alloc(bytes.length)],
  ['of no numbers', (bytes: Buffer) => Buffer.alloc(bytes.length, 0xff)],
])('what is no vector is not one: %s', async (_what, damage) => {
  const shelf = new Shelf();
  const [here, there] = [await node(shelf), await node(shelf)];
  const { vector } = await here.embedQuery('red lamp', ample());
  for (const [key, bytes] of shelf.values) shelf.values.set(key, damage(bytes));
  const again = await there.embedQuery('red lamp', ample());
  expect(again.source).toBe('computed');
  expect(again.vector).toEqual(vector);
});
