import fc from 'fast-check';
import type { JsonValue, Product } from '../../src/core/product.js';

/** Few values, so that comparisons often hit: edges of ordering, type confusion, awkward names. */
const texts = [
  '',
  'a',
  'A',
  'Mice',
  'Keyboards',
  '10',
  'true',
  'é',
  'e\u0301',
  '\uffee',
  '😀',
  '__proto__',
];
const numbers = [0, -0, 1, -1, 10, 10.5, 1e300, -1e300, Number.MAX_SAFE_INTEGER];

const text = fc.constantFrom(...texts);
const number = fc.constantFrom(...numbers);
const scalar = fc.oneof(text, number, fc.boolean());

const names = ['brand', 'price', 'tags', 'constructor', '__proto__', 'toString', 'é n'];
const attributeNames = ['Colour', 'Screen size (in.)', 'a.b', '', 'constructor', '__proto__'];
/** Of objects inside objects, whose names have dots of their own. */
const innerNames = ['a', 'b', 'a.b', ''];
const fields = ['category', ...names, ...attributeNames.map((name) => `attributes.${name}`)];
const paths = [
  'brand.a',
  'tags.a.b',
  'tags.a',
  'brand.',
  'attributes.Colour.a',
  'attributes.a.b.a',
];
export const fieldName = fc.constantFrom(...fields, ...paths, 'brand.a.b.a', 'attributes');

const inner: fc.Arbitrary<JsonValue> = fc.oneof(
  scalar,
  fc.constant(null),
  fc.array(scalar, { maxLength: 2 }),
  objectOf(innerNames, scalar),
);

const value: fc.Arbitrary<JsonValue> = fc.oneof(
  { weight: 4, arbitrary: scalar },
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 2, arbitrary: fc.array(fc.oneof(scalar, fc.constant(null)), { maxLength: 3 }) },
  { weight: 2, arbitrary: objectOf(innerNames, inner) },
  { weight: 1, arbitrary: fc.array(objectOf(innerNames, inner), { maxLength: 3 }) },
);

function objectOf(
  keys: readonly string[],
  of: fc.Arbitrary<JsonValue>,
): fc.Arbitrary<Record<string, JsonValue>> {
  const entry = fc.tuple(fc.constantFrom(...keys), of);
  return fc.array(entry, { maxLength: 6 }).map((entries) => Object.fromEntries(entries));
}

export const product: fc.Arbitrary<Product> = fc
  .record({
    rest: objectOf([...names, 'brand.a', 'attributes.Colour'], value),
    attributes: fc.oneof({ weight: 4, arbitrary: objectOf(attributeNames, value) }, value),
    // Written so by `ingest`, whatever was sent.
    category: text.map((category) => category.normalize('NFC')),
  })
  .map(({ rest, attributes, category }) => {
    // Spread defines properties, so that `__proto__` stays an ordinary key.
    return { ...rest, attributes, id: 'p', title: 'a product', category };
  });

/** A wire filter of every form the contract has, within its bounds. */
export type WireFilter = Record<string, unknown>;

/** A field and what may be asked of it: of those that every product has in one type, that type. */
function comparisonOf(field: string): fc.Arbitrary<[string, unknown]> {
  const typed = field === 'price' ? number : /^(brand|category)$/.test(field) ? text : undefined;
  const one: fc.Arbitrary<JsonValue> = typed ?? scalar;
  const orNone = fc.oneof(
    { weight: 5, arbitrary: one },
    { weight: 1, arbitrary: fc.constant(null) },
  );
  const some = fc.array(orNone, { maxLength: 4 });
  const operator = fc.oneof(
    fc.tuple(fc.constantFrom('gt', 'gte', 'lt', 'lte'), typed ?? fc.oneof(text, number)),
    fc.tuple(fc.constantFrom('eq', 'ne'), orNone),
    fc.tuple(fc.constantFrom('in', 'not_in'), some),
    fc.tuple(fc.constant('exists'), fc.boolean()),
  );
  const operators = fc
    .array(operator, { minLength: 1, maxLength: 2 })
    .map((entries): object => Object.fromEntries<unknown>(entries));
  return fc.tuple(fc.constant(field), fc.oneof(orNone, some, operators));
}

const comparison = fc.oneof(...[...fields, ...paths].map(comparisonOf));

function filterOf(depth: number): fc.Arbitrary<WireFilter> {
  const own = fc.array(comparison, { maxLength: 2 });
  if (depth === 0) return own.map((entries): WireFilter => Object.fromEntries<unknown>(entries));
  const inner = filterOf(depth - 1);
  const or = fc.option(fc.array(inner, { maxLength: 2 }), { nil: undefined });
  const not = fc.option(inner, { nil: undefined });
  return fc.tuple(own, or, not).map(([entries, alternatives, negated]) => ({
    ...Object.fromEntries<unknown>(entries),
    ...(alternatives === undefined ? {} : { or: alternatives }),
    ...(negated === undefined ? {} : { not: negated }),
  }));
}

export const wireFilter = filterOf(2);
