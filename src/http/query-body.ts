import { Type, type TSchema } from 'typebox';
import { invalidField, OmniError } from '../core/errors.js';
import { parseJson } from '../ingest/parse-json.js';
import { TextSearchBody } from './search-schemas.js';

/** How a member of a search's body is written in an address. */
type Form = 'text' | 'number' | 'flag' | 'list' | 'field' | 'sort' | 'json';

/** A longer address would not come through. */
const MAX_CURSOR_CHARACTERS = 8_192;

/** `q` stands for `query`, and browsing is to leave it out. */
const FORMS: Record<Exclude<keyof TextSearchBody, 'query' | 'browse'>, Form> = {
  mode: 'text',
  prefix: 'flag',
  understand: 'flag',
  include_cold: 'flag',
  highlight: 'list',
  top_k: 'number',
  filter: 'json',
  fields: 'list',
  exact: 'flag',
  explain: 'flag',
  timeout_ms: 'number',
  price_list: 'text',
  facets: 'list',
  sort: 'sort',
  page: 'number',
  per_page: 'number',
  cursor: 'text',
  group_by: 'field',
  pinned: 'json',
  hidden: 'list',
  boost: 'json',
  diversify: 'field',
  tags: 'list',
  min_coverage: 'number',
  rules: 'flag',
};

const DESCRIPTIONS: Partial<Record<Form, string>> = {
  list: 'names with commas between, or a JSON list',
  field: "a field's name, or a JSON object",
  sort: 'such as price:asc,_score, or a JSON list',
  json: 'JSON as in the body of POST /search/text',
};

/** What `GET /search` takes, for its description: what is in it is checked as a body is. */
export const SearchQuery = Type.Object(
  Object.fromEntries<TSchema>([
    ['q', Type.Optional(Type.String({ maxLength: 2_000, description: 'the text of the query' }))],
    ...Object.entries(FORMS).map(([name, form]): [string, TSchema] => {
      const description = DESCRIPTIONS[form];
      if (name === 'cursor') {
        return [name, Type.Optional(Type.String({ maxLength: MAX_CURSOR_CHARACTERS }))];
      }
      const body: TSchema = TextSearchBody.properties[name as keyof TextSearchBody];
      return [name, description === undefined ? body : Type.Optional(Type.String({ description }))];
    }),
  ]),
  { additionalProperties: false },
);

/**
 * The body that a query string stands for, still to be validated: what is no number or flag stays a text,
 * for its schema to name. Throws `invalid_field`.
 */
export function bodyOfQuery(query: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(query)) {
    const form = Object.hasOwn(FORMS, name) ? FORMS[name as keyof typeof FORMS] : undefined;
    if (form === undefined && name !== 'q') throw invalidField(name, 'is not a known field');
    if (typeof text !== 'string') throw invalidField(name, 'must be given once');
    if (name === 'cursor' && text.length > MAX_CURSOR_CHARACTERS) {
      throw invalidField(name, `must have at most ${MAX_CURSOR_CHARACTERS} characters`);
    }
    if (form !== undefined) body[name] = valueOf(form, text, name);
  }
  const { q } = query;
  if (q === undefined || q === '') body['browse'] = true;
  else body['query'] = q;
  return body;
}

function valueOf(form: Form, text: string, name: string): unknown {
  switch (form) {
    case 'text':
      return text;
    case 'number':
      return /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : text;
    case 'flag':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'list':
      return text.startsWith('[') ? json(text, name) : text === '' ? [] : text.split(',');
    case 'field':
      return text.startsWith('{') ? json(text, name) : { field: text };
    case 'sort':
      return text.startsWith('[') ? json(text, name) : text.split(',').map(sortKey);
    case 'json':
      return json(text, name);
  }
}

/** The order stands behind the last colon: names of fields may have some, too. */
function sortKey(text: string): object {
  const [, field, order] = /^(.+):([^:]*)$/s.exec(text) ?? [undefined, text, undefined];
  return order === undefined ? { field } : { field, order };
}

function json(text: string, name: string): unknown {
  try {
    return parseJson(Buffer.from(text));
  } catch (error) {
    if (error instanceof OmniError) throw invalidField(name, `is ${error.message}`);
    throw error;
  }
}

/** The same error of a body's member as the address has it. */
export function asOfQuery(error: OmniError): OmniError {
  if (error.field !== 'query') return error;
  return new OmniError(error.code, error.message.replace(/^query/, 'q'), { field: 'q' });
}
