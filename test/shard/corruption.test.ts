import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { randomVector, seeded } from '../e2e/catalogue.js';
import { graphOf } from '../../src/shard/index/segment-record.js';
import { DIMENSIONS, put, ShardFixture, textOf } from './shard-fixture.js';

const FLIPS = 60;
const CATEGORIES = ['Mice', 'Shoes', 'Pans'];

test('60 flipped bytes in the files of a shard: each is found, none served, all is rebuilt', async () => {
  const shard = await ShardFixture.open();
  const random = seeded(7);
  const flips = new Map<string, number>();
  try {
    for (const category of CATEGORIES) await shard.place(category);
    const products = Array.from({ length: 150 }, (_, i) => {
      const category = CATEGORIES[i % CATEGORIES.length] as string;
      return put(`p${i}`, category, randomVector(random, DIMENSIONS), {
        title: `usb ${i % 3 === 0 ? 'mouse' : 'cable'} ${i}`,
        price: i % 7,
      });
    });
    await shard.write(products);
    const query = randomVector(random, DIMENSIONS);
    const cheap = { kind: 'range', field: 'price', op: 'lt', value: 3 } as const;
    const mice = { text: textOf('usb', 'mouse'), required: [0] };
    const search = async () => [
      (await shard.search(query)).hits,
      (await shard.search(query, { filter: cheap })).hits,
      (await shard.search(query, mice)).hits,
    ];
    const found = await search();
    expect(found.map(({ ids }) => ids.length)).toEqual([150, 66, 150]);

    for (let flip = 0; flip < FLIPS; flip++) {
      await shard.untilSaved(
        (manifest) => manifest?.segments.some((segment) => graphOf(segment, 'all')) ?? false,
      );
      shard.log.length = 0;
      await shard.restart(() => flipOneByte(shard.namedFiles(), flips, random));
      await shard.settle();
      // Vectors are compared once they are open.
      await expect.poll(() => shard.log.join()).toMatch(/discarded.*, rebuilding/);
      await shard.settle();
      expect(await search()).toEqual(found);
    }
    // Every kind of file had its turn.
    const every = ['bits', 'columns.bin', 'columns.dir', 'graph', 'manifest.json', 'rows.bin'];
    const words = ['sequence.bin', 'terms.bin', 'terms.dir', 'types.bin'];
    expect([...flips.keys()].sort()).toEqual([
      ...every,
      ...words,
      'vectors-text.crc',
      'vectors-text.f32',
    ]);
  } finally {
    await shard.close();
  }
}, 240_000);

/** In a file of the kind that had the fewest so far: not every kind is there each time. */
function flipOneByte(
  files: readonly string[],
  flips: Map<string, number>,
  random: () => number,
): void {
  const flipsOf = (kind: string): number => flips.get(kind) ?? 0;
  const kinds = [...new Set(files.map(kindOf))].sort((a, b) => flipsOf(a) - flipsOf(b));
  const [kind = ''] = kinds;
  flips.set(kind, flipsOf(kind) + 1);
  const those = files.filter((file) => kindOf(file) === kind);
  const file = those[Math.floor(random() * those.length)] as string;
  const content = readFileSync(file);
  const at = Math.floor(random() * content.length);
  content[at] = (content[at] as number) ^ (1 << Math.floor(random() * 8));
  writeFileSync(file, content);
}

function kindOf(file: string): string {
  return basename(file).replace(/^(deletes-.*|all|c\d+)\./, '');
}
