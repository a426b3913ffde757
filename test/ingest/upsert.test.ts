import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { OmniError } from '../../src/core/errors.js';
import type { JsonObject } from '../../src/core/product.js';
import { Ingest } from '../../src/ingest/ingest.js';
import type { IncomingRow } from '../../src/ingest/incoming-row.js';
import { reembed } from '../../src/ingest/reembed.js';
import { CountingEncoder, openIngest, type IngestHarness } from './harness.js';

let node: IngestHarness;
afterEach(async () => node.close());

function rowsOf(values: readonly JsonObject[]): IncomingRow[] {
  return values.map((value, i) => ({ line: i + 1, bytes: 0, value }));
}

function product(id: string, more: JsonObject = {}): JsonObject {
  return { id, title: `title ${id}`, category: 'c', ...more };
}

describe('what is embedded', () => {
  test('a text once, however many products have it, and only when it changed', async () => {
    node = await openIngest();
    const same = { title: 'same', category: 'c' };
    await node.ingest.upsert(
      't',
      rowsOf([
        { id: '1', ...same },
        { id: '2', ...same },
      ]),
    );
    expect(node.encoder.embedded).toEqual(['same c']);
    await node.ingest.upsert('t', rowsOf([{ id: '1', ...same, price: 3, in_stock: false }]));
    expect(node.encoder.embedded).toHaveLength(1);
    await node.ingest.upsert('t', rowsOf([{ id: '1', ...same, title: 'other' }]));
    expect(node.encoder.embedded).toEqual(['same c', 'other c']);
  });

  test('a supplied vector is not embedded; without it the text is', async () => {
    node = await openIngest();
    await node.ingest.upsert('t', rowsOf([product('1', { vector: [0, 2, 0, 0] })]));
    expect(node.encoder.embedded).toEqual([]);
    const again = await node.ingest.upsert('t', rowsOf([product('1', { vector: [0, 2, 0, 0] })]));
    expect(again.unchanged).toBe(1);
    const other = await node.ingest.upsert('t', rowsOf([product('1', { vector: [2, 0, 0, 0] })]));
    expect(other.unchanged).toBe(0);
    await node.ingest.upsert('t', rowsOf([product('1')]));
    expect(node.encoder.embedded).toEqual(['title 1 c']);
    const [row] = await node.store.rows('t', ['1']);
    expect(row?.vectors.text).toEqual(CountingEncoder.vector('title 1 c'));
  });

  test('a stale row embeds nothing', async () => {
    node = await openIngest();
    await node.ingest.upsert('t', rowsOf([product('1', { version: 2 })]));
    const report = await node.ingest.upsert(
      't',
      rowsOf([product('1', { version: 1, title: 'old' })]),
    );
    expect(report).toMatchObject({ accepted: 1, stale: 1 });
    expect(node.encoder.embedded).toHaveLength(1);
  });

  test('a stale row needs no place for its category', async () => {
    node = await openIngest();
    await node.ingest.upsert('t', rowsOf([product('1', { version: 2 })]));
    const { partitions } = await node.store.placement('t');
    const old = product('1', { version: 1, category: 'never placed' });
    expect(await node.ingest.upsert('t', rowsOf([old]))).toMatchObject({ accepted: 1, stale: 1 });
    expect((await node.store.placement('t')).partitions).toEqual(partitions);
  });
});

test('rows of one request are applied in their order, whatever mix of puts and deletes', async () => {
  node = await openIngest();
  const ids = ['a', 'b', 'c'] as const;
  const rowOf = fc.record({
    id: fc.constantFrom(...ids),
    kind: fc.constantFrom('put', 'delete', 'vector'),
    title: fc.constantFrom('x', 'y'),
    price: fc.integer({ min: 0, max: 3 }),
    version: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
  });
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(rowOf, { maxLength: 24 }), async (sent) => {
      const tenant = `t${run++}`;
      const values = sent.map(({ id, kind, title, price, version }): JsonObject => ({
        ...(kind === 'delete' ? { op: 'delete', id } : { id, title, category: 'c', price }),
        ...(kind === 'vector' ? { vector: [1, price, 0, 0] } : {}),
        ...(version === undefined ? {} : { version }),
      }));
      await node.deps.tenants.ensure(tenant);
      const report = await node.ingest.upsert(tenant, rowsOf(values));
      expect(report).toMatchObject({ accepted: sent.length, failure: undefined });
      const model = new SequentialModel();
      for (const value of values) model.apply(value);
      const rows = await node.store.rows(tenant, ids);
      expect(report.stale).toBe(model.stale);
      for (const [i, id] of ids.entries()) {
        const expected = model.live.get(id);
        const { vector, ...document } = expected ?? {};
        expect(rows[i]?.product).toEqual(expected === undefined ? undefined : document);
        if (expected === undefined) continue;
        const unit = vector as number[] | undefined;
        const text = CountingEncoder.vector(`${expected['title'] as string} c`);
        const length = Math.hypot(...(unit ?? [1]));
        expect(rows[i]?.vectors.text).toEqual(
          unit === undefined ? text : Float32Array.from(unit, (v) => v / length),
        );
      }
    }),
    { numRuns: 150 },
  );
});

