import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openIngest, type IngestHarness } from '../ingest/harness.js';
import { chunksOf, openImports, type ImportHarness } from './import-harness.js';

let node: IngestHarness;
let imports: ImportHarness;
beforeEach(async () => {
  node = await openIngest();
  imports = openImports(node);
});
afterEach(async () => {
  await imports.runner.close();
  await node.close();
});

const product = (id: string, price = 1) => ({ id, title: `title ${id}`, category: 'Mice', price });
const many = (count: number, price = 1) =>
  Array.from({ length: count }, (_, i) => product(`p${i}`, price));

async function prices(): Promise<Record<string, unknown>> {
  const { entries } = await node.store.readFeed('default', undefined, 10_000);
  const ids = entries.filter(({ deleted }) => !deleted).map(({ id }) => id);
  const found = await node.store.documents('default', ids);
  const pairs = found.map((one) => [one?.product.id ?? '', one?.product['price']] as const);
  return Object.fromEntries<unknown>(pairs);
}

test('a feed is taken, written in the background, and told of', async () => {
  const id = await imports.take([product('a'), product('b'), { id: 'c' }, product('a', 2)]);
  const queued = await imports.desk.get('default', id);
  expect(queued).toMatchObject({ state: 'queued', spooled: { rows: 4, chunks: 1 } });
  expect(await prices()).toEqual({});
  await imports.work();
  expect(await imports.desk.get('default', id)).toMatchObject({
    state: 'done',
    counts: { rows: 4, accepted: 3, unchanged: 0, stale: 0, rejected: 1 },
    error: null,
  });
  expect(await prices()).toEqual({ a: 2, b: 1 });
  const rejected = await imports.desk.rejected('default', id).next();
  expect(JSON.parse(String(rejected.value))).toMatchObject({ line: 3, id: 'c', field: 'title' });
  // Rows are not needed any more.
  const names = (await node.store.spool.list(undefined, 10)).map(({ name }) => name);
  expect(names).toEqual([`${id}.rejected`]);
  expect(await imports.run([product('a', 2), product('b')])).toMatchObject({
    state: 'done',
    counts: { accepted: 2, unchanged: 2 },
  });
});

test('feeds come as NDJSON, JSON and CSV, and as gzip', async () => {
  await imports.takeText(JSON.stringify([product('json')]), 'json');
  await imports.takeText(JSON.stringify(product('object'), null, 2), 'json');
  await imports.takeText('id,title,category,price\ncsv,A title,Mice,3.5\n', 'csv');
  const chunks = chunksOf(gzipSync(`${JSON.stringify(product('gzip'))}\n`));
  const plain = { action: 'upsert', prune: false, dryRun: false } as const;
  await imports.desk.take('default', { format: 'ndjson', chunks }, plain, null);
  await imports.work();
  expect(await prices()).toEqual({ json: 1, object: 1, csv: 3.5, gzip: 1 });
});

test.each([
  ['JSON', 'json', '[{"id": "a", "title": "t", "category": "c"}, {"id": '],
  ['a last line', 'ndjson', '{"id": "a", "title": "t", "category": "c"}\n{"id": "b", "ti'],
  ['a last row', 'csv', 'id,title,category\na,t,c\nb,t'],
] as const)('a feed that is cut off in %s is not taken', async (_, format, text) => {
  await imports.run([product('a'), product('b'), product('c')]);
  const taken = imports.takeText(text, format, { prune: true });
  await expect(taken).rejects.toMatchObject({ code: 'invalid_json' });
  await imports.work();
  expect(Object.keys(await prices()).sort()).toEqual(['a', 'b', 'c']);
  expect(await node.store.spool.list(undefined, 10)).toEqual([]);
  expect(await imports.desk.list('default', undefined, 10)).toHaveLength(1);
});

test('gzip that is cut off is not taken', async () => {
  const packed = gzipSync(
    many(500)
      .map((row) => `${JSON.stringify(row)}\n`)
      .join(''),
  );
  const chunks = chunksOf(packed.subarray(0, packed.length - 20));
  const options = { action: 'upsert', prune: true, dryRun: false } as const;
  const taken = imports.desk.take('default', { format: 'ndjson', chunks }, options, null);
  await expect(taken).rejects.toMatchObject({ code: 'invalid_json' });
  expect(await node.store.spool.list(undefined, 10)).toEqual([]);
});

test('what a complete feed does not have goes, and nothing else', async () => {
  await imports.run(many(100));
  const feed = many(99, 2);
  expect(await imports.run(feed, { prune: true })).toMatchObject({
    state: 'done',
    ...{ toPrune: 1, pruned: 1 },
  });
  expect(Object.keys(await prices())).toHaveLength(99);
  expect((await prices())['p99']).toBeUndefined();
  // The same feed again writes nothing.
  const before = await node.store.head('default');
  expect(await imports.run(feed, { prune: true })).toMatchObject({
    ...{ counts: { unchanged: 99 }, pruned: 0, toPrune: 0 },
  });
  expect(await node.store.head('default')).toEqual(before);
});

