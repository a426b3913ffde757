import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { randomVector, seeded } from '../e2e/catalogue.js';
import { graphOf } from '../../src/shard/index/segment-record.js';
import { DIMENSIONS, put, ShardFixture } from './shard-fixture.js';

const FLIPS = 100;
const CATEGORIES = ['Mice', 'Shoes', 'Pans'];

test('100 flipped bytes in the files of a shard: each is found, none served, all is rebuilt', async () => {
  const shard = await ShardFixture.open();
  const random = seeded(7);
  const kinds = new Set<string>();
  try {
    for (const category of CATEGORIES) await shard.place(category);
    const products = Array.from({ length: 150 }, (_, i) => {
      const category = CATEGORIES[i % CATEGORIES.length] as string;
      return put(`p${i}`, category, randomVector(random, DIMENSIONS), { price: i % 7 });
    });
    await shard.write(products);
    const query = randomVector(random, DIMENSIONS);
    const cheap = { kind: 'range', field: 'price', op: 'lt', value: 3 } as const;
    const [all, some] = [await shard.search(query), await shard.search(query, { filter: cheap })];
    expect([all.hits.ids.length, some.hits.ids.length]).toEqual([150, 66]);

    for (let flip = 0; flip < FLIPS; flip++) {
      await shard.untilSaved(
        (manifest) => manifest?.segments.some((segment) => graphOf(segment, 'all')) ?? false,
      );
      shard.log.length = 0;
      await shard.restart(() => kinds.add(flipOneByte(shard.namedFiles(), random)));
      await shard.settle();
      expect(shard.log.join()).toMatch(/discarded, rebuilding/);
      expect((await shard.search(query)).hits).toEqual(all.hits);
      expect((await shard.search(query, { filter: cheap })).hits).toEqual(some.hits);
    }
    // Every kind of file had its turn.
    const every = ['bits', 'columns.bin', 'columns.dir', 'graph', 'manifest.json', 'rows.bin'];
    expect([...kinds].sort()).toEqual([...every, 'vectors-text.f32']);
  } finally {
    await shard.close();
  }
});

/** Returns the kind of file it was. */
function flipOneByte(files: readonly string[], random: () => number): string {
  const file = files[Math.floor(random() * files.length)] as string;
  const content = readFileSync(file);
  const at = Math.floor(random() * content.length);
  content[at] = (content[at] as number) ^ (1 << Math.floor(random() * 8));
  writeFileSync(file, content);
  return basename(file).replace(/^(deletes-.*|all|c\d+)\./, '');
}
