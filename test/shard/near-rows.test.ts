import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { idHashes } from '../../src/core/ids.js';
import type { Filter } from '../../src/filter/filter.js';
import type { LeafView } from '../../src/query/result-set.js';
import { RowScores } from '../../src/shard/leaf/views/row-scores.js';
import type { ViewsFound } from '../../src/shard/leaf/views/search-views.js';
import { ANALYZER_VERSION } from '../../src/text/analyzer.js';
import { look } from './leaf-fixture.js';
import { directionOf, indexOf, type Made } from './words-fixture.js';

const IN_STOCK: Filter = { kind: 'in', field: 'in_stock', values: [true] };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'omnisearch-near-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const hitsOf = ({ views }: ViewsFound, view: number) =>
  views[view]?.hits.map(({ id, score }) => ({ id, score }));

test('of a common word rows far from the meaning are told by how near the nearest are, and none of the best is lost', async () => {
  const titles = ['red usb cable', 'cable', 'cable for mouse pad'];
  const all = Array.from({ length: 40_000 }, (_, i): Made => {
    const product = {
      id: `p${i}`,
      title: titles[i % 3] as string,
      category: 'c',
      in_stock: i % 7 < 3,
    };
    return { product, vector: directionOf(i * 0.618), block: i % 2, isDead: i % 50 === 0 };
  });
  const index = await indexOf(folder, 'far', all, { blocks: 3, merged: true });
  const slots = [{ idf: 2, alternatives: [{ words: ['cable'], weight: 1 }] }];
  const text = { slots, analyzer: ANALYZER_VERSION, generation: 0 };
  const vector = directionOf(1);
  const { chosen } = await look(index, { text, vector, choose: { drop: [0], nearest: 200 } });
  const nearest = chosen?.nearest ?? [];
  const beyond = nearest.at(-1)?.score ?? NaN;
  const members = idHashes(nearest.map(({ id }) => id));
  const views: LeafView[] = [{ k: 10 }, { k: 30 }, { k: 10, filter: IN_STOCK }];
  const asked = { text, vector, views, exact: false };
  const scored = vi.spyOn(RowScores.prototype, 'nearly');
  const rowsCompared = (): number =>
    scored.mock.calls.reduce((sum, [rows]) => sum + rows.length, 0);
  const told = await look(index, { ...asked, set: { required: [0], members, beyond } });
  const few = rowsCompared();
  const plain = await look(index, { ...asked, set: { required: [0], members } });
  expect(told.views.map(({ total, more }) => [total, more])).toEqual(
    plain.views.map(({ total, more }) => [total, more]),
  );
  for (const i of views.keys()) expect(hitsOf(told, i)).toEqual(hitsOf(plain, i));
  expect(4 * few).toBeLessThan(rowsCompared() - few);
  scored.mockRestore();
  for (const segment of index.segments) await segment.close();
});
