import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DocumentFilter } from '../../src/filter/evaluate.js';
import type { ViewsFound } from '../../src/shard/leaf/views/search-views.js';
import type { ViewRequest } from '../../src/shard/leaf/views/view-request.js';
import { look } from './leaf-fixture.js';
import { facet, filter, goods } from './views-fixture.js';
import { BLOCKS, directionOf, indexOf, textQuery, type Made } from './words-fixture.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'omnisearch-within-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
let n = 0;

const shape = fc.record({ blocks: fc.integer({ min: 1, max: BLOCKS }), merged: fc.boolean() });
const direction = fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined });

test('within a filter all is as if only the rows that match were there', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({ all: goods, how: shape, within: filter }),
      fc.record({ text: textQuery, at: direction, facets: fc.array(facet, { maxLength: 2 }) }),
      async ({ all, how, within }, { text, at, facets }) => {
        const matching = new DocumentFilter(within);
        const alone = all.map((made): Made => {
          return { ...made, isDead: made.isDead || !matching.matches(made.product) };
        });
        const asked = {
          ...{ text, vector: at === undefined ? undefined : directionOf(at) },
          choose: { drop: [...text.slots.keys()].reverse(), nearest: 3 },
          set: { members: new Uint8Array() },
          views: [
            { k: 100, facets },
            { k: 100, group: { field: 'brand', limit: 2 } },
          ],
        };
        const tell = ({ chosen, views }: ViewsFound) => ({
          having: chosen?.having,
          exact: chosen?.exact,
          nearest: chosen?.nearest.map(({ id, score }) => ({ id, score })),
          views: views.map(({ total, facets: counts, groups, hits }) => ({
            ...{ total, counts, sizes: groups?.sizes },
            hits: hits.map(({ id, score }) => ({ id, score })),
          })),
        });
        const lookAt = async (made: readonly Made[], by: Partial<ViewRequest>) => {
          const index = await indexOf(folder, `s${n++}`, made, how);
          try {
            return tell(await look(index, by));
          } finally {
            for (const segment of index.segments) await segment.close();
          }
        };
        expect(await lookAt(all, { ...asked, within })).toEqual(await lookAt(alone, asked));
      },
    ),
    { numRuns: 30 },
  );
});
