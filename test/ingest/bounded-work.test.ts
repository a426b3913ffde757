import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { invalidField, OmniError } from '../../src/core/errors.js';
import type { JsonObject, JsonValue } from '../../src/core/product.js';
import { Ingest } from '../../src/ingest/ingest.js';
import type { IncomingRow } from '../../src/ingest/incoming-row.js';
import { TenantBounds } from '../../src/ingest/tenant-bounds.js';
import type { WriteReport } from '../../src/ingest/write-report.js';
import { openIngest, type IngestHarness } from './harness.js';

let node: IngestHarness;
afterEach(async () => {
  vi.restoreAllMocks();
  await node.close();
});

const product = (id: string, more: JsonObject = {}): JsonObject => ({
  id,
  title: `title ${id}`,
  category: 'c',
  ...more,
});
const rowsOf = (values: readonly JsonValue[]): IncomingRow[] =>
  values.map((value, i) => ({ line: i + 1, bytes: 0, value }));

/** A clock that only goes on when it is read: slices end after so many looks, on any machine. */
function countingClock(): void {
  let nowMs = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (nowMs += 0.01));
}

/** Turns that others had while `work` ran. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let turns = 0;
  let isDone = false;
  const done = work.finally(() => (isDone = true));
  while (!isDone) {
    await nextTurn();
    turns += 1;
  }
  await done;
  return turns;
}

describe('rejected rows give the loop away like accepted ones', () => {
  async function sendJson(text: string): Promise<WriteReport> {
    const products = await node.ingest.json(Buffer.from(text));
    if (!('rows' in products)) throw new Error('not a list');
    return node.ingest.upsert('t', products.rows);
  }

  test.each([
    ['numbers', '1', 200_000],
    ['empty objects', '{}', 60_000],
    ['objects without a title', '{"id":"1"}', 30_000],
  ])('a list of %s', async (_, row, count) => {
    node = await openIngest();
    countingClock();
    let report: WriteReport | undefined;
    const sending = sendJson(`[${Array(count).fill(row).join(',')}]`).then((r) => (report = r));
    expect(await turnsDuring(sending)).toBeGreaterThan(count / 500);
    expect(report).toMatchObject({ accepted: 0, rejectedCount: count, failure: undefined });
    expect(report?.rejected).toHaveLength(1_000);
  });

  test('a stream of lines that are no products', async () => {
    node = await openIngest();
    countingClock();
    async function* chunks(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 10; i++) yield Buffer.from('1\n{}\nx\n'.repeat(2_000));
    }
    let report: WriteReport | undefined;
    const sending = node.ingest.upsert('t', node.ingest.ndjson(chunks())).then((r) => (report = r));
    expect(await turnsDuring(sending)).toBeGreaterThan(100);
    expect(report).toMatchObject({ rejectedCount: 60_000 });
  });

  test('what a caller did wrong costs no stack, what we did does', () => {
    const linesOf = (error: Error) => error.stack?.split('\n    at ').length;
    const limit = Error.stackTraceLimit;
    expect(linesOf(invalidField('price', 'must be a number'))).toBe(1);
    expect(linesOf(new OmniError('internal', 'why'))).toBeGreaterThan(1);
    expect(Error.stackTraceLimit).toBe(limit);
  });
});

test('a write whose caller has gone ends with the batch that is being written', async () => {
  node = await openIngest();
  const gone = new AbortController();
  let sent = 0;
  async function* rows(): AsyncGenerator<IncomingRow> {
    for (; sent < 100_000; sent++) {
      if (sent === 1_000) gone.abort();
      yield { line: sent + 1, bytes: 0, value: product(`p${sent}`) };
    }
  }
  const report = await node.ingest.upsert('t', rows(), { signal: gone.signal });
  expect(report.failure).toBeDefined();
  expect(report.accepted).toBeLessThan(2_000);
  expect(await node.store.productCount()).toBe(report.accepted);
});

describe('a fault of ours', () => {
  async function poisoned(): Promise<void> {
    node = await openIngest();
    const write = node.store.write.bind(node.store);
    vi.spyOn(node.store, 'write').mockImplementation(async (tenant, writes) => {
      if (writes.some(({ id }) => id.startsWith('poison'))) throw new TypeError('a mistake');
      return write(tenant, writes);
    });
  }

  test('costs the row that meets it, once, and no other', async () => {
    await poisoned();
    const values = Array.from({ length: 600 }, (_, i) =>
      product(i % 300 === 77 ? `poison${i}` : `p${i}`),
    );
    const report = await node.ingest.upsert('t', rowsOf(values));
    expect(report).toMatchObject({ accepted: 598, rejectedCount: 2, failure: undefined });
    expect(report.rejected).toMatchObject([
      { line: 78, id: 'poison77', code: 'internal', message: 'internal error' },
      { line: 378, id: 'poison377', code: 'internal' },
    ]);
    expect(await node.store.productCount()).toBe(598);
  });

  test('of a single product is internal, and not to be sent again', async () => {
    await poisoned();
    await expect(node.ingest.upsertOne('t', product('poison'))).rejects.toMatchObject({
      code: 'internal',
      retryAfterMs: undefined,
    });
  });

  test('that meets every row ends the request', async () => {
    await poisoned();
    const report = await node.ingest.upsert('t', rowsOf([product('poison1'), product('poison2')]));
    expect(report).toMatchObject({ accepted: 0, rejectedCount: 0, failure: { code: 'internal' } });
  });
});

describe('integers whose digits would be lost', () => {
  test.each([
    ['price', { price: 9007199254740993 }],
    ['attributes.sku', { attributes: { sku: 9007199254740992 } }],
    ['numbers[1]', { numbers: [1, -9007199254740993] }],
    ['deep.er.most', { deep: { er: { most: 1e300 } } }],
  ])('are refused: %s', async (field, more) => {
    node = await openIngest();
    await expect(node.ingest.upsertOne('t', product('1', more))).rejects.toMatchObject({
      code: 'invalid_field',
      field,
    });
    await node.ingest.upsertOne('t', product('1'));
    await expect(node.ingest.patch('t', '1', more)).rejects.toMatchObject({ field });
  });

  test('the largest that JSON keeps comes back as it was', async () => {
    node = await openIngest();
    await node.ingest.upsertOne('t', product('1', { sku: 9007199254740991 }));
    expect((await node.ingest.read('t', '1', undefined))['sku']).toBe(9007199254740991);
  });
});

test('30 writers change one product 5 times each through two nodes: none fails, none is lost', async () => {
  node = await openIngest();
  const nodes = [node.ingest, new Ingest(node.deps)];
  await node.ingest.upsertOne('t', product('p'));
  const writers = Array.from({ length: 30 }, async (_, writer) => {
    for (let i = 0; i < 5; i++) {
      await nodes[writer % 2]!.patch('t', 'p', { [`field${writer}x${i}`]: true });
    }
  });
  await Promise.all(writers);
  const fields = Object.keys(await node.ingest.read('t', 'p', undefined));
  expect(fields.filter((name) => name.startsWith('field'))).toHaveLength(150);
});

test('a patch cannot make a product larger than the bound', async () => {
  node = await openIngest();
  await node.ingest.upsertOne('t', product('p', { text: 'x'.repeat(900_000) }));
  await expect(node.ingest.patch('t', 'p', { more: 'y'.repeat(200_000) })).rejects.toMatchObject({
    code: 'too_large',
    message: expect.stringContaining('MAX_PRODUCT_BYTES') as string,
  });
});

describe('bounds of a tenant', () => {
  test('field names: the row that would exceed them is refused, naming bound and setting', async () => {
    node = await openIngest();
    const bounds = new TenantBounds(
      node.store,
      { maxFieldsPerTenant: 10, maxBytesPerTenant: 0 },
      node.plans,
    );
    const ingest = new Ingest({ ...node.deps, bounds });
    const named = (id: string, ...names: string[]) =>
      product(id, { attributes: Object.fromEntries(names.map((name) => [name, 'x'])) });
    // id, title and category are three.
    const report = await ingest.upsert(
      't',
      rowsOf([
        named('1', 'a', 'b', 'c', 'd', 'e'),
        named('2', 'f', 'g', 'h'),
        named('3', 'a', 'f', 'g'),
        named('4', 'a', 'i'),
      ]),
    );
    expect(report).toMatchObject({ accepted: 2, rejectedCount: 2 });
    expect(report.rejected).toMatchObject([
      { line: 2, field: 'attributes.f', code: 'invalid_field' },
      { line: 4, field: 'attributes.i' },
    ]);
    expect(report.rejected[0]?.message).toContain(
      'bound of 10 field names (MAX_FIELDS_PER_TENANT)',
    );
    expect((await node.store.usage('t')).fields).toBe(10);
    await expect(ingest.patch('t', '1', { attributes: { z: 'x' } })).rejects.toMatchObject({
      field: 'attributes.z',
    });
    expect((await ingest.upsert('u', rowsOf([named('1', 'other')]))).accepted).toBe(1);
  });

  test('3.6 MB of attribute names make no more columns than the bound', async () => {
    node = await openIngest();
    const values = Array.from({ length: 300 }, (_, i) =>
      product(`p${i}`, {
        attributes: Object.fromEntries(
          Array.from({ length: 1_000 }, (__, j) => [`name${i}x${j}`, 1]),
        ),
      }),
    );
    const report = await node.ingest.upsert('t', rowsOf(values));
    expect(report.rejectedCount).toBeGreaterThan(290);
    expect((await node.store.usage('t')).fields).toBeLessThanOrEqual(2_000);
  });

  test('a name that is too long', async () => {
    node = await openIngest();
    for (const more of [{ ['n'.repeat(257)]: 1 }, { attributes: { ['é'.repeat(129)]: 1 } }]) {
      await expect(node.ingest.upsertOne('t', product('1', more))).rejects.toMatchObject({
        code: 'invalid_field',
        message: expect.stringContaining('256 bytes') as string,
      });
    }
  });

  test('bytes', async () => {
    node = await openIngest();
    const bounds = new TenantBounds(
      node.store,
      { maxFieldsPerTenant: 10, maxBytesPerTenant: 100 },
      node.plans,
    );
    const ingest = new Ingest({ ...node.deps, bounds });
    await ingest.upsertOne('t', product('1', { description: 'x'.repeat(200) }));
    await expect(ingest.upsertOne('t', product('2'))).rejects.toMatchObject({
      code: 'too_large',
      message: expect.stringContaining('MAX_BYTES_PER_TENANT') as string,
    });
    await ingest.remove('t', '1');
    await ingest.upsertOne('t', product('2'));
  });
});

describe('a tenant that was never written to', () => {
  const unknown = { code: 'not_found', field: 'X-OmniSearch-Tenant' };

  test('is made by no delete, patch or read, and by no product that was refused', async () => {
    node = await openIngest();
    const { ingest, store } = node;
    await expect(ingest.remove('t', '1')).rejects.toMatchObject(unknown);
    await expect(ingest.patch('t', '1', { price: 1 })).rejects.toMatchObject(unknown);
    await expect(ingest.read('t', '1', undefined)).rejects.toMatchObject(unknown);
    await expect(ingest.categories('t')).rejects.toMatchObject(unknown);
    const deletes = rowsOf([{ op: 'delete', id: '1' }]);
    expect((await ingest.upsert('t', deletes)).failure).toMatchObject(unknown);
    await ingest.upsert('t', rowsOf([{ id: '1' }]));
    expect(await store.records.get('tenant', 't')).toBeUndefined();
    expect(await store.tenants()).toEqual([]);
    expect(node.fleet.nudged).toEqual([]);
  });

  test('is made by its first product', async () => {
    node = await openIngest();
    await node.ingest.upsertOne('t', product('1'));
    expect((await node.store.records.get('tenant', 't'))?.value).toMatchObject({ state: 'active' });
    await expect(node.ingest.remove('t', '2')).rejects.toMatchObject({ field: undefined });
  });
});

test('rows whose category gave its place back meanwhile are placed anew, and none is lost', async () => {
  node = await openIngest();
  await node.ingest.upsertOne('t', product('first'));
  const write = node.store.write.bind(node.store);
  let takenAway = 0;
  vi.spyOn(node.store, 'write').mockImplementation(async (tenant, writes) => {
    const { counter } = await node.store.placement('t');
    const named = writes.some((w) => w.op === 'put' && w.partition !== undefined);
    if (named && takenAway < 2) {
      takenAway += 1;
      const { partitions } = await node.store.placement('t');
      const kept = partitions.filter(({ categories }) => categories.includes('c'));
      expect(await node.store.replacePlacement('t', kept, counter)).toBe(true);
    }
    return write(tenant, writes);
  });
  const values = Array.from({ length: 20 }, (_, i) =>
    product(`p${i}`, { category: `new${i % 4}` }),
  );
  const report = await node.ingest.upsert('t', rowsOf(values));
  expect(report).toMatchObject({ accepted: 20, rejectedCount: 0, failure: undefined });
  expect(takenAway).toBe(2);
  const { partitions } = await node.store.placement('t');
  expect(partitions.flatMap(({ categories }) => categories).sort()).toEqual([
    'c',
    'new0',
    'new1',
    'new2',
    'new3',
  ]);
});
