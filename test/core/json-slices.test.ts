import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonRuns, parseInSlices } from '../../src/core/json-slices.js';
import type { JsonValue } from '../../src/core/product.js';
import { parseJson } from '../../src/ingest/parse-json.js';

/** Long enough that a few of them are more than a slice. */
const filler = 'x"\\{[,]}'.repeat(4_000);

const { node: json } = fc.letrec<{ node: JsonValue }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<JsonValue>(null, true, 1.5, '', filler, 'é\u2028"', [], {}),
    fc.array(tie('node'), { maxLength: 6 }),
    fc.dictionary(fc.constantFrom('a', 'b"', 'c\\', 'd', filler), tie('node'), { maxKeys: 5 }),
  ),
}));

const outcome = async (work: () => JsonValue | Promise<JsonValue>): Promise<unknown> => {
  try {
    return { value: await work() };
  } catch (error) {
    return { code: (error as { code?: string }).code };
  }
};

test('any text gives what the parser itself would give, or an error where it would', async () => {
  const damage = fc.tuple(
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.constantFrom(',', ']', '}', '[', '"', 'x', ' '),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(json, { minLength: 1, maxLength: 4 }),
      fc.option(damage),
      fc.boolean(),
      async (values, damaged, spaced) => {
        let text = JSON.stringify([...values, filler, filler, filler], null, spaced ? 1 : 0);
        if (damaged !== null) {
          const at = Math.floor(damaged[0] * text.length);
          text = text.slice(0, at) + damaged[1] + text.slice(at + 1);
        }
        const bytes = Buffer.from(text);
        expect(await outcome(() => parseInSlices(bytes, parseJson))).toEqual(
          await outcome(() => parseJson(bytes)),
        );
      },
    ),
    { numRuns: 300 },
  );
});

test.each([
  ['a comma too many', `[${'1,'.repeat(50_000)}]`],
  ['a comma too many behind a large one', `["${'x'.repeat(70_000)}",]`],
  ['two commas', `[1,,"${'x'.repeat(70_000)}"]`],
  ['another bracket', `[${'1,'.repeat(50_000)}1}`],
  ['no end', `[${'1,'.repeat(50_000)}1`],
  ['something behind it', `[${'1,'.repeat(50_000)}1] 2`],
  ['a mark inside', `[\ufeff"${'x'.repeat(70_000)}"]`],
  ['a __proto__ key', `{"a":1,"__proto__":{"b":"${'x'.repeat(70_000)}"}}`],
  ['a key that is none', `{"a":1,b:"${'x'.repeat(70_000)}"}`],
])('%s is refused', async (_, text) => {
  const bytes = Buffer.from(text);
  expect(() => parseJson(bytes)).toThrow('not valid JSON');
  await expect(parseInSlices(bytes, parseJson)).rejects.toMatchObject({ code: 'invalid_json' });
});

test('nesting without end is refused, however long', async () => {
  const deep = `${'{"not":'.repeat(100_000)}{}${'}'.repeat(100_000)}`;
  await expect(parseInSlices(Buffer.from(deep), parseJson)).rejects.toMatchObject({
    code: 'invalid_field',
  });
});

test('no run is longer than a slice and a bit, unless one element is', async () => {
  const text = JSON.stringify([...Array<number>(200_000).fill(1), filler.repeat(3), 2, 3]);
  const sizes: number[] = [];
  let elements = 0;
  for await (const { bytes, count } of jsonRuns(Buffer.from(text))) {
    elements += count;
    if (count > 1) sizes.push(bytes.length);
  }
  expect(elements).toBe(200_003);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(64 * 1024 + 2);
});
