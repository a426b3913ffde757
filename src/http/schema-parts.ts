import { Type } from 'typebox';
import { NAME } from '../core/ids.js';

/** Parts of request schemas. A `description` reads after "must be": it is the error message as well. */

/** An object without other members than those of its schema. */
export const CLOSED = { additionalProperties: false, description: 'an object' };

const MAX_NAME_CHARACTERS = 256;

/** A name of a product's field. */
export const FieldName = Type.String({
  minLength: 1,
  maxLength: MAX_NAME_CHARACTERS,
  pattern: '\\S',
  description: `a field's name of 1 to ${MAX_NAME_CHARACTERS} characters`,
});

/** The id of a product; that it has at most 256 bytes is not for a schema to say. */
export const ProductId = Type.String({
  minLength: 1,
  maxLength: 256,
  description: 'a string of 1 to 256 bytes',
});

export const Flag = Type.Boolean({ description: 'true or false' });

export function fieldNames(most: number) {
  const name = { minLength: 1, maxLength: 256, description: 'a string of 1 to 256 characters' };
  const description = `a list of at most ${most} strings`;
  return Type.Array(Type.String(name), { maxItems: most, description });
}

export function integer(minimum: number, maximum: number) {
  return Type.Integer({
    minimum,
    maximum,
    description: `an integer from ${minimum} to ${maximum}`,
  });
}

export function number(minimum: number, maximum: number) {
  return Type.Number({ minimum, maximum, description: `a number from ${minimum} to ${maximum}` });
}

/** Of a query string. */
export const FlagText = Type.Unsafe<'true' | 'false'>({
  type: 'string',
  enum: ['true', 'false'],
  description: '"true" or "false"',
});

/** A filter in its wire form; what is in it is checked by its parser. */
export const FilterBody = Type.Object({}, { description: 'a filter object' });

/** An integer from 1 to `most`, in a query string. */
export function integerText(most: number) {
  return Type.String({
    pattern: `^(${upTo(String(most)).join('|')})$`,
    description: `an integer from 1 to ${most}`,
  });
}

/** Patterns of the numbers from 1 to one with these digits, by where they part from it. */
function upTo(digits: string): string[] {
  const shorter = Array.from(digits)
    .slice(1)
    .map((_, zeros) => `[1-9][0-9]{${zeros}}`);
  const parting = Array.from(digits).flatMap((digit, i) => {
    const least = i === 0 ? 1 : 0;
    if (Number(digit) <= least) return [];
    const range = `[${least}-${Number(digit) - 1}]`;
    return [`${digits.slice(0, i)}${range}[0-9]{${digits.length - i - 1}}`];
  });
  return [...shorter, ...parting, digits];
}

/** The price list whose prices and stock count. */
export const PriceListName = Type.Optional(
  Type.String({ pattern: NAME.pattern.source, description: NAME.expected }),
);
