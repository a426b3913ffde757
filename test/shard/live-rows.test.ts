import { expect, test } from 'vitest';
import { forEachLiveRow } from '../../src/shard/index/live-rows.js';
import { WriteBuffer } from '../../src/shard/index/write-buffer.js';
import type { TenantIndex } from '../../src/shard/index/tenant-index.js';
import { append, newIndex } from './indexed.js';

const ROWS = 3_000;

/** An index with a block whose rows may lie in another one by now. */
function indexOf(): { index: TenantIndex; block: WriteBuffer; elsewhere: Map<string, number> } {
  const block = new WriteBuffer(2);
  const vector = new Float32Array([1, 0]);
  for (let i = 0; i < ROWS; i++)
    append(block, { id: `p${i}`, title: 't', category: 'c' }, i, vector);
  const elsewhere = new Map<string, number>();
  const index = Object.assign(newIndex(2), {
    blocks: () => [block],
    heldVersion: (id: string) => elsewhere.get(id),
  });
  return { index, block, elsewhere };
}

test('rows that are moved into another block while they are gone through are visited, those that died are not', async () => {
  const { index, block, elsewhere } = indexOf();
  block.kill(7);
  const visited = new Set<number>();
  let slices = 0;
  await forEachLiveRow(
    index,
    (_, row) => visited.add(row),
    async () => {
      slices += 1;
      if (slices > 1) return;
      for (const row of [2_500, 2_600, 2_700]) block.kill(row);
      elsewhere.set('p2600', 2_600);
      // Another version of it was written meanwhile: that is another row.
      elsewhere.set('p2700', 9_999);
    },
  );
  expect(visited.size).toBe(ROWS - 3);
  expect([7, 2_500, 2_600, 2_700].filter((row) => visited.has(row))).toEqual([2_600]);
});
