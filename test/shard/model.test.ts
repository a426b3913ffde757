import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareBytes } from '../../src/core/ids.js';
import { TopK } from '../../src/core/top-k.js';
import { normalise, score } from '../../src/core/vector.js';
import { DocumentFilter } from '../../src/filter/evaluate.js';
import { MATCH_ALL, type Filter } from '../../src/filter/filter.js';
import { shardField } from '../../src/query/listed-field.js';
import type { PriceWrite } from '../../src/store/store.js';
import { DIMENSIONS, MAX_DEAD_SHARE, put, remove, ShardFixture } from './shard-fixture.js';

/** Of some forty operations each; more than CI has time for by this variable. */
const RUNS = Number(process.env['OMNISEARCH_TEST_RUNS'] ?? 8);

/** What the shard must know: a plain map. */
interface Held {
  category: string;
  vector: number[];
  price: number;
}

class Model extends Map<string, Held> {
  /** Products that the store has, of whatever model. */
  readonly stored = new Set<string>();
  /** What a price list says of them. */
  readonly listed = new Map<string, number>();
}

type Operation =
  | { kind: 'put'; id: number; category: number; seed: number; price: number }
  | { kind: 'delete'; id: number }
  | { kind: 'prices'; seed: number; price: number }
  | { kind: 'bulk'; seed: number }
  | { kind: 'embed by another model'; id: number }
  | { kind: 'rest' }
  | { kind: 'restart' }
  | { kind: 'lose files' }
  | { kind: 'flip a byte'; which: number; at: number }
  | { kind: 'move away and back'; category: number }
  | { kind: 'check'; seed: number; price: number };

const LIST = 1;
/** The field by which a shard knows the price of the list. */
const LISTED = shardField('price', LIST);
const CATEGORIES = ['Mice', 'Shoes', 'Pans', 'Toys'];
const id = fc.integer({ min: 0, max: 60 });
const seed = fc.integer({ min: 1, max: 1_000_000 });
const category = fc.integer({ min: 0, max: CATEGORIES.length - 1 });
const price = fc.integer({ min: 0, max: 9 });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('put'), id, category, seed, price }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('delete'), id }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('bulk'), seed }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('prices'), seed, price }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('embed by another model'), id }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rest') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('restart') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose files') }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('flip a byte'), which: fc.nat(), at: fc.nat() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('move away and back'), category }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('check'), seed, price }) },
);

test(
  'a shard equals a map and a brute-force scan, whatever happens to it',
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { minLength: 20, maxLength: 60 }),
        async (operations) => {
          const shard = await ShardFixture.open();
          const model = new Model();
          try {
            for (const name of CATEGORIES) await shard.place(name);
            for (const one of operations) await apply(one, shard, model);
            await apply({ kind: 'restart' }, shard, model);
            await apply({ kind: 'rest' }, shard, model);
            await check(shard, model, 3, MATCH_ALL);
          } finally {
            await shard.close();
          }
        },
      ),
      { numRuns: RUNS, seed: 20_261_121, endOnFailure: true },
    );
  },
  60_000 + RUNS * 5_000,
);

async function apply(one: Operation, shard: ShardFixture, model: Model): Promise<void> {
  switch (one.kind) {
    case 'put':
      return upsert(shard, model, [[one.id, one.category, one.seed, one.price]]);
    case 'delete':
      model.delete(`p${one.id}`);
      model.stored.delete(`p${one.id}`);
      model.listed.delete(`p${one.id}`);
      return shard.write([remove(`p${one.id}`)]);
    case 'bulk':
      return upsert(
        shard,
        model,
        Array.from({ length: 40 }, (_, i) => [
          (one.seed + i * 7) % 150,
          (one.seed >> (i % 8)) % CATEGORIES.length,
          one.seed + i,
          i % 10,
        ]),
      );
    case 'prices':
      return reprice(shard, model, one.seed, one.price);
    case 'embed by another model': {
      model.delete(`p${one.id}`);
      model.stored.add(`p${one.id}`);
      const write = put(`p${one.id}`, CATEGORIES[0] as string, vectorOf(one.id));
      return shard.write([{ ...write, model: 'another' } as typeof write]);
    }
    case 'rest':
      return rest(shard);
    case 'restart':
      await shard.restart();
      return shard.settle();
    case 'lose files':
      await shard.restart((folder) => rmSync(folder, { recursive: true, force: true }));
      return shard.settle();
    case 'flip a byte':
      await shard.restart(() => flipByte(shard, one.which, one.at));
      return shard.settle();
    case 'move away and back':
      await shard.move(CATEGORIES[one.category] as string, 's2');
      await shard.settle();
      await shard.move(CATEGORIES[one.category] as string, 's1');
      return shard.settle();
    case 'check':
      await check(shard, model, one.seed, MATCH_ALL);
      for (const field of ['price', LISTED]) {
        const filter: Filter = { kind: 'range', field, op: 'lte', value: one.price };
        await check(shard, model, one.seed, filter);
      }
      return;
  }
}

