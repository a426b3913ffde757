import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { normalise } from '../../src/core/vector.js';
import { firstPartition } from '../../src/placement/partition.js';
import { shardField } from '../../src/query/listed-field.js';
import { vectorBytes, type LeafQuery } from '../../src/query/leaf-query.js';
import type { ProductWrite } from '../../src/store/store.js';
import { randomVector, seeded } from '../e2e/catalogue.js';
import { place } from '../store/place.js';
import { PeerShards, TENANT } from './peer-shards.js';
import { DIMENSIONS, put, remove, textOf, type LookReply } from './shard-fixture.js';

const CATEGORIES = ['Mice', 'Pans', 'Shoes'] as const;
const ROWS = 300;
const WORDS = ['red', 'green', 'usb', 'cable'];

let shards: PeerShards;
let random: () => number;
beforeEach(async () => {
  random = seeded(7);
  shards = await PeerShards.open();
  await place(
    shards.store,
    TENANT,
    CATEGORIES.map((category) => firstPartition(category, ['s1'])),
  );
  await shards.start('s1');
});
afterEach(() => shards.close());

const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;

function product(id: string, category: string = pick(CATEGORIES)): ProductWrite {
  const title = `${pick(WORDS)} ${pick(WORDS)}`;
  const fields = { title, price: Math.floor(random() * 20), tags: [pick(['a', 'b', 'c'])] };
  return put(id, category, randomVector(random, DIMENSIONS), fields);
}

/** What a price list says of a product, or that it says nothing any more. */
function price(id: string): ProductWrite {
  const entry = random() < 0.2 ? undefined : { price: Math.floor(random() * 20) };
  return { op: 'price', id, list: 1 + Math.floor(random() * 2), entry };
}

async function fill(rows = ROWS, category?: string): Promise<void> {
  const ids = Array.from({ length: rows }, (_, i) => `${category ?? ''}p${i}`);
  await shards.store.write(
    TENANT,
    ids.map((id) => product(id, category)),
  );
  await shards.store.write(TENANT, ids.filter((_, i) => i % 3 === 0).map(price));
  await shards.settle('s1');
}

/** Upserts, deletes, and products that move to another category. */
async function churn(): Promise<void> {
  const ids = new Set(Array.from({ length: 8 }, () => `p${Math.floor(random() * ROWS * 1.1)}`));
  const writes = [...ids].map((id) => {
    if (random() < 0.4) return price(id);
    return random() < 0.4 ? remove(id) : product(id);
  });
  await shards.store.write(TENANT, writes);
  for (const node of shards.nodes.values()) node.nudge(TENANT);
}

function queries(): LeafQuery[] {
  const vector = vectorBytes(normalise(randomVector(random, DIMENSIONS)) as Float32Array);
  const facets = [{ field: 'tags' }, { field: 'category' }];
  const below = { kind: 'range', field: 'price', op: 'lt', value: 9 } as const;
  const listed = shardField('price', 1);
  const belowInList = { ...below, field: listed };
  const byList = [{ field: shardField('price', 2), order: 'asc' as const }];
  const text = textOf('red', 'usb');
  const set = { required: [0], members: new Uint8Array() };
  return [
    { vector, exact: true, views: [{ k: 1_000, facets }] },
    { vector, exact: true, views: [{ k: 1_000, facets, filter: below }] },
    { vector, text, set, exact: true, views: [{ k: 1_000, facets }] },
    { exact: true, views: [{ k: 1_000, facets, sort: [{ field: 'price', order: 'asc' }] }] },
    { exact: true, views: [{ k: 1_000, facets: [{ field: listed }], filter: belowInList }] },
    { exact: true, views: [{ k: 1_000, facets, sort: byList }] },
  ];
}

/** Without how a shard's own dictionaries number what is found. */
function found({ hits, views }: LookReply): object {
  const { ids, versions, scores } = hits;
  return { ids, versions, scores, views: views.map(({ total, facets }) => ({ total, facets })) };
}

