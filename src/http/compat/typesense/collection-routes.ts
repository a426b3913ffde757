import type { FastifyInstance, FastifyRequest } from 'fastify';
import { invalidField, OmniError } from '../../../core/errors.js';
import { describeValue, isObject } from '../../../core/json.js';
import type { JsonObject, JsonValue } from '../../../core/product.js';
import type { CollectionSchema } from '../../../tenancy/collection-schemas.js';
import { tenantName } from '../../../tenancy/tenant-directory.js';
import type { HttpPorts } from '../../ports.js';
import type { Collection, Collections } from '../collections.js';
import { noCollection } from '../collections.js';
import { textFields, validFields, vectorField } from '../schema-fields.js';

interface OfCollection {
  Params: { collection: string };
}

const MAX_LISTED = 1_000;
/** What is searched besides where nothing else was asked for; the weight of other texts. */
const OTHER_WEIGHT = 1;
const MAX_SEARCHABLE = 100;

/** `/collections`: a tenant each, with the schema that clients declare of it. */
export function collectionRoutes(
  app: FastifyInstance,
  ports: HttpPorts,
  dimensions: number,
  collections: Collections,
): void {
  const body = async (schema: CollectionSchema, request: FastifyRequest): Promise<JsonObject> => ({
    ...schema,
    num_documents: await collections.count(schema.name, request),
  });

  app.post('/collections', async (request, reply) => {
    const schema = schemaOf(request.body as JsonValue, dimensions);
    await create(ports, collections, schema, request);
    return reply.code(201).send({ ...schema, num_documents: 0 });
  });

  app.get('/collections', async (request) => {
    const own = request.key?.tenants?.map((name) => ports.collections.find(name));
    const schemas = await (own === undefined
      ? ports.collections.list(MAX_LISTED)
      : Promise.all(own));
    const found = schemas.flatMap((schema) => schema ?? []);
    return Promise.all(found.map((schema) => body(schema, request)));
  });

  const config = { narrows: true };
  app.get<OfCollection>('/collections/:collection', { config }, async (request) =>
    body(describe(await collections.open(request, request.params.collection)), request),
  );

  app.patch<OfCollection>('/collections/:collection', async (request) => {
    const { params, body: sent, actor } = request;
    const { tenant } = await collections.open(request, params.collection);
    const fields = isObject(sent) ? sent['fields'] : undefined;
    const changed = await ports.collections.change(tenant, (schema) =>
      withFields(schema, fields, dimensions),
    );
    if (changed === undefined) throw noCollection(params.collection);
    await searchTexts(ports, changed, actor);
    return { fields: fields ?? [] };
  });

  app.delete<OfCollection>('/collections/:collection', async (request) => {
    const collection = await collections.open(request, request.params.collection);
    const dropped = await body(describe(collection), request);
    await ports.collections.remove(collection.tenant);
    await ports.dropTenant(collection.tenant);
    return dropped;
  });
}

async function create(
  { tenants, collections: schemas, ...ports }: HttpPorts,
  collections: Collections,
  schema: CollectionSchema,
  request: FastifyRequest,
): Promise<void> {
  const { name } = schema;
  const message = `A collection with name \`${name}\` already exists.`;
  const isFree = await collections.open(request, name).then(
    async ({ tenant }) => tenant === name && (await collections.count(tenant, request)) === 0,
    (error: unknown) => {
      if (error instanceof OmniError && error.code === 'not_found') return true;
      throw error;
    },
  );
  if (!isFree) throw new OmniError('conflict', message, { field: 'name' });
  await tenants.ensure(name);
  if (!(await schemas.create(schema))) throw new OmniError('conflict', message, { field: 'name' });
  await searchTexts(ports, schema, request.actor);
}

/** Texts that a schema declares are searched, besides the fields that always are. */
async function searchTexts(
  { settings }: Pick<HttpPorts, 'settings'>,
  schema: CollectionSchema,
  actor: string | null,
): Promise<void> {
  const asked = await settings.read(schema.name);
  const searched = new Set(asked.searchable.map(({ field }) => field));
  const further = textFields(schema).filter((field) => field !== 'id' && !searched.has(field));
  if (further.length === 0) return;
  const searchable = [
    ...asked.searchable,
    ...further.map((field) => ({ field, weight: OTHER_WEIGHT })),
  ].slice(0, MAX_SEARCHABLE);
  await settings.change(schema.name, { ...asked, searchable }, actor);
}

function schemaOf(sent: JsonValue, dimensions: number): CollectionSchema {
  if (!isObject(sent)) throw invalidField('body', `must be an object, got ${describeValue(sent)}`);
  const { name } = sent;
  if (typeof name !== 'string') {
    throw invalidField('name', `must be a string, got ${describeValue(name)}`);
  }
  tenantName(name);
  const fields = validFields(sent['fields']);
  return checked(
    {
      default_sorting_field: '',
      enable_nested_fields: false,
      ...sent,
      ...{ name, fields, created_at: Math.floor(Date.now() / 1_000) },
    },
    dimensions,
  );
}

function checked(schema: CollectionSchema, dimensions: number): CollectionSchema {
  const vector = vectorField(schema);
  if (vector === undefined || vector['num_dim'] === dimensions) return schema;
  throw invalidField(`num_dim of \`${vector.name}\``, `must be ${dimensions}, as the model has it`);
}

/** A tenant without a schema has whatever fields its documents have. */
function describe({ tenant, schema }: Collection): CollectionSchema {
  return schema ?? { name: tenant, fields: [{ name: '.*', type: 'auto' }], created_at: 0 };
}

/** New fields are added, those with `drop` go. */
function withFields(
  schema: CollectionSchema,
  sent: JsonValue | undefined,
  dimensions: number,
): CollectionSchema {
  if (!Array.isArray(sent)) {
    throw invalidField('fields', `must be a list, got ${describeValue(sent)}`);
  }
  const dropped = new Set<unknown>();
  const added: JsonValue[] = [];
  for (const field of sent) {
    if (isObject(field) && field['drop'] === true) dropped.add(field['name']);
    else added.push(field);
  }
  const kept = schema.fields.filter(({ name }) => !dropped.has(name));
  const fields = [...kept, ...validFields(added)];
  const names = new Set(fields.map(({ name }) => name));
  if (names.size < fields.length) throw invalidField('fields', 'must be named once');
  return checked({ ...schema, fields }, dimensions);
}
