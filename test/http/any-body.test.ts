import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openHttp, type HttpHarness } from './harness.js';

/** Invariant 9: bad input gets a 4xx that says so, and never more than that. */

let node: HttpHarness;

beforeAll(async () => {
  node = await openHttp();
});
afterAll(async () => node.close());

/** Numbers that break things, beside all others. */
const oddNumber = fc.oneof(
  fc.constantFrom('0', '-1', '1.5', '1e39', '-1e39', '1e400', 'NaN', '9007199254740993'),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
);
const oddText = fc
  .oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }))
  .map(jsonText);
const key = fc.oneof(
  fc.constantFrom(
    ...['id', 'title', 'category', 'categories', 'price', 'in_stock', 'attributes', 'vector'],
    ...['version', 'op', 'query', 'top_k', 'filter', 'fields', 'exact', 'timeout_ms', 'searches'],
    ...['or', 'not', 'gt', 'in', '__proto__', 'constructor', 'prototype', 'toString', 'length'],
  ),
  fc.string({ maxLength: 5 }),
);

/** JSON text rather than values, so that numbers and strings can be what no value is. */
const { node: json } = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(fc.constantFrom('null', 'true', 'false', '"\\ud800"', '""'), oddNumber, oddText),
    fc.array(tie('node'), { maxLength: 5 }).map((items) => `[${items.join(',')}]`),
    fc
      .array(fc.tuple(key, tie('node')), { maxLength: 6 })
      .map((pairs) => `{${pairs.map(([k, v]) => `${jsonText(k)}:${v}`).join(',')}}`),
  ),
}));

/** A body near a valid one: one member of it replaced. */
function mutated(valid: Record<string, string>) {
  return fc
    .tuple(fc.constantFrom(...Object.keys(valid)), json)
    .map(([name, value]) =>
      Object.entries({ ...valid, [name]: value })
        .map(([k, v]) => `${jsonText(k)}:${v}`)
        .join(','),
    )
    .map((members) => `{${members}}`);
}

const common = { top_k: '3', filter: '{"price":{"lte":3}}', fields: '["id"]', exact: 'false' };
const productBody = mutated({
  id: '"p"',
  title: '"t"',
  category: '"c"',
  price: '1',
  attributes: '{"a":["b"]}',
  vector: '[1,2,3,4]',
  version: '1',
});
const textBody = mutated({ query: '"q"', timeout_ms: '9', ...common });
const vectorBody = mutated({ vector: '[1,2,3,4]', ...common });
const settingsBody = mutated({
  searchable: '[{"field":"title","weight":2}]',
  identifiers: '["sku"]',
  stop_words: '[]',
  language: '"en"',
  facets: '"all"',
  sortable: '["price"]',
  understand: 'true',
});
const batchBody = fc
  .array(fc.oneof(textBody, vectorBody, json), { maxLength: 4 })
  .map((searches) => `{"searches":[${searches.join(',')}]}`);

const anyRequest = fc.tuple(
  fc.constantFrom<['POST' | 'PATCH' | 'DELETE' | 'PUT', string]>(
    ['POST', '/products'],
    ['PATCH', '/products/p'],
    ['DELETE', '/products/p'],
    ['POST', '/search/text'],
    ['POST', '/search/vector'],
    ['POST', '/search/batch'],
    ['PUT', '/settings'],
  ),
  fc.oneof(json, productBody, textBody, vectorBody, batchBody, settingsBody),
  fc.constantFrom('application/json', 'application/x-ndjson'),
);

test('any body to any route is answered with 2xx, or with 4xx in the error shape', async () => {
  await fc.assert(
    fc.asyncProperty(anyRequest, async ([[method, url], body, type]) => {
      const reply = await node.send(method, url, body, { 'content-type': type });
      expect(reply.statusCode, `${method} ${url} ${body} ${reply.body}`).toBeLessThan(500);
      if (reply.statusCode < 300) return;
      expect(reply.statusCode).toBeGreaterThanOrEqual(400);
      const { error } = reply.json();
      expect(error.code).toMatch(/^(invalid_field|invalid_json|not_found|unsupported_media_type)$/);
      expect(error.message).toEqual(expect.any(String));
      expect(error.request_id).toEqual(expect.any(String));
      if (error.code === 'invalid_field') expect(error.field).toEqual(expect.any(String));
    }),
    { numRuns: 1_500 },
  );
});

test('invariant 9: any bytes to any route never give a 5xx', async () => {
  const bytes = fc.uint8Array({ maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('/products', '/search/text'), bytes, async (url, body) => {
      const reply = await node.send('POST', url, body);
      expect([200, 400]).toContain(reply.statusCode);
    }),
    { numRuns: 300 },
  );
});

test('whatever product was accepted is read back as it was sent', async () => {
  const value = fc.jsonValue({ maxDepth: 3, noUnicodeString: false });
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.string({ maxLength: 8 }), value), async (more) => {
      const sent = { ...more, id: 'round', title: 'trip', category: 'c' };
      const reply = await node.send('POST', '/products', sent);
      if (reply.statusCode !== 200) return;
      // Through JSON once, for -0 and the like.
      const expected = JSON.parse(JSON.stringify(sent)) as Record<string, unknown>;
      delete expected['vector'];
      expect((await node.send('GET', '/products/round')).json()).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

function jsonText(text: string): string {
  return JSON.stringify(text);
}
