import { Type, type Static } from 'typebox';
import { CLOSED } from './schema-parts.js';

/** Longest that a write may be asked to wait, milliseconds. */
export const MAX_WAIT_TIMEOUT_MS = 600_000;

export const WriteQuery = Type.Object(
  {
    wait: Type.Optional(Type.String({ pattern: '^searchable$', description: '"searchable"' })),
    wait_timeout_ms: Type.Optional(
      Type.String({
        pattern: '^[0-9]{1,6}$',
        description: `an integer from 0 to ${MAX_WAIT_TIMEOUT_MS}`,
      }),
    ),
  },
  CLOSED,
);
export type WriteQuery = Static<typeof WriteQuery>;

export const ReadQuery = Type.Object(
  {
    fields: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 4_096,
        description: 'field names with commas between',
      }),
    ),
  },
  CLOSED,
);
export type ReadQuery = Static<typeof ReadQuery>;