/** Left alone, a shard gets rid of dead rows beyond their share, and of files it does not need. */
async function rest(shard: ShardFixture): Promise<void> {
  await shard.untilSaved(async (manifest) => {
    const { documents } = shard.node.status();
    const rows = manifest?.segments.reduce((sum, segment) => sum + segment.rows, 0) ?? 0;
    const spare = shard.files(/./).filter((file) => !shard.namedFiles().includes(file));
    return rows * (1 - MAX_DEAD_SHARE) <= documents && spare.length === 0;
  });
}

/** Some ten prices of a list, of products that may not be there. */
async function reprice(
  shard: ShardFixture,
  model: Model,
  first: number,
  value: number,
): Promise<void> {
  const writes = Array.from({ length: 10 }, (_, i): PriceWrite => {
    const name = `p${(first + i * 11) % 150}`;
    const isOut = (first + i) % 5 === 0;
    if (isOut) model.listed.delete(name);
    else if (model.stored.has(name)) model.listed.set(name, (value + i) % 10);
    const entry = isOut ? undefined : { price: (value + i) % 10 };
    return { op: 'price', id: name, list: LIST, entry };
  });
  await shard.write(writes);
}

async function upsert(shard: ShardFixture, model: Model, rows: number[][]): Promise<void> {
  const writes = rows.map(([n, categoryIndex, vectorSeed, value]) => {
    const held: Held = {
      category: CATEGORIES[categoryIndex as number] as string,
      vector: vectorOf(vectorSeed as number),
      price: value as number,
    };
    model.set(`p${String(n)}`, held);
    model.stored.add(`p${String(n)}`);
    return put(`p${String(n)}`, held.category, held.vector, { price: held.price });
  });
  await shard.write(writes);
}

async function check(
  shard: ShardFixture,
  model: Model,
  querySeed: number,
  filter: Filter,
): Promise<void> {
  const query = vectorOf(querySeed + 17);
  const unit = normalise(query) as Float32Array;
  const truth = new TopK<{ id: string; score: number }>(1_000);
  for (const [held, { category: name, vector, price: value }] of model) {
    const listed = model.listed.get(held) ?? value;
    const product = { id: held, title: held, category: name, price: value, [LISTED]: listed };
    if (!new DocumentFilter(filter).matches(product)) continue;
    truth.offer({ id: held, score: score(unit, normalise(vector) as Float32Array) });
  }
  const expected = truth.sorted();
  const found = await untilReady(() => shard.search(query, { filter }));
  expect(found.refused).toEqual([]);
  expect(found.hits.ids).toEqual(expected.map((hit) => hit.id));
  expect(found.hits.scores.vector).toEqual(expected.map((hit) => hit.score));

  const graph = await shard.search(query, { filter, exact: false, k: 5 });
  const best = new Set(expected.slice(0, 5).map((hit) => hit.id));
  const right = graph.hits.ids.filter((one) => best.has(one)).length;
  expect(right).toBeGreaterThanOrEqual(best.size - 1);
  expect([...graph.hits.ids].sort(compareBytes)).toHaveLength(best.size);
}

/** A partition that has just come back is not ready until it was read again. */
async function untilReady<T extends { refused: unknown[] }>(search: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    const reply = await search();
    if (reply.refused.length === 0 || attempt > 200) return reply;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function flipByte(shard: ShardFixture, which: number, at: number): void {
  const files = shard.files(/segment-|manifest|deletes|prices/);
  const file = files[which % Math.max(1, files.length)];
  if (file === undefined) return;
  const content = readFileSync(file);
  const place = at % content.length;
  content[place] = (content[place] as number) ^ (1 << (at % 8));
  writeFileSync(file, content);
}

/** A few directions repeat, so that equal scores happen. */
function vectorOf(vectorSeed: number): number[] {
  let state = vectorSeed % 400;
  return Array.from({ length: DIMENSIONS }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state % 1_000) - 500;
  });
}