test('a product of a rejected row stays', async () => {
  await imports.run(many(10));
  const feed = [...many(9), { id: 'p9', category: 'Mice' }];
  expect(await imports.run(feed, { prune: true })).toMatchObject({
    ...{ state: 'done', pruned: 0, counts: { rejected: 1 } },
  });
  expect(Object.keys(await prices())).toHaveLength(10);
});

test('where a row names no product, pruning has to be confirmed', async () => {
  await imports.run(many(100));
  const text = `${many(99)
    .map((row) => JSON.stringify(row))
    .join('\n')}\n{"id": p99}\n`;
  const id = await imports.takeText(text, 'ndjson', { prune: true });
  await imports.work();
  expect(await imports.desk.get('default', id)).toMatchObject({
    ...{ state: 'waiting_for_confirmation', toPrune: 1 },
  });
});

test('more than a share of the catalogue goes only once that is confirmed', async () => {
  await imports.run(many(100));
  const id = await imports.take(many(50), { prune: true });
  await imports.work();
  const asked = await imports.desk.get('default', id);
  expect(asked).toMatchObject({ state: 'waiting_for_confirmation', toPrune: 50, pruned: 0 });
  expect(Object.keys(await prices())).toHaveLength(100);
  // Until then others write.
  await node.ingest.upsertOne('default', product('p70', 7));
  await node.ingest.upsertOne('default', product('new', 7));
  await imports.desk.confirm('default', id);
  await imports.work();
  expect(await imports.desk.get('default', id)).toMatchObject({ state: 'done', pruned: 49 });
  const left = await prices();
  expect(Object.keys(left)).toHaveLength(52);
  expect(left).toMatchObject({ p70: 7, new: 7 });
  await expect(imports.desk.confirm('default', id)).rejects.toMatchObject({ code: 'conflict' });
});

test('one that waits for its confirmation blocks nothing, and is cancelled by the next that writes', async () => {
  await imports.run(many(100));
  const first = await imports.take(many(50), { prune: true });
  await imports.work();
  const dry = await imports.run(many(100), { dryRun: true, prune: true });
  expect(dry.state).toBe('done');
  expect((await imports.desk.get('default', first)).state).toBe('waiting_for_confirmation');
  expect((await imports.run(many(100), { prune: true })).state).toBe('done');
  expect(await imports.desk.get('default', first)).toMatchObject({
    ...{ state: 'cancelled', error: { code: 'conflict' } },
  });
  await expect(imports.desk.confirm('default', first)).rejects.toMatchObject({ code: 'conflict' });
  await expect(imports.desk.retry('default', first)).rejects.toMatchObject({ code: 'conflict' });
  expect(Object.keys(await prices())).toHaveLength(100);
});

test('a dry run says what would be added, changed, removed and rejected', async () => {
  await imports.run([...many(10), product('gone')]);
  const before = await node.store.head('default');
  const feed = [...many(8), product('p8', 5), product('p9', 5), product('x'), { id: 'y' }];
  const told = await imports.run([...feed, { op: 'delete', id: 'p0' }], {
    ...{ dryRun: true, prune: true },
  });
  expect(told).toMatchObject({
    ...{ state: 'done', toPrune: 1, pruned: 0 },
    counts: { added: 1, changed: 2, deleted: 1, unchanged: 8, rejected: 1 },
  });
  expect(await node.store.head('default')).toEqual(before);
});

test('rows may be for new products alone, or for known ones', async () => {
  await imports.run([product('a')]);
  const created = await imports.run([product('a', 2), product('b', 2)], { action: 'create' });
  expect(created.counts).toMatchObject({ accepted: 1, rejected: 1 });
  const updated = await imports.run([product('a', 3), product('c', 3)], { action: 'update' });
  expect(updated.counts).toMatchObject({ accepted: 1, rejected: 1 });
  expect(await prices()).toEqual({ a: 3, b: 2 });
});

test('imports of a tenant run in the order in which they were taken', async () => {
  const first = await imports.take(many(3, 1));
  const second = await imports.take(many(3, 2), { prune: true });
  const third = await imports.take([product('p0', 3)]);
  await imports.work();
  for (const id of [first, second, third]) {
    expect((await imports.desk.get('default', id)).state).toBe('done');
  }
  expect(await prices()).toEqual({ p0: 3, p1: 2, p2: 2 });
});

