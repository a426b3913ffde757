import { invalidField } from '../../core/errors.js';
import { describeValue, isObject } from '../../core/json.js';
import type { JsonValue } from '../../core/product.js';
import type { CollectionSchema, SchemaField } from '../../tenancy/collection-schemas.js';

const TYPES: ReadonlySet<string> = new Set([
  ...['string', 'string[]', 'int32', 'int32[]', 'int64', 'int64[]', 'float', 'float[]'],
  ...['bool', 'bool[]', 'object', 'object[]', 'auto', 'string*'],
]);
const NOT_SERVED = ['reference', 'embed'];
const MAX_FIELDS = 1_000;
const MAX_NAME_CHARACTERS = 256;
/** A vector's field is one of these, with its length. */
const VECTOR_TYPE = 'float[]';

/** The fields of a schema as sent. Throws `invalid_field`. */
export function validFields(json: JsonValue | undefined): SchemaField[] {
  if (!Array.isArray(json) || json.length > MAX_FIELDS) {
    const expected = `must be a list of at most ${MAX_FIELDS} fields`;
    throw invalidField('fields', `${expected}, got ${describeValue(json)}`);
  }
  const fields = json.map(validField);
  const vectors = fields.filter(isVector);
  if (vectors.length > 1) throw invalidField('fields', 'must have at most one vector (num_dim)');
  return fields;
}

function validField(json: JsonValue, i: number): SchemaField {
  const place = `fields[${i}]`;
  if (!isObject(json)) throw invalidField(place, `must be an object, got ${describeValue(json)}`);
  const { name, type } = json;
  if (typeof name !== 'string' || name === '' || name.length > MAX_NAME_CHARACTERS) {
    throw invalidField(`${place}.name`, `must be a name, got ${describeValue(name)}`);
  }
  if (typeof type !== 'string' || !TYPES.has(type)) {
    const known = [...TYPES].join(', ');
    throw invalidField(`${place}.type`, `must be one of ${known}, got ${describeValue(type)}`);
  }
  for (const member of NOT_SERVED) {
    if (json[member] !== undefined) throw invalidField(`${place}.${member}`, 'is not served');
  }
  const dimensions = json['num_dim'];
  if (dimensions !== undefined && (type !== VECTOR_TYPE || !Number.isInteger(dimensions))) {
    throw invalidField(`${place}.num_dim`, `must be a number of a ${VECTOR_TYPE}`);
  }
  return Object.assign(json, { name, type });
}

export function isVector({ type, num_dim: dimensions }: SchemaField): boolean {
  return type === VECTOR_TYPE && dimensions !== undefined;
}

/** The field whose numbers are a document's vector. */
export function vectorField(schema: CollectionSchema | undefined): SchemaField | undefined {
  return schema?.fields.find(isVector);
}

/** Whether a name is that of many fields: `attr_.*`. */
export function isPattern({ name }: SchemaField): boolean {
  return name.includes('*');
}

/** Whether `schema` declares the field `name`; one of all names (`.*`) declares none in particular. */
export function declares(schema: CollectionSchema | undefined, name: string): boolean {
  return schema?.fields.some((field) => !isPattern(field) && field.name === name) ?? false;
}

/** Fields of text that are not only there to filter by. */
export function textFields(schema: CollectionSchema | undefined): string[] {
  return namesOf(schema, (field) => isText(field) && field['facet'] !== true);
}

/** All fields of text. */
export function everyText(schema: CollectionSchema | undefined): string[] {
  return namesOf(schema, isText);
}

/** What a schema declares to be facets. */
export function facetFields(schema: CollectionSchema | undefined): string[] {
  return namesOf(schema, (field) => field['facet'] === true);
}

function namesOf(
  schema: CollectionSchema | undefined,
  isMeant: (field: SchemaField) => boolean,
): string[] {
  const fields = schema?.fields.filter((field) => !isPattern(field) && isMeant(field)) ?? [];
  return fields.map(({ name }) => name);
}

function isText({ type }: SchemaField): boolean {
  return type === 'string' || type === 'string[]' || type === 'string*';
}
