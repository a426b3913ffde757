import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { graphOf } from '../../src/shard/index/segment-record.js';
import { randomVector, seeded } from '../e2e/catalogue.js';
import { DIMENSIONS, put, ShardFixture, type LookReply } from './shard-fixture.js';

const ROWS = 150;
const CHEAP = { kind: 'range', field: 'price', op: 'lt', value: 3 } as const;
const random = seeded(7);
const query = randomVector(random, DIMENSIONS);

let shard: ShardFixture;
let next = 0;

beforeEach(async () => {
  shard = await ShardFixture.open();
  for (const category of ['Mice', 'Shoes']) await shard.place(category);
  next = 0;
  await write(ROWS);
  await shard.untilSaved(
    (manifest) => manifest?.segments.some((one) => graphOf(one, 'all')) ?? false,
  );
});
afterEach(() => shard.close());

async function write(count: number): Promise<void> {
  const rows = Array.from({ length: count }, () => {
    const i = next++;
    const category = i % 2 === 0 ? 'Mice' : 'Shoes';
    return put(`p${i}`, category, randomVector(random, DIMENSIONS), { price: i % 7 });
  });
  await shard.write(rows);
}

/** How many of what was written are cheap. */
const cheap = (): number =>
  Array.from({ length: next }, (_, i) => i % 7).filter((p) => p < 3).length;

/** Whatever an answer does not name as missing, it has. */
async function searchUntilWhole(): Promise<LookReply> {
  for (let attempt = 0; attempt < 400; attempt++) {
    const reply = await shard.search(query, { filter: CHEAP }).catch(() => undefined);
    if (reply?.refused.length === 0) return reply;
    await sleep(25);
  }
  throw new Error(`it never healed: ${shard.log.join('\n')}`);
}

/** In place, so that whoever has it open sees it. */
function damage(file: string): void {
  const content = readFileSync(file);
  for (let at = 0; at < content.length; at += 3) content[at] = (content[at] as number) ^ 0x55;
  writeFileSync(file, content);
}

test('columns damaged while the shard serves: the first read of one heals them', async () => {
  for (const file of shard.files(/columns\.bin$/)) damage(file);
  const { hits } = await searchUntilWhole();
  expect(hits.ids).toHaveLength(cheap());
  expect(shard.log.join()).toContain('discarded while running');
  // It goes on as if nothing had been.
  await write(60);
  expect((await searchUntilWhole()).hits.ids).toHaveLength(cheap());
});

test("a segment's folder gone while the shard serves: builds find it and go on", async () => {
  const gone = new Set(shard.files(/rows\.bin$/).map(dirname));
  for (const folder of gone) rmSync(folder, { recursive: true });
  for (let i = 0; i < 8; i++) {
    await write(40);
    expect((await searchUntilWhole()).hits.ids).toHaveLength(cheap());
  }
  const names = [...gone].map((folder) => basename(folder));
  await shard.untilSaved(
    (manifest) => manifest?.segments.every(({ folder }) => !names.includes(folder)) ?? false,
  );
  await shard.restart();
  await shard.settle();
  expect((await searchUntilWhole()).hits.ids).toHaveLength(cheap());
});

test('a damaged graph is built anew from the vectors, its rows scanned until then', async () => {
  const [damaged] = shard.files(/all\.graph$/);
  if (damaged === undefined) throw new Error('there is no graph');
  await shard.restart(() => damage(damaged));
  await shard.settle();
  expect(shard.log.join()).toContain('a graph is damaged');
  // Nothing was lost: no row was read again.
  expect(shard.log.join()).not.toContain('segment discarded');
  expect((await searchUntilWhole()).hits.ids).toHaveLength(cheap());
  const folder = basename(dirname(damaged));
  await shard.untilSaved(
    (manifest) => manifest?.segments.every((one) => one.folder !== folder) ?? false,
  );
  expect(shard.files(/all\.graph$/).length).toBeGreaterThan(0);
});

test('a manifest that is a folder, a segment that is a file, a folder that is a file: all is rebuilt', async () => {
  const manifest = (): string => shard.files(/manifest\.json$/)[0] as string;
  const replaced: ((file: string) => void)[] = [
    (file) => {
      rmSync(file);
      mkdirSync(join(file, 'inside'), { recursive: true });
    },
    (file) => {
      const folder = dirname(shard.files(/rows\.bin$/)[0] as string);
      rmSync(folder, { recursive: true });
      writeFileSync(folder, 'no folder');
      expect(basename(file)).toBe('manifest.json');
    },
    (file) => {
      rmSync(dirname(file), { recursive: true });
      writeFileSync(dirname(file), 'no folder');
    },
  ];
  for (const replace of replaced) {
    await shard.untilSaved((saved) => saved?.segments.some((one) => graphOf(one, 'all')) ?? false);
    const file = manifest();
    await shard.restart(() => replace(file));
    await shard.settle();
    expect((await searchUntilWhole()).hits.ids).toHaveLength(cheap());
  }
});
