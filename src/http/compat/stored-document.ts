import { invalidField } from '../../core/errors.js';
import type { JsonObject, JsonValue } from '../../core/product.js';
import type { CollectionSchema } from '../../tenancy/collection-schemas.js';
import { textFields, vectorField } from './schema-fields.js';

/** Names what of a product its document had not: it goes again when the document is read. */
const ADDED = '_added';
/** Of documents that have none. */
const NO_CATEGORY = '-';
/** They mean something to the product, whatever a document has in them. */
const RESERVED = ['op', 'vector', ADDED];

/**
 * A document as the product that it is kept as: all its fields as sent, a title and a category where
 * it has none, and its vector's field as `vector`. Throws `invalid_field`.
 */
export function toProduct(
  document: JsonObject,
  schema: CollectionSchema | undefined,
): JsonObject & { id: string } {
  const vector = vectorField(schema)?.name;
  for (const name of RESERVED) {
    if (name !== vector && Object.hasOwn(document, name)) {
      throw invalidField(name, 'is a reserved name');
    }
  }
  const id = idOf(document['id']);
  const added: JsonObject = {};
  if (isAbsent(document['title'])) added['title'] = titleOf(document, schema, id);
  if (isAbsent(document['category'])) added['category'] = NO_CATEGORY;
  const names = Object.keys(added);
  if (names.length > 0) added[ADDED] = names.join(',');
  const product = { ...document, id, ...added };
  return vector === undefined ? product : withVector(product, vector);
}

/** The document that a product is kept for, as it was sent, but for its vector. */
export function toDocument(product: JsonObject): JsonObject {
  const { [ADDED]: names, ...document } = product;
  if (typeof names !== 'string') return document;
  const added = new Set(names.split(','));
  return Object.fromEntries(Object.entries(document).filter(([name]) => !added.has(name)));
}

function idOf(id: JsonValue | undefined): string {
  if (typeof id === 'string') return id;
  throw invalidField('id', 'must be a string');
}

function isAbsent(value: JsonValue | undefined): boolean {
  return value === undefined || value === null;
}

/** Its name, else its first text that is not only there to filter by, else its id. */
function titleOf(document: JsonObject, schema: CollectionSchema | undefined, id: string): string {
  const declared = textFields(schema);
  const names = declared.length > 0 ? ['name', ...declared] : ['name', ...Object.keys(document)];
  for (const name of names) {
    const value = Object.hasOwn(document, name) ? document[name] : undefined;
    if (name !== 'id' && typeof value === 'string' && value.trim() !== '') return value;
  }
  return id;
}

function withVector<T extends JsonObject>(product: T, field: string): T {
  const { [field]: vector, ...rest } = product;
  return (vector === undefined ? rest : { ...rest, vector }) as T;
}
