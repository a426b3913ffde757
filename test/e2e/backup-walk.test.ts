import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freePorts } from './topology.js';
import { stepsOf } from './walk-steps.js';
import { Walker } from './walker.js';

test(
  'the walk of the README through backups: each step says what it did, and the shop finds the same in the end',
  { timeout: 300_000 },
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'omnisearch-walk-'));
    const [port] = await freePorts(1);
    const walker = new Walker(`http://127.0.0.1:${port}`, join(dir, 'data'), [
      ['shards/', `${dir}/`],
    ]);
    try {
      const found: string[] = [];
      const printed: string[] = [];
      for (const step of stepsOf('Backups')) {
        const text = await walker.take(step);
        const [words = []] = step.commands;
        if (words.includes('search')) found.push(namesIn(text));
        if (words.includes('backup') || words.includes('restore')) printed.push(text);
      }
      expect(printed).toEqual([
        expect.stringMatching(/: all of 1 tenants, 3110 products/),
        expect.stringMatching(/: changes since .* 0 products, 0 deletes/),
        expect.stringMatching(/^whole: /),
        expect.stringMatching(/3110 products written/),
        expect.stringMatching(/3110 products written/),
      ]);
      expect(found).toHaveLength(2);
      expect(found[0]).toContain('Headphones');
      expect(found[1]).toBe(found[0]);
    } finally {
      await walker.stop();
      rmSync(dir, { recursive: true, force: true });
    }
  },
);

/** Without what differs from one answer to the next. */
function namesIn(table: string): string {
  return table
    .split('\n')
    .filter((line) => /headphone/i.test(line))
    .join('\n');
}