/** Both answer everything alike. */
async function expectSame(a: string, b: string): Promise<void> {
  for (const query of queries()) {
    const [one, other] = [await shards.search(a, query), await shards.search(b, query)];
    expect(one.refused).toEqual([]);
    expect(one.matches).toBeGreaterThan(0);
    expect(found(one)).toEqual(found(other));
  }
  expect(await shards.countWords(a, WORDS)).toEqual(await shards.countWords(b, WORDS));
}

/** Pages of the feed that were read from its start. */
function readsFromStart(): () => number {
  const pages = vi.spyOn(shards.store, 'readFeed');
  return () => pages.mock.calls.filter(([, after]) => after === undefined).length;
}

const copied = (shard: string): number => shards.ranges.get(shard) ?? 0;
const warnings = (): string[] => shards.log.filter((line) => line.includes('no peer gave'));

test('a node with nothing of a tenant is built from the files of one that serves it, and follows from there', async () => {
  await fill();
  await shards.untilSealed('s1', ROWS / 2);
  const fromStart = readsFromStart();
  shards.onRange = async (range, _, count) => {
    if (count % 6 === 0) await churn();
    return range;
  };
  await shards.build(CATEGORIES, 's2');
  await shards.start('s2');
  await shards.settle('s2');
  expect(copied('s2')).toBeGreaterThan(0);
  expect(fromStart()).toBe(0);
  await shards.build(CATEGORIES, 's3');
  await shards.start('s3', 0);
  await shards.settle('s1', 's2', 's3');
  expect(copied('s3')).toBe(0);
  await expectSame('s2', 's3');
  await expectSame('s1', 's2');
  // Whatever it copied, it starts from its own files.
  await shards.untilSealed('s2', ROWS / 2);
  await shards.stop('s2');
  await shards.start('s2');
  await shards.settle('s2', 's3');
  await expectSame('s2', 's3');
  expect(warnings()).toEqual([]);
});

test.each([1, 2, 3])(
  'a partition that comes to a node beside others is copied while products move and go, seed %i',
  async (seed) => {
    random = seeded(seed);
    await fill();
    await shards.untilSealed('s1', ROWS / 2);
    await shards.build(['Mice'], 's2');
    await shards.start('s2', 0);
    await shards.settle('s2');
    // From here on it copies, and holds Mice already.
    await shards.stop('s2');
    await shards.start('s2');
    await shards.settle('s2');
    shards.onRange = async (range, _, count) => {
      if (count % 6 === 0) await churn();
      return range;
    };
    const fromStart = readsFromStart();
    await shards.build(['Pans', 'Shoes'], 's2');
    for (let i = 0; i < 20; i++) await churn();
    await shards.settle('s2');
    expect(copied('s2')).toBeGreaterThan(0);
    expect(fromStart()).toBe(0);
    await shards.build(CATEGORIES, 's3');
    await shards.start('s3', 0);
    await shards.settle('s1', 's2', 's3');
    await expectSame('s2', 's3');
    expect(warnings()).toEqual([]);
  },
);

test('rows of other partitions are copied as deleted: they are neither found nor counted', async () => {
  await fill();
  await shards.untilSealed('s1', ROWS / 2);
  await shards.build(['Mice', 'Pans'], 's2', 's3');
  await shards.start('s2');
  await shards.start('s3', 0);
  await shards.settle('s2', 's3');
  expect(copied('s2')).toBeGreaterThan(0);
  await expectSame('s2', 's3');
  const { documents } = shards.nodes.get('s2')?.status() ?? {};
  expect(documents).toBe(shards.nodes.get('s3')?.status().documents);
});

