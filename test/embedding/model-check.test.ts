import { writeFile, cp } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkModel } from '../../src/embedding/model-check.js';
import { tinyModel, withTempDir } from './harness.js';

describe('checking a model', () => {
  it.each(['tiny-clip', 'tiny-bert'] as const)('compares %s with its reference', async (name) => {
    const { dir, reference } = tinyModel(name);
    const report = await checkModel(dir);
    expect(report.dimensions).toBe(reference[0]!.vector.length);
    expect(report.reference?.texts).toBe(reference.length);
    expect(report.reference?.greatestDifference).toBeLessThanOrEqual(1e-5);
    // Above 0.999 where the processor adds int8 products in 32 bits; without that (VNNI), sums of two
    // saturate at 16.
    expect(report.int8?.leastCosine).toBeGreaterThan(0.99);
    expect(report.batchTextsPerSecond).toBeGreaterThan(0);
  });

  it('sees vectors that are not the reference', async () => {
    await withTempDir(async (parent) => {
      const { dir, reference } = tinyModel('tiny-bert');
      const copy = join(parent, 'copy');
      await cp(dir, copy, { recursive: true });
      const rows = [
        { text: 'a', vector: reference[5]!.vector },
        { text: 'b', vector: [...reference[0]!.vector, 1] },
      ];
      await writeFile(join(copy, 'reference.json'), JSON.stringify(rows));
      const { reference: compared } = await checkModel(copy);
      expect(compared?.greatestDifference).not.toBeLessThanOrEqual(1e-4);
    });
  });
});