/** The contract's words about versions, one row after the other. */
class SequentialModel {
  live = new Map<string, JsonObject>();
  stale = 0;
  private readonly versions = new Map<string, number>();

  apply(row: JsonObject): void {
    const id = row['id'] as string;
    const version = row['version'] as number | undefined;
    const stored = this.versions.get(id);
    if (version !== undefined && stored !== undefined && version < stored) {
      this.stale += 1;
      return;
    }
    const wasLive = this.live.has(id);
    if (row['op'] === 'delete') {
      this.live.delete(id);
      // A delete of what is not there leaves nothing, not even its version.
      if (!wasLive) return;
    } else this.live.set(id, row);
    if (version === undefined) this.versions.delete(id);
    else this.versions.set(id, version);
  }
}

test('order holds across batches, which overlap', async () => {
  node = await openIngest();
  const values = Array.from({ length: 1_500 }, (_, i) => product(`id${i % 7}`, { price: i }));
  const report = await node.ingest.upsert('t', rowsOf(values));
  expect(report).toMatchObject({ accepted: 1_500, failure: undefined });
  for (let i = 0; i < 7; i++) {
    const last = values.findLast((value) => value['id'] === `id${i}`);
    expect((await node.ingest.read('t', `id${i}`, undefined))['price']).toBe(last?.['price']);
  }
});

test('two writers of the same products: both finish, nothing is torn', async () => {
  node = await openIngest();
  const other = new Ingest(node.deps);
  const write = (ingest: Ingest, title: string) =>
    ingest.upsert(
      't',
      rowsOf(
        Array.from({ length: 600 }, (_, i) =>
          product(`id${i % 50}`, { title: `${title} ${i % 3}` }),
        ),
      ),
    );
  const reports = await Promise.all([write(node.ingest, 'one'), write(other, 'two')]);
  for (const report of reports) expect(report).toMatchObject({ accepted: 600, failure: undefined });
  const rows = await node.store.rows(
    't',
    Array.from({ length: 50 }, (_, i) => `id${i}`),
  );
  for (const row of rows) {
    expect(row?.vectors.text).toEqual(CountingEncoder.vector(`${row?.product.title} c`));
  }
});

test('patches of different fields at the same time all hold', async () => {
  node = await openIngest();
  await node.ingest.upsertOne('t', product('p'));
  const names = Array.from({ length: 20 }, (_, i) => `field${i}`);
  await Promise.all(names.map((name) => node.ingest.patch('t', 'p', { [name]: true })));
  expect(Object.keys(await node.ingest.read('t', 'p', undefined))).toEqual(
    expect.arrayContaining(names),
  );
});

test('a body that breaks off keeps what was stored before it did', async () => {
  node = await openIngest();
  async function* breaking(): AsyncGenerator<IncomingRow> {
    yield* rowsOf(Array.from({ length: 256 }, (_, i) => product(`b${i}`)));
    throw new OmniError('unavailable', 'gone');
  }
  const report = await node.ingest.upsert('t', breaking());
  expect(report.accepted).toBe(256);
  expect(report.failure?.code).toBe('unavailable');
  expect(await node.store.productCount()).toBe(256);
});

test('reembed gives every product the new model, keeps versions of the feed, and may be repeated', async () => {
  node = await openIngest();
  const values = Array.from({ length: 700 }, (_, i) => product(`r${i}`, { version: 3 }));
  await node.ingest.upsert('t', rowsOf(values));
  await node.ingest.upsert('u', rowsOf([product('v', { vector: [1, 0, 0, 0] })]));
  await node.ingest.remove('t', 'r5');
  const encoder = new CountingEncoder('e'.repeat(32));
  const deps = { ...node.deps, encoder, model: encoder.model };
  expect(await reembed(deps)).toBe(700);
  expect(await reembed(deps)).toBe(0);
  expect(await node.store.model()).toEqual(encoder.model);
  const [row] = await node.store.rows('t', ['r1']);
  expect(row?.model).toBe(encoder.model.fingerprint);
  const [head] = await node.store.heads('t', ['r1']);
  expect(head?.feedVersion).toBe(3);
  const again = await new Ingest(deps).upsert('t', rowsOf([product('r1', { version: 3 })]));
  expect(again.unchanged).toBe(1);
});
