import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { invalidField } from '../core/errors.js';
import { checkSound, describeValue } from '../core/json.js';
import type { JsonValue } from '../core/product.js';
import type { FieldChoice } from '../tenancy/tenant-settings.js';
import { SMALL_BYTES } from './limits.js';
import type { HttpPorts } from './ports.js';

const MAX_FIELDS = 100;
const MAX_CHOSEN_FIELDS = 1_000;
const MAX_STOP_WORDS = 1_000;
const MAX_WEIGHT = 1_000;
const MAX_FIELD_CHARACTERS = 256;

const FIELD_NAME = `a field's name of 1 to ${MAX_FIELD_CHARACTERS} characters`;

const fieldName = Type.String({
  minLength: 1,
  maxLength: MAX_FIELD_CHARACTERS,
  pattern: '\\S',
  description: FIELD_NAME,
});

const SettingsRequest = Type.Object(
  {
    searchable: Type.Optional(
      Type.Array(
        Type.Object(
          {
            field: fieldName,
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
      Type.Array(fieldName, {
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
    // One of two types: what is wrong with it is said below.
    facets: Type.Optional(Type.Unsafe<FieldChoice>({})),
    sortable: Type.Optional(Type.Unsafe<FieldChoice>({})),
    understand: Type.Optional(Type.Boolean({ description: 'true or false' })),
  },
  { additionalProperties: false, description: 'an object' },
);
type SettingsRequest = Static<typeof SettingsRequest>;

/** `GET` and `PUT /settings`, of the request's tenant. */
export function settingsRoutes(app: FastifyInstance, { settings }: HttpPorts): void {
  app.get('/settings', async ({ tenant }) => settings.read(tenant));

  app.put<{ Body: SettingsRequest }>(
    '/settings',
    { schema: { body: SettingsRequest }, bodyLimit: SMALL_BYTES },
    async ({ tenant, body }) => {
      checkSettings(body);
      return settings.change(tenant, body);
    },
  );
}

/** Throws `invalid_field` for what the schema cannot say. */
function checkSettings(body: SettingsRequest): void {
  checkSound(body as JsonValue, '');
  checkOnce(
    body.searchable?.map(({ field }) => field),
    (i) => `searchable[${i}].field`,
  );
  checkOnce(body.identifiers, (i) => `identifiers[${i}]`);
  checkChoice(body.facets, 'facets');
  checkChoice(body.sortable, 'sortable');
}

function checkOnce(names: readonly string[] | undefined, place: (index: number) => string): void {
  const seen = new Set<string>();
  for (const [i, name] of (names ?? []).entries()) {
    if (seen.has(name))
      throw invalidField(place(i), `must be named once, got ${describeValue(name)} again`);
    seen.add(name);
  }
}

function checkChoice(choice: unknown, member: string): void {
  if (choice === undefined || choice === 'all') return;
  if (!Array.isArray(choice) || choice.length > MAX_CHOSEN_FIELDS) {
    const expected = `must be "all" or a list of at most ${MAX_CHOSEN_FIELDS} fields' names`;
    throw invalidField(member, `${expected}, got ${describeValue(choice)}`);
  }
  for (const [i, name] of choice.entries()) {
    const isName =
      typeof name === 'string' && name.trim() !== '' && name.length <= MAX_FIELD_CHARACTERS;
    if (isName) continue;
    const expected = `must be ${FIELD_NAME}, got ${describeValue(name)}`;
    throw invalidField(`${member}[${i}]`, expected);
  }
  checkOnce(choice as string[], (i) => `${member}[${i}]`);
}
