import { Type, type Static } from 'typebox';
import { invalidField } from '../core/errors.js';
import { integerText } from './schema-parts.js';

const MOST_LISTED = 1_000;

/** How many of a list are wanted. */
export const LIST_LIMIT = Type.Optional(integerText(MOST_LISTED));

/** Of a list: how many, and where to go on. */
export const ListQuery = Type.Object(
  {
    limit: LIST_LIMIT,
    cursor: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9_-]{1,400}$',
        description: 'the next_cursor of a reply',
      }),
    ),
  },
  { additionalProperties: false, description: 'an object' },
);
export type ListQuery = Static<typeof ListQuery>;

export function limitOf(limit: string | undefined): number {
  return limit === undefined ? MOST_LISTED : Number(limit);
}

/** Where a list goes on, and how many are wanted. Throws `invalid_field`. */
export function listOptions({ limit, cursor }: ListQuery): {
  after: string | undefined;
  limit: number;
} {
  const after = cursor === undefined ? undefined : Buffer.from(cursor, 'base64url').toString();
  if (after === '' || after?.includes('\ufffd') === true) {
    throw invalidField('cursor', 'must be the next_cursor of a reply');
  }
  return { after, limit: limitOf(limit) };
}

/** A list's reply: `found` has one more than `limit` where there is more. */
export function listed<T>(
  member: string,
  found: readonly T[],
  limit: number,
  idOf: (item: T) => string,
): Record<string, unknown> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  if (found.length <= limit || last === undefined) return { [member]: items };
  return { [member]: items, next_cursor: Buffer.from(idOf(last)).toString('base64url') };
}