test('where less than half of the rows is wanted, the store is read', async () => {
  await fill();
  await shards.untilSealed('s1', ROWS / 2);
  await shards.build(['Mice'], 's2', 's3');
  await shards.start('s2');
  await shards.start('s3', 0);
  await shards.settle('s2', 's3');
  expect(copied('s2')).toBe(0);
  await expectSame('s2', 's3');
});

test('a byte that was flipped on its way is noticed: the store is read, and nothing is left of the copy', async () => {
  await fill();
  await shards.untilSealed('s1', ROWS / 2);
  shards.onRange = (range, _, count) => {
    if (count !== 3) return range;
    const flipped = Uint8Array.from(range);
    flipped[range.byteLength >> 1] = (flipped[range.byteLength >> 1] as number) ^ 1;
    return flipped;
  };
  await shards.build(CATEGORIES, 's2', 's3');
  await shards.start('s2');
  await shards.start('s3', 0);
  await shards.settle('s2', 's3');
  expect(warnings()).toHaveLength(1);
  expect(warnings()[0]).toContain('another checksum');
  await expectSame('s2', 's3');
});

test('a peer that ends midway costs nothing but time: the store is read', async () => {
  await fill();
  await shards.untilSealed('s1', ROWS / 2);
  let ending: Promise<void> | undefined;
  shards.onRange = (range, _, count) => {
    if (count === 3) ending = shards.stop('s1');
    return range;
  };
  await shards.build(CATEGORIES, 's2', 's3');
  await shards.start('s2');
  await shards.start('s3', 0);
  await shards.settle('s2', 's3');
  await ending;
  expect(warnings()).toHaveLength(1);
  await expectSame('s2', 's3');
});

test('a node that is stopped while it copies leaves nothing behind, and begins anew', async () => {
  await fill();
  await shards.untilSealed('s1', ROWS / 2);
  let reached: () => void = () => undefined;
  const third = new Promise<void>((resolve) => (reached = resolve));
  let goOn: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (goOn = resolve));
  shards.onRange = async (range, _, count) => {
    if (count === 3) reached();
    if (count >= 3) await held;
    return range;
  };
  await shards.build(CATEGORIES, 's2', 's3');
  await shards.start('s2');
  const waiting = shards.untilApplied(['s2']).catch(() => 'stopped');
  await third;
  expect(shards.folders('s2')).not.toEqual([]);
  const stopped = shards.stop('s2');
  goOn();
  await stopped;
  expect(await waiting).toBe('stopped');
  expect(shards.folders('s2')).toEqual([]);
  shards.onRange = (range) => range;
  await shards.start('s2');
  await shards.start('s3', 0);
  await shards.settle('s2', 's3');
  await expectSame('s2', 's3');
});

test('what is offered stays while the peer merges it, until the offer ends', async () => {
  await fill();
  await shards.untilSealed('s1', ROWS / 2);
  const node = shards.nodes.get('s1');
  const { transfer, manifest } =
    node?.offer({ type: 'offer', tenant: TENANT, generation: 0 }) ?? {};
  if (node === undefined || transfer === undefined || manifest === undefined) throw new Error();
  const { segments } = JSON.parse(manifest) as { segments: { folder: string }[] };
  const folders = segments.map(({ folder }) => folder);
  const isThere = (): boolean =>
    folders.every((folder) => shards.folders('s1').some((name) => name.endsWith(folder)));
  const merge = async (): Promise<void> => {
    await shards.store.write(
      TENANT,
      Array.from({ length: ROWS }, (_, i) => product(`p${i}`)),
    );
    await shards.settle('s1');
  };
  const isCurrent = (): boolean =>
    folders.every((folder) => JSON.stringify(shards.manifest('s1') ?? '').includes(folder));
  for (let i = 0; i < 20 && isCurrent(); i++) await merge();
  expect(isCurrent()).toBe(false);
  expect(isThere()).toBe(true);
  node.files.end(transfer);
  for (let i = 0; i < 20 && isThere(); i++) await merge();
  expect(isThere()).toBe(false);
});
