/**
 * What products are, for the description of the routes that take them: their rows are checked one by one
 * while they are read.
 */

/** Numbers beyond it have lost digits. */
export const SAFE = { minimum: -Number.MAX_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER };
const Json = { $ref: '#/components/schemas/Json' };
const text = { type: 'string' };
const number = { type: 'number', ...SAFE };
const flag = { type: 'boolean' };
const orNone = (schema: object): object => ({ anyOf: [schema, { type: 'null' }] });
const texts = { type: 'array', items: text };
/** Of a field; and no less than one character where it is a value. */
const name = { maxLength: 256 };
const named = { minLength: 1, ...name };

/** `lvl0`, `lvl1`, … */
const levels = {
  type: 'object',
  propertyNames: name,
  additionalProperties: orNone({ anyOf: [text, texts] }),
};

const properties = {
  title: text,
  category: { type: 'string', ...named },
  brand: orNone(text),
  description: orNone(text),
  price: orNone(number),
  in_stock: orNone(flag),
  image_url: orNone(text),
  url: orNone(text),
  categories: orNone({ anyOf: [texts, levels] }),
  attributes: orNone({
    type: 'object',
    propertyNames: name,
    additionalProperties: { anyOf: [text, number, flag, texts] },
  }),
  version: orNone({ type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
};
const rest = { propertyNames: name, additionalProperties: Json };
const Product = {
  type: 'object',
  required: ['id', 'title', 'category'],
  properties: { id: { type: 'string', ...named }, ...properties, op: { not: {} } },
  ...rest,
};

/** One, or several. */
export const ProductsBody = { anyOf: [Product, { type: 'array', items: Product, minItems: 1 }] };
/** Fields that are to be changed. */
export const ProductChange = { type: 'object', properties, ...rest };

export const JSON_COMPONENTS: Record<string, object> = {
  Json: {
    anyOf: [
      ...[text, number, flag, { type: 'null' }, { type: 'array', items: Json }],
      { type: 'object', additionalProperties: Json },
    ],
  },
};
