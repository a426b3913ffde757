import fc from 'fast-check';
import type { JsonValue, Product } from '../../src/core/product.js';

/** Few values, so that comparisons often hit: edges of ordering, type confusion, awkward names. */
const texts = ['', 'a', 'A', 'Mice', 'Keyboards', '10', 'true', 'é', '\uffee', '😀', '__proto__'];
const numbers = [0, -0, 1, -1, 10, 10.5, 1e300, -1e300, Number.MAX_SAFE_INTEGER];

const text = fc.constantFrom(...texts);
const number = fc.constantFrom(...numbers);
const scalar = fc.oneof(text, number, fc.boolean());

const names = ['brand', 'price', 'tags', 'constructor', '__proto__', 'toString', 'é n'];
const attributeNames = ['Colour', 'Screen size (in.)', 'a.b', '', 'constructor', '__proto__'];
const fields = ['category', ...names, ...attributeNames.map((name) => `attributes.${name}`)];

const value: fc.Arbitrary<JsonValue> = fc.oneof(
  { weight: 4, arbitrary: scalar },
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 2, arbitrary: fc.array(fc.oneof(scalar, fc.constant(null)), { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.constant({ a: 'a' }) },
);

function objectOf(keys: readonly string[]): fc.Arbitrary<Record<string, JsonValue>> {
  const entry = fc.tuple(fc.constantFrom(...keys), value);
  return fc.array(entry, { maxLength: 6 }).map((entries) => Object.fromEntries(entries));
}

export const product: fc.Arbitrary<Product> = fc
  .record({
    rest: objectOf([...names, 'attributes.Colour']),
    attributes: fc.oneof({ weight: 4, arbitrary: objectOf(attributeNames) }, value),
    category: text,
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
  const some = fc.array(one, { maxLength: 4 });
  const operator = fc.oneof(
    fc.tuple(fc.constantFrom('gt', 'gte', 'lt', 'lte'), typed ?? fc.oneof(text, number)),
    fc.tuple(fc.constantFrom('eq', 'ne'), one),
    fc.tuple(fc.constantFrom('in', 'not_in'), some),
  );
  const operators = fc
    .array(operator, { minLength: 1, maxLength: 2 })
    .map((entries): object => Object.fromEntries<unknown>(entries));
  return fc.tuple(fc.constant(field), fc.oneof(one, some, operators));
}

const comparison = fc.oneof(...fields.map(comparisonOf));

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
