import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { checkSound } from '../core/json.js';
import type { JsonObject } from '../core/product.js';
import { tierConditions } from '../filter/tier-rule.js';
import { checkOnce } from './check-once.js';
import { SMALL_BYTES } from './limits.js';
import type { HttpPorts } from './ports.js';
import { replies, SettingsReply } from './reply-schemas.js';
import { CLOSED, FieldName, FilterBody, Flag, integer } from './schema-parts.js';

const MAX_FIELDS = 100;
const MAX_CHOSEN_FIELDS = 1_000;
const MAX_STOP_WORDS = 1_000;
const MAX_WEIGHT = 1_000;
/** What is noted of times goes back for longer. */
const MAX_DAYS = 730;

const CHOICE = `"all" or a list of at most ${MAX_CHOSEN_FIELDS} fields' names`;
const FieldChoice = Type.Union(
  [
    Type.Literal('all'),
    Type.Array(FieldName, { maxItems: MAX_CHOSEN_FIELDS, description: CHOICE }),
  ],
  { description: CHOICE },
);

const TierBody = Type.Optional(
  Type.Union(
    [
      Type.Object(
        {
          updated_days: Type.Optional(integer(0, MAX_DAYS)),
          found_days: Type.Optional(integer(0, MAX_DAYS)),
          filter: Type.Optional(FilterBody),
        },
        CLOSED,
      ),
      Type.Null(),
    ],
    { description: 'an object of updated_days, found_days and filter, or null' },
  ),
);

export const SettingsRequest = Type.Object(
  {
    searchable: Type.Optional(
      Type.Array(
        Type.Object(
          {
            field: FieldName,
            weight: Type.Number({
              exclusiveMinimum: 0,
              maximum: MAX_WEIGHT,
              description: `a number above 0, up to ${MAX_WEIGHT}`,
            }),
          },
          { additionalProperties: false, description: 'an object of field and weight' },
        ),
        {
          minItems: 1,
          maxItems: MAX_FIELDS,
          description: `a list of 1 to ${MAX_FIELDS} objects of field and weight`,
        },
      ),
    ),
    identifiers: Type.Optional(
      Type.Array(FieldName, {
        maxItems: MAX_FIELDS,
        description: `a list of at most ${MAX_FIELDS} fields' names`,
      }),
    ),
    stop_words: Type.Optional(
      Type.Array(
        Type.String({
          minLength: 1,
          maxLength: 64,
          pattern: '\\S',
          description: 'a word of 1 to 64 characters',
        }),
        {
          maxItems: MAX_STOP_WORDS,
          description: `a list of at most ${MAX_STOP_WORDS} words`,
        },
      ),
    ),
    language: Type.Optional(
      Type.Unsafe<'en' | 'none'>({
        type: 'string',
        enum: ['en', 'none'],
        description: '"en" or "none"',
      }),
    ),
    facets: Type.Optional(FieldChoice),
    sortable: Type.Optional(FieldChoice),
    understand: Type.Optional(Flag),
    tiers: Type.Optional(Type.Object({ warm: TierBody, cold: TierBody }, CLOSED)),
  },
  CLOSED,
);
export type SettingsRequest = Static<typeof SettingsRequest>;

/** `GET` and `PUT /settings`, of the request's tenant. */
export function settingsRoutes(app: FastifyInstance, { settings }: HttpPorts): void {
  app.get('/settings', { schema: replies(SettingsReply) }, async ({ tenant }) =>
    settings.read(tenant),
  );

  app.put<{ Body: SettingsRequest }>(
    '/settings',
    { schema: { body: SettingsRequest, ...replies(SettingsReply) }, bodyLimit: SMALL_BYTES },
    async ({ tenant, body, actor }) => {
      checkSettings(body);
      return settings.change(tenant, body, actor);
    },
  );
}

/** Throws `invalid_field` for what the schema cannot say. */
export function checkSettings(body: SettingsRequest): void {
  checkSound(body as JsonObject, '');
  checkOnce(
    body.searchable?.map(({ field }) => field),
    (i) => `searchable[${i}].field`,
  );
  checkOnce(body.identifiers, (i) => `identifiers[${i}]`);
  for (const member of ['facets', 'sortable'] as const) {
    const choice = body[member];
    if (choice !== 'all') checkOnce(choice, (i) => `${member}[${i}]`);
  }
  for (const tier of ['warm', 'cold'] as const) tierConditions(body.tiers, tier);
}