test('what others write while an import waits stays as they wrote it', async () => {
  await imports.run(many(4));
  const id = await imports.take(many(2, 5), { prune: true });
  await node.ingest.upsertOne('default', product('p0', 9));
  await node.ingest.remove('default', 'p1');
  await node.ingest.upsertOne('default', product('other', 9));
  await node.ingest.upsertOne('default', product('p3', 9));
  await imports.work();
  const { counts } = await imports.desk.get('default', id);
  expect(counts).toMatchObject({ accepted: 2, stale: 2 });
  await imports.desk.confirm('default', id).catch(() => undefined);
  await imports.work();
  expect(await prices()).toEqual({ p0: 9, other: 9, p3: 9 });
});

test('a cancelled import keeps what it wrote, and goes on when it is tried again', async () => {
  const waiting = await imports.take([product('a')]);
  expect((await imports.desk.cancel('default', waiting)).state).toBe('cancelled');
  await imports.work();
  expect(await prices()).toEqual({});
  await expect(imports.desk.cancel('default', waiting)).rejects.toMatchObject({ code: 'conflict' });
  await imports.desk.retry('default', waiting);
  await imports.work();
  expect((await imports.desk.get('default', waiting)).state).toBe('done');
  expect(await prices()).toEqual({ a: 1 });
  await expect(imports.desk.retry('default', waiting)).rejects.toMatchObject({ code: 'conflict' });
});

test('a running import ends when it is cancelled, and says how much it wrote', async () => {
  const id = await imports.take(many(20_000));
  await imports.runner.tick();
  while ((await imports.desk.get('default', id)).counts.rows === 0) await pause();
  const after = await imports.desk.cancel('default', id);
  expect(after).toMatchObject({ state: 'cancelled', error: null });
  await imports.runner.settled();
  const { counts } = await imports.desk.get('default', id);
  expect(counts.accepted).toBeGreaterThan(0);
  expect(counts.accepted).toBeLessThan(20_000);
  expect((await node.store.usage('default')).products).toBe(counts.accepted);
  await imports.desk.retry('default', id);
  await imports.work();
  expect(await imports.desk.get('default', id)).toMatchObject({
    ...{ state: 'done', counts: { rows: 20_000, accepted: 20_000 } },
  });
});

const results = (): Record<string, number> =>
  Object.fromEntries(imports.runner.figures().counts.results.get('import') ?? []);

test('a suspended tenant takes no import, and one that is suspended meanwhile fails', async () => {
  await imports.run([product('a')]);
  expect(results()).toEqual({ done: 1 });
  const id = await imports.take([product('b')]);
  await node.directory.put('default', (record) => ({ ...record, state: 'suspended' }));
  await expect(imports.take([product('c')])).rejects.toMatchObject({ code: 'suspended' });
  await imports.work();
  expect(await imports.desk.get('default', id)).toMatchObject({
    ...{ state: 'failed', error: { code: 'suspended' } },
  });
  // The run has done what it could: what became of the import is counted apart.
  expect(results()).toEqual({ done: 1, failed: 1 });
  await node.directory.put('default', (record) => ({ ...record, state: 'active' }));
  await imports.desk.retry('default', id);
  await imports.work();
  expect(await prices()).toEqual({ a: 1, b: 1 });
});

test('the spool of a tenant is bounded', async () => {
  imports = openImports(node, { importSpoolBytes: 100_000 });
  await expect(imports.take(many(5_000))).rejects.toMatchObject({ code: 'too_large' });
  await imports.take(many(900));
  await expect(imports.take(many(900))).rejects.toMatchObject({ code: 'overloaded' });
  await imports.work();
  await imports.take(many(900));
  expect(await node.store.spool.list(undefined, 10)).toHaveLength(1);
});

test('old imports go, with what they have in the spool', async () => {
  imports = openImports(node, { importRetentionMs: -1_000 });
  await imports.run([product('a'), { id: 'b' }]);
  const cancelled = await imports.take([product('b')]);
  await imports.desk.cancel('default', cancelled);
  const waiting = await imports.take([product('c')]);
  await imports.clean();
  const left = await imports.desk.list('default', undefined, 10);
  expect(left.map(({ id }) => id)).toEqual([waiting]);
  const spools = await node.store.spool.list(undefined, 10);
  expect(spools.map(({ name }) => name)).toEqual([`${waiting}.rows`]);
});

test('what a broken request left in the spool goes once it has stood still for long', async () => {
  const at = { tenant: 'default', name: '123-abc.rows' };
  await node.store.spool.put(at, 0, Buffer.from('x'));
  for (let i = 0; i < 10; i++) await imports.clean();
  await node.store.spool.put(at, 1, Buffer.from('x'));
  for (let i = 0; i < 14; i++) await imports.clean();
  expect(await node.store.spool.list(undefined, 10)).toHaveLength(1);
  await imports.clean();
  expect(await node.store.spool.list(undefined, 10)).toEqual([]);
});

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
