import { afterEach, describe, expect, test } from 'vitest';
import type { WriteReport } from '../../src/ingest/write-report.js';
import type { Plan } from '../../src/tenancy/plan.js';
import { openIngest, type IngestHarness } from './harness.js';

let node: IngestHarness;
afterEach(async () => node.close());

async function openWith(plan: Plan): Promise<void> {
  node = await openIngest();
  await node.plans.put('small', plan, null);
  await node.directory.put('t', (record) => ({ ...record, plan: 'small' }));
}

const product = (id: string, more: object = {}) => ({ id, title: id, category: 'Mice', ...more });

function send(rows: readonly object[], ingest = node.ingest): Promise<WriteReport> {
  const incoming = rows.map((value, i) => ({ line: i + 1, bytes: 0, value: value as never }));
  return ingest.upsert('t', incoming);
}

const named = ({ rejected }: WriteReport) =>
  rejected.map(({ line, code, field }) => [line, code, field]);

describe('a quota', () => {
  test('of products: the row is rejected by its name, all else is written', async () => {
    await openWith({ max_products: 2 });
    const report = await send([product('a'), product('b'), product('c'), product('a', { x: 1 })]);
    expect(named(report)).toEqual([[3, 'quota_exceeded', 'max_products']]);
    expect(report).toMatchObject({ accepted: 3, failure: undefined });
    // Nothing is embedded for what is known to have no room.
    expect(node.encoder.embedded).not.toContain('c');
    await expect(node.ingest.upsertOne('t', product('c'))).rejects.toMatchObject({
      ...{ code: 'quota_exceeded', field: 'max_products' },
    });
    await node.ingest.patch('t', 'a', { price: 1 });
    const swap = await send([{ op: 'delete', id: 'a' }, product('c'), product('d')]);
    expect(named(swap)).toEqual([[3, 'quota_exceeded', 'max_products']]);
    expect(await node.store.usage('t')).toMatchObject({ products: 2 });
  });

  test('of categories, field names and bytes', async () => {
    await openWith({ max_categories: 2, max_field_names: 5 });
    const rows = [
      product('a', { category: 'A' }),
      product('b', { category: 'B' }),
      product('c', { category: 'C' }),
      product('d', { category: 'A', one: 1, two: 2 }),
      product('e', { category: 'A', three: 3 }),
      product('f', { category: 'B', one: 1 }),
    ];
    expect(named(await send(rows))).toEqual([
      [3, 'quota_exceeded', 'max_categories'],
      [5, 'quota_exceeded', 'max_field_names'],
    ]);
    await node.directory.put('t', (record) => ({ ...record, limits: { max_bytes: 10 } }));
    expect(named(await send([product('g', { category: 'A' })]))).toEqual([
      [1, 'quota_exceeded', 'max_bytes'],
    ]);
    await node.ingest.remove('t', 'a');
  });

  test('of bytes: nothing more is said of products by price lists, what they say can be taken out', async () => {
    await openWith({});
    await send([product('a'), product('b')]);
    const say = (...rows: object[]): Promise<WriteReport> => {
      const incoming = rows.map((value, i) => ({ line: i + 1, bytes: 0, value: value as never }));
      return node.ingest.prices('t', 'gold', incoming);
    };
    await say({ id: 'a', price: 1 });
    await node.directory.put('t', (record) => ({ ...record, limits: { max_bytes: 10 } }));
    const report = await say({ id: 'a' }, { id: 'b', price: 2 }, { id: 'a', in_stock: true });
    expect(named(report)).toEqual([
      [2, 'quota_exceeded', 'max_bytes'],
      [3, 'quota_exceeded', 'max_bytes'],
    ]);
    expect(report).toMatchObject({ accepted: 1, failure: undefined });
    const said = await node.store.prices('t', ['a', 'b']);
    expect(said.map((one) => one?.prices.length)).toEqual([0, 0]);
  });

  test('prices are counted among what a tenant wrote, where they change something', async () => {
    await openWith({});
    await send([product('a')]);
    const rows = [{ line: 1, bytes: 0, value: { id: 'a', price: 1 } }];
    await node.ingest.prices('t', 'gold', rows);
    await node.ingest.prices('t', 'gold', rows);
    expect(node.meter.unwritten('t')?.figures.writes).toBe(2);
  });

  test('holds when twenty writers race to the last product', async () => {
    await openWith({ max_products: 500 });
    const second = await openIngest({ store: node.store });
    const rest = await send(Array.from({ length: 400 }, (_, i) => product(`old-${i}`)));
    expect(rest.accepted).toBe(400);
    const reports = await Promise.all(
      Array.from({ length: 20 }, (_, w) =>
        send(
          Array.from({ length: 10 }, (__, i) => product(`w${w}-${i}`)),
          w % 2 === 0 ? node.ingest : second.ingest,
        ),
      ),
    );
    const rejected = reports.flatMap(named);
    expect(rejected).toHaveLength(100);
    expect(new Set(rejected.map(([, code, field]) => `${code} ${field}`))).toEqual(
      new Set(['quota_exceeded max_products']),
    );
    expect(await node.store.usage('t')).toMatchObject({ products: 500 });
  });
});
