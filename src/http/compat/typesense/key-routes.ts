import type { FastifyInstance } from 'fastify';
import { invalidField } from '../../../core/errors.js';
import { describeValue, isObject } from '../../../core/json.js';
import type { JsonValue } from '../../../core/product.js';
import type { AskedKey } from '../../../tenancy/keys/key-desk.js';
import { ALL, type KeyBody, type KeyKind } from '../../../tenancy/keys/key-record.js';
import { tenantName } from '../../../tenancy/tenant-directory.js';
import type { HttpPorts } from '../../ports.js';

interface OfKey {
  Params: { id: string };
}

const MAX_LISTED = 1_000;
const MAX_NAMED = 100;
const ACTION = /^(\*|[a-z0-9./_-]{1,64}:([a-z0-9_-]{1,64}|\*))$/;
const EVERY_COLLECTION: ReadonlySet<unknown> = new Set(['*', '.*']);
/** What pages do, and what keeps a catalogue; all else is for operators. */
const OF_PAGES = /^(documents:search|analytics\/events:create)$/;
const OF_WRITERS = /^(documents|collections|synonyms|overrides|analytics)(\/events)?:/;
/** Epoch seconds that a date can hold. */
const MAX_SECONDS = 8_640_000_000_000;

/** `/keys`, as Typesense's clients know them: `actions` say what a key may, `collections` whose. */
export function keyRoutes(app: FastifyInstance, { keyDesk }: HttpPorts): void {
  app.post<{ Body: JsonValue }>('/keys', async ({ body, actor }, reply) => {
    const asked = askedKey(body);
    const made = await keyDesk.create(asked, actor);
    return reply.code(201).send({ ...shown(made), value: made.secret });
  });

  app.get('/keys', async () => {
    const keys = await keyDesk.list(undefined, MAX_LISTED);
    return { keys: keys.map(shown) };
  });

  app.get<OfKey>('/keys/:id', async ({ params }) => shown(await keyDesk.get(params.id)));

  app.delete<OfKey>('/keys/:id', async ({ params, actor }) => {
    await keyDesk.remove(params.id, actor);
    return { id: params.id };
  });
}

/** Throws `invalid_field`. */
function askedKey(body: JsonValue): AskedKey {
  if (!isObject(body)) throw invalidField('body', `must be an object, got ${describeValue(body)}`);
  const { description, actions, collections, expires_at: expiresAt, value, autodelete } = body;
  if (value !== undefined) throw invalidField('value', 'is not served: a key gets a value of ours');
  if (autodelete === true) throw invalidField('autodelete', 'is not served: a key stays');
  const allowed = textsOf(actions, 'actions');
  const wrong = allowed.find((action) => !ACTION.test(action));
  if (wrong !== undefined) {
    throw invalidField('actions', `must be such as documents:search, got ${describeValue(wrong)}`);
  }
  const tenants = tenantsOf(textsOf(collections, 'collections'));
  const kind = kindOf(allowed, tenants);
  return {
    kind,
    ...(kind === 'search' ? { compatible: true } : {}),
    ...(typeof description === 'string' ? { description: description.slice(0, MAX_LISTED) } : {}),
    ...(allowed.includes(ALL) ? {} : { actions: allowed }),
    tenants,
    ...(expiresAt === undefined ? {} : { expires_at: timeOf(expiresAt) }),
  };
}

/** The least that may do all of it; whoever is for some collections only is no operator, whatever is asked for. */
function kindOf(actions: readonly string[], tenants: readonly string[]): KeyKind {
  if (actions.every((action) => OF_PAGES.test(action))) return 'search';
  const isOfSome = !tenants.includes(ALL);
  return isOfSome || actions.every((action) => OF_WRITERS.test(action)) ? 'write' : 'admin';
}

/** Patterns other than for all are not served: of names it can be told at once who is meant. */
function tenantsOf(collections: readonly string[]): string[] {
  if (collections.some((name) => EVERY_COLLECTION.has(name))) return [ALL];
  return collections.map((name) => tenantName(name));
}

function textsOf(value: JsonValue | undefined, name: string): string[] {
  const isList = Array.isArray(value) && value.length > 0 && value.length <= MAX_NAMED;
  if (isList && value.every((one) => typeof one === 'string')) return value;
  const expected = `must be a list of 1 to ${MAX_NAMED} texts`;
  throw invalidField(name, `${expected}, got ${describeValue(value)}`);
}

function timeOf(seconds: JsonValue): string {
  if (typeof seconds === 'number' && seconds >= 0 && seconds <= MAX_SECONDS) {
    return new Date(seconds * 1_000).toISOString();
  }
  throw invalidField('expires_at', `must be seconds since 1970, got ${describeValue(seconds)}`);
}

/** Without an end it has the year that Typesense has for that. */
const NEVER_S = 64_723_363_199;

function shown({ id, description = '', actions = [ALL], tenants, expires_at: endsAt }: KeyBody) {
  return {
    ...{ id, description, actions },
    collections: tenants,
    expires_at: endsAt === undefined ? NEVER_S : Math.floor(Date.parse(endsAt) / 1_000),
    autodelete: false,
  };
}
