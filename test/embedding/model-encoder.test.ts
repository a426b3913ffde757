import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Deadline } from '../../src/core/deadline.js';
import type { ModelEncoder } from '../../src/embedding/model-encoder.js';
import { noneModel, openEncoder } from '../../src/embedding/open-encoder.js';
import { ample, difference, tinyModel, withTempDir, WORKER_FILE } from './harness.js';

/** What two implementations of one model in float32 may differ by. */
const TOLERANCE = 1e-5;
const WORDS = 'red blue mouse keyboard lamp 500 GB wireless für <b> 日本 🎧 large'.split(' ');

describe.each(['tiny-clip', 'tiny-bert'] as const)('the vectors of %s', (name) => {
  const { dir, reference } = tinyModel(name);
  let encoder: ModelEncoder;
  beforeAll(async () => {
    encoder = await openEncoder({ modelDir: dir, threads: 1, workerFile: WORKER_FILE });
  });
  afterAll(async () => encoder.close());

  it('equal those of PyTorch, one by one', async () => {
    for (const { text, vector } of reference) {
      const embedding = await encoder.embedQuery(text, ample());
      expect(difference(embedding.vector, vector), text).toBeLessThanOrEqual(TOLERANCE);
    }
  });

  it('equal those of PyTorch, padded in batches', async () => {
    const vectors = await encoder.embedTexts(reference.map(({ text }) => text));
    for (const [i, { text, vector }] of reference.entries()) {
      expect(difference(vectors[i]!, vector), text).toBeLessThanOrEqual(TOLERANCE);
    }
  });

  it('do not depend on the neighbours in the batch, and have length 1', async () => {
    const text = fc
      .array(fc.constantFrom(...WORDS), { maxLength: 30 })
      .map((words) => words.join(' '));
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 2, maxLength: 12 }), async (texts) => {
        const together = await encoder.embedTexts(texts);
        for (const [i, each] of texts.entries()) {
          const [alone] = await encoder.embedTexts([each]);
          expect(difference(together[i]!, alone!)).toBeLessThanOrEqual(TOLERANCE);
          expect(Math.hypot(...together[i]!)).toBeCloseTo(1, 5);
        }
      }),
      { numRuns: 15 },
    );
  });

  it('are found in the cache by every spelling that the model cannot tell apart', async () => {
    const first = await encoder.embedQuery('compact  Printer', ample());
    const second = await encoder.embedQuery(' COMPACT printer ', ample());
    const other = await encoder.embedQuery('compact printers', ample());
    expect(first.source).toBe('computed');
    expect(second.source).toBe('cached');
    expect(second.vector).toBe(first.vector);
    expect(other.source).toBe('computed');
  });
});

describe('int8', () => {
  it('gives a text the same vector whatever its neighbours, bit for bit', async () => {
    const { dir, reference } = tinyModel('tiny-clip');
    const encoder = await openEncoder({
      modelDir: dir,
      precision: 'int8',
      threads: 1,
      workerFile: WORKER_FILE,
    });
    const texts = reference.map(({ text }) => text);
    const together = await encoder.embedTexts(texts);
    for (const [i, text] of texts.entries()) {
      const { vector } = await encoder.embedQuery(text, ample());
      expect(vector).toEqual(together[i]);
    }
    await encoder.close();
  });
});

