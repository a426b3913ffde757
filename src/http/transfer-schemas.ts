import { Type } from 'typebox';
import { NewKey } from './key-schemas.js';
import { RuleRequest, SynonymRequest } from './rule-schemas.js';
import { CLOSED, integer } from './schema-parts.js';
import { SettingsRequest } from './settings-routes.js';

/** Lines of an export that are neither products nor deletes. A `description` reads after "must be". */

const MAX_FIELDS = 10_000;
const MAX_NAMES = 100_000;
const Text = Type.String({ minLength: 1, maxLength: 4_096, description: 'a string' });
const Names = Type.Array(Text, {
  maxItems: MAX_NAMES,
  description: `a list of at most ${MAX_NAMES} strings`,
});

const Secret = Type.Object(
  {
    hash: Text,
    created_at: Text,
    ...Type.Partial(Type.Object({ expires_at: Text, signing: Text, secret: Text, prefix: Text }))
      .properties,
  },
  CLOSED,
);
const { compatible, ...terms } = NewKey.properties;
const StoredKey = Type.Object(
  {
    ...terms,
    ...{ id: Text, created_at: Text, compatible },
    generation: integer(1, Number.MAX_SAFE_INTEGER),
    secrets: Type.Array(Secret, { minItems: 1, maxItems: 2, description: 'a list of 1 or 2' }),
  },
  CLOSED,
);

/** A schema as clients of collections declare it: what they add to it is kept. */
const Collection = Type.Object({
  name: Text,
  fields: Type.Array(Type.Object({ name: Text, type: Text }), {
    maxItems: MAX_FIELDS,
    description: `a list of at most ${MAX_FIELDS} fields`,
  }),
  created_at: Type.Number({ description: 'a number of seconds' }),
});

const End = {
  position: Type.String({ pattern: '^[A-Za-z0-9_-]{1,2000}$', description: 'a position' }),
  at_end: Type.Boolean({ description: 'true or false' }),
  price_lists: Names,
};

/** By the member that tells one from another. */
export const IMPORT_LINES = {
  settings: Type.Object({ settings: SettingsRequest }, CLOSED),
  schema: Type.Object({ schema: Collection }, CLOSED),
  rule: Type.Object({ rule: RuleRequest }, CLOSED),
  synonym: Type.Object({ synonym: SynonymRequest }, CLOSED),
  key: Type.Object({ key: StoredKey }, CLOSED),
  position: Type.Object(
    {
      ...End,
      ...{
        rules: Type.Optional(Names),
        synonyms: Type.Optional(Names),
        keys: Type.Optional(Names),
      },
    },
    CLOSED,
  ),
} as const;
export type ImportLine = keyof typeof IMPORT_LINES;

/** What is told of a line in the description of the API. */
export const ImportRow = Type.Object({
  ...{ product: Type.Optional(Type.Object({})), content_hash: Type.Optional(Type.String()) },
  ...{ embed_hash: Type.Optional(Type.String()), model: Type.Optional(Type.String()) },
  ...{ vector: Type.Optional(Type.String()), prices: Type.Optional(Type.Object({})) },
  feed_version: Type.Optional(Type.Union([Type.Integer(), Type.Null()])),
  ...{ op: Type.Optional(Type.String()), id: Type.Optional(Type.String()) },
  ...{ settings: Type.Optional(Type.Object({})), schema: Type.Optional(Type.Object({})) },
  ...{ rule: Type.Optional(Type.Object({})), synonym: Type.Optional(Type.Object({})) },
  ...{ key: Type.Optional(Type.Object({})), position: Type.Optional(Type.String()) },
});
