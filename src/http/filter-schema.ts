import type { FastifySchema } from 'fastify';
import { SAFE } from './product-schema.js';
import { FilterBody } from './schema-parts.js';

const number = { type: 'number', ...SAFE };
const text = { type: 'string' };
const flag = { type: 'boolean' };
const none = { type: 'null' };

/** What a field may be compared with: a value, a list of them, or operators. */
function condition(one: object, ordered: object): object {
  const orNone = { anyOf: [one, none] };
  const list = { type: 'array', items: orNone, maxItems: 100 };
  return {
    anyOf: [
      orNone,
      list,
      {
        type: 'object',
        minProperties: 1,
        additionalProperties: false,
        properties: {
          ...{ gt: ordered, gte: ordered, lt: ordered, lte: ordered },
          ...{ eq: orNone, ne: orNone, in: list, not_in: list, exists: flag },
        },
      },
    ],
  };
}

const Filter = { $ref: '#/components/schemas/Filter' };
const textual = condition(text, text);

/** The form of a filter: in documents, since its parser names what is wrong better than a schema can. */
export const FILTER_COMPONENTS: Record<string, object> = {
  Filter: {
    type: 'object',
    description: 'fields together mean "and"; nested up to 8 levels, 100 clauses and 1,000 values',
    maxProperties: 100,
    properties: {
      or: { type: 'array', items: Filter, maxItems: 100 },
      not: Filter,
      price: condition(number, number),
      in_stock: condition(flag, { not: {} }),
      title: textual,
      brand: textual,
      category: textual,
    },
    additionalProperties: condition({ anyOf: [text, number, flag] }, { anyOf: [text, number] }),
  },
};

/** The same schema, its filters described in full, and its numbers within those that JSON keeps whole. */
export function described(schema: FastifySchema): FastifySchema {
  return replaced(schema) as FastifySchema;
}

function replaced(value: unknown): unknown {
  if (value === FilterBody) return Filter;
  if (Array.isArray(value)) return value.map(replaced);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, replaced(inner)] as const);
  const copy = Object.fromEntries(entries);
  return copy['type'] === 'number' || copy['type'] === 'integer' ? { ...SAFE, ...copy } : copy;
}
