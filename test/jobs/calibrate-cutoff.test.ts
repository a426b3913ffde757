import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { normalise } from '../../src/core/vector.js';
import type { ProductInputs } from '../../src/embedding/product-inputs.js';
import { calibrateCutoff } from '../../src/jobs/calibrate-cutoff.js';
import { openLmdbStore } from '../../src/store/lmdb/open.js';
import type { ProductWrite, Store } from '../../src/store/store.js';
import { TenantDirectory } from '../../src/tenancy/tenant-directory.js';
import { CountingEncoder } from '../ingest/harness.js';
import { place } from '../store/place.js';
import { firstPartition } from '../../src/placement/partition.js';

/** A query is the more like its product's category the more letters of it it has: here all are alike. */
class AngleEncoder extends CountingEncoder {
  override async embedProducts(products: readonly ProductInputs[]): Promise<Float32Array[]> {
    this.embedded.push(...products.map(({ title }) => title));
    return products.map(() => normalise([1, 0, 0, 0]) as Float32Array);
  }
}

const FINGERPRINT = 'f'.repeat(32);
const signal = new AbortController().signal;
let dir: string;
let store: Store;
let tenants: TenantDirectory;
let encoder: AngleEncoder;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'omnisearch-cutoff-'));
  store = await openLmdbStore({ dir });
  tenants = new TenantDirectory(store.records, true);
  encoder = new AngleEncoder();
  await tenants.ensure('shop');
  await place(store, 'shop', [firstPartition('Mice', ['s1']), firstPartition('Pans', ['s1'])]);
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true });
});

/** Of two kinds; the cosine of a query with product i goes from 0 to 1 with i. */
async function write(from: number, to: number, categories = ['Mice', 'Pans']): Promise<void> {
  const writes = Array.from({ length: to - from }, (_, n): ProductWrite => {
    const i = from + n;
    const id = `p${i}`;
    const cosine = (i % 1_000) / 1_000;
    const vector = [cosine, Math.sqrt(1 - cosine * cosine), 0, 0];
    const product = { id, title: `one two three ${i}`, category: categories[i % 2] ?? 'Mice' };
    const hashes = { contentHash: id, embedHash: id, feedVersion: undefined };
    const vectors = { text: normalise(vector) as Float32Array };
    return { op: 'put', id, product, ...hashes, model: FINGERPRINT, vectors };
  });
  for (let at = 0; at < writes.length; at += 500) {
    await store.write('shop', writes.slice(at, at + 500));
  }
}

const calibrate = (): Promise<void> => calibrateCutoff({ store, tenants, encoder }, 'shop', signal);
const cutoff = async () => (await tenants.settings('shop')).cutoff;

test('it is what one of a hundred queries reaches with a product of another category', async () => {
  await write(0, 1_200);
  await calibrate();
  const kept = await cutoff();
  expect(kept).toMatchObject({ model: FINGERPRINT, products: 1_200 });
  // Cosines are spread evenly from 0 to 1.
  expect(kept?.cosine).toBeGreaterThan(0.96);
  expect(kept?.cosine).toBeLessThanOrEqual(1);
  // Two neighbouring words of a title, as a shopper types them.
  for (const query of encoder.embedded) expect(query.split(' ')).toHaveLength(2);
});

test('small catalogues, and those of one category alone, leave it to the model', async () => {
  await write(0, 999);
  await calibrate();
  expect(await cutoff()).toBeUndefined();
});

test('one category alone tells nothing of others', async () => {
  await write(0, 1_200, ['Mice', 'Mice']);
  await calibrate();
  expect(await cutoff()).toBeUndefined();
});

test('it is calibrated anew when there are twice as many products, or another model', async () => {
  await write(0, 1_200);
  await calibrate();
  await write(1_200, 2_000);
  await calibrate();
  expect((await cutoff())?.products).toBe(1_200);
  await write(2_000, 2_500);
  await calibrate();
  expect((await cutoff())?.products).toBe(2_500);
  encoder = new AngleEncoder('e'.repeat(32));
  await calibrate();
  // None of the products' vectors is that model's: nothing can be said, and nothing is.
  expect((await cutoff())?.model).toBe(FINGERPRINT);
});

test('other settings of the tenant stay as they are', async () => {
  await write(0, 1_200);
  await tenants.changeSettings('shop', { understand: false });
  await calibrate();
  expect((await tenants.settings('shop')).understand).toBe(false);
  await tenants.changeSettings('shop', {});
  expect((await cutoff())?.products).toBe(1_200);
});
