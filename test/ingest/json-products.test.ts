import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { OmniError } from '../../src/core/errors.js';
import type { JsonValue } from '../../src/core/product.js';
import { readJsonProducts } from '../../src/ingest/json-products.js';

const MIB = 1024 * 1024;

async function read(
  text: string,
  maxProductBytes = MIB,
): Promise<(JsonValue | string)[] | JsonValue> {
  const products = await readJsonProducts(Buffer.from(text), maxProductBytes);
  if ('value' in products) return products.value;
  const values: JsonValue[] = [];
  for await (const row of products.rows) {
    expect(row.line).toBe(values.length + 1);
    values.push('error' in row ? row.error.code : row.value);
  }
  expect(values).toHaveLength(products.count);
  return values;
}

const code = (text: string): Promise<string> =>
  read(text).then(
    () => 'read',
    (error: unknown) => (error as OmniError).code,
  );

test('a list is read as JSON.parse reads it, however it is written', async () => {
  const blank = fc.constantFrom('', ' ', '\n', '\t\r ');
  // That name of a member is refused.
  const allowed = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('__proto__'));
  await fc.assert(
    fc.asyncProperty(fc.array(allowed), blank, blank, async (values, before, between) => {
      const text = `${before}[${before}${values.map((value) => JSON.stringify(value)).join(`${between},${before}`)}${between}]${between}`;
      expect(await read(text)).toEqual(JSON.parse(text));
    }),
  );
});

test('what JSON.parse refuses is refused, whatever it is cut into', async () => {
  const piece = fc.constantFrom('[', ']', '{', '}', ',', '1', '"a"', '"', '\\', ':', ' ', '"a":1');
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
      const text = `[${pieces.join('')}`;
      let expected = 'read';
      try {
        JSON.parse(text);
      } catch {
        expected = 'invalid_json';
      }
      expect(await code(text)).toBe(expected);
    }),
    { numRuns: 2_000 },
  );
});

test('a list of several parts is one list, and one that is broken at its end gives out nothing', async () => {
  const values = Array.from({ length: 20_000 }, (_, i) => ({
    id: `"${i}],`,
    text: 'x'.repeat(i % 90),
  }));
  const text = JSON.stringify(values);
  expect(text.length).toBeGreaterThan(MIB);
  expect(await read(text)).toEqual(values);
  expect(await code(`${text.slice(0, -1)},]`)).toBe('invalid_json');
  expect(await code(`${text.slice(0, -1)},{}}]`)).toBe('invalid_json');
  expect(await code(`${text}]`)).toBe('invalid_json');
  expect(await code(text.slice(0, -1))).toBe('invalid_json');
});

test('an element above the bound of a product is left out by itself', async () => {
  const big = JSON.stringify('x'.repeat(100));
  expect(await read(`[1, ${big}, [2], ${big}]`, 64)).toEqual([1, 'too_large', [2], 'too_large']);
  expect(await read(`[${big}]`, 64)).toEqual(['too_large']);
  await expect(read(`[${big},]`, 64)).rejects.toMatchObject({ code: 'invalid_json' });
  await expect(read(`[${big},,1]`, 64)).rejects.toMatchObject({ code: 'invalid_json' });
});

test('a single product above the bound is refused before it is parsed, and the bound is named', async () => {
  const text = `{"id": "1", "numbers": [${'1,'.repeat(1_000)}`;
  await expect(read(text, 1_000)).rejects.toMatchObject({
    code: 'too_large',
    message: expect.stringContaining('1000 bytes (MAX_PRODUCT_BYTES)') as string,
  });
});