describe('an encoder', () => {
  const { dir } = tinyModel('tiny-bert');

  it('embeds a text that 100 requests ask for at once only once', async () => {
    const encoder = await openEncoder({ modelDir: dir, threads: 1, workerFile: WORKER_FILE });
    const embeddings = await Promise.all(
      Array.from({ length: 100 }, async () => encoder.embedQuery('folding lamp', ample())),
    );
    expect(embeddings.map(({ source }) => source).sort()).toEqual([
      'computed',
      ...Array<string>(99).fill('shared'),
    ]);
    expect(new Set(embeddings.map(({ vector }) => vector)).size).toBe(1);
    await encoder.close();
  });

  it('embeds the texts of one batch in order, equal ones once', async () => {
    const encoder = await openEncoder({ modelDir: dir, threads: 2, workerFile: WORKER_FILE });
    const known = await encoder.embedQuery('red lamp', ample());
    const batch = await encoder.embedQueries(['mouse', 'red lamp', 'camera', 'MOUSE'], ample());
    expect(batch.map(({ source }) => source)).toEqual(['computed', 'cached', 'computed', 'shared']);
    expect(batch[1]!.vector).toBe(known.vector);
    expect(batch[3]!.vector).toBe(batch[0]!.vector);
    expect(batch[2]!.vector).toEqual((await encoder.embedQuery('camera', ample())).vector);
    await encoder.close();
  });

  it('counts the product texts that it embeds', async () => {
    const encoder = await openEncoder({ modelDir: dir, threads: 1, workerFile: WORKER_FILE });
    await encoder.embedQuery('a query', ample());
    expect(encoder.status().embeddedProducts).toBe(0);
    await encoder.embedTexts(['a product', 'another']);
    expect(encoder.status().embeddedProducts).toBe(2);
    await encoder.close();
  });

  it('starts nothing for a deadline that has passed', async () => {
    const encoder = await openEncoder({ modelDir: dir, threads: 1, workerFile: WORKER_FILE });
    await expect(encoder.embedQuery('late', Deadline.after(0))).rejects.toMatchObject({
      code: 'deadline_exceeded',
    });
    expect(encoder.status().embeddingCache.misses).toBe(0);
    await encoder.close();
  });

  it('drops what a caller that went away was waiting for', async () => {
    const encoder = await openEncoder({ modelDir: dir, threads: 1, workerFile: WORKER_FILE });
    const busy = encoder.embedQuery('holds the worker', ample());
    const caller = new AbortController();
    const left = encoder.embedQueries(['one', 'two'], ample(), { signal: caller.signal });
    caller.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    expect(encoder.status().embeddingQueued).toBe(0);
    await busy;
    const dropped = encoder.embedQuery('three', ample(), { signal: caller.signal });
    await expect(dropped).rejects.toThrow('gone');
    await encoder.close();
  });

  it('keeps its cache over a restart, and drops it when the file is damaged', async () => {
    await withTempDir(async (folder) => {
      const cacheFile = join(folder, 'deeper', 'embedding-cache');
      const options = { modelDir: dir, threads: 1, workerFile: WORKER_FILE, cacheFile };
      const first = await openEncoder(options);
      const { vector } = await first.embedQuery('kept lamp', ample());
      await first.close();
      const second = await openEncoder(options);
      expect(await second.embedQuery('Kept LAMP', ample())).toEqual({ vector, source: 'cached' });
      await second.close();
      await writeFile(cacheFile, 'something else');
      const third = await openEncoder(options);
      expect((await third.embedQuery('kept lamp', ample())).source).toBe('computed');
      await third.close();
    });
  });

  it('names the file that is wrong', async () => {
    await expect(
      openEncoder({ modelDir: '/does/not/exist', workerFile: WORKER_FILE }),
    ).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('/does/not/exist/onnx/text_model.onnx') as string,
    });
  });

  it('refuses work once it is closed', async () => {
    const encoder = await openEncoder({ modelDir: dir, threads: 1, workerFile: WORKER_FILE });
    await encoder.close();
    await encoder.close();
    await expect(encoder.embedQuery('too late', ample())).rejects.toMatchObject({
      code: 'unavailable',
    });
    await expect(encoder.embedTexts(['too late'])).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});

describe('no model', () => {
  it('is told apart by its dimensions', () => {
    expect(noneModel(4)).toMatchObject({ name: 'none', dimensions: 4 });
    expect(noneModel(4).fingerprint).not.toBe(noneModel(5).fingerprint);
  });
});
