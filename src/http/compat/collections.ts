import type { FastifyRequest } from 'fastify';
import { OmniError } from '../../core/errors.js';
import type { Filter } from '../../filter/filter.js';
import type { CollectionSchema } from '../../tenancy/collection-schemas.js';
import { isExcluded } from '../../tenancy/narrowed-catalogue.js';
import type { Narrowing } from '../../tenancy/narrowing.js';
import { tenantName, type TenantUse } from '../../tenancy/tenant-directory.js';
import { tenantOfKey, useOf } from '../access.js';
import { allowedFor } from '../narrowed-routes.js';
import type { HttpPorts } from '../ports.js';
import type { SearchDesk } from '../search-desk.js';
import { lookAtAll } from '../seen-categories.js';
import { declares } from './schema-fields.js';

/** A collection by its name or an alias: the tenant, and what was declared of it. */
export interface Collection {
  tenant: string;
  schema: CollectionSchema | undefined;
}

/** Fields that a search names, by what they are for. */
export interface NamedFields {
  query: readonly string[];
  filter: readonly string[];
  facet: readonly string[];
  sort: readonly string[];
}

const MESSAGES = {
  query: 'in the schema',
  filter: 'to filter by in the schema',
  facet: 'for a facet in the schema',
  sort: 'in the schema for sorting',
} as const;

/** Collections as tenants. */
export class Collections {
  constructor(
    private readonly ports: HttpPorts,
    private readonly desk: SearchDesk,
  ) {}

  /**
   * With the fields that the request's key lets be told of. Rejects `not_found`, `forbidden` where the key is not for
   * it, `suspended` where it is shut for what is asked. @param use absent: what the request's route does
   */
  async open(
    request: Pick<FastifyRequest, 'key' | 'narrowing' | 'method' | 'routeOptions'>,
    name: string,
    use: TenantUse = useOf(request),
  ): Promise<Collection> {
    const { key, narrowing } = request;
    const { aliases, tenants, collections } = this.ports;
    const tenant = await tenantOfKey(aliases, key, tenantOf(name));
    try {
      await tenants.require(tenant, use);
    } catch (error) {
      throw isMissing(error) ? noCollection(name) : error;
    }
    const schema = await collections.find(tenant);
    return { tenant, schema: schema && shownSchema(schema, narrowing) };
  }

  /** How many documents there are that the request's key shows. */
  async count(tenant: string, request: FastifyRequest): Promise<number> {
    if (!hidesProducts(request)) return this.ports.catalogue.count(tenant);
    return (await lookAtAll(this.desk, request, tenant)).shop.total;
  }

  /**
   * Throws `not_found` for a field that a search names and that neither the schema nor any document
   * has. An empty collection without a schema has every field.
   */
  async checkFields(
    { tenant, schema }: Collection,
    asked: NamedFields,
    request: FastifyRequest,
  ): Promise<void> {
    await this.checkAllowed(tenant, asked, request);
    const names = USES.flatMap((use) => asked[use]);
    const undeclared = [...new Set(names)].filter(
      (name) => isExcluded(request.narrowing, name) || !isKnown(name, schema),
    );
    if (undeclared.length === 0) return;
    const missing = await this.unknown(tenant, undeclared, request);
    if (missing.size === 0) return;
    if (schema === undefined && (await this.count(tenant, request)) === 0) return;
    for (const use of USES) {
      const field = asked[use].find((name) => missing.has(name));
      if (field !== undefined) throw noField(field, use);
    }
  }

  /** Those fields that no document has which the request's key shows. */
  private async unknown(
    tenant: string,
    fields: readonly string[],
    request: FastifyRequest,
  ): Promise<ReadonlySet<string>> {
    const { narrowing } = request;
    if (hidesProducts(request)) {
      const any = fields.map((field): Filter => ({ kind: 'exists', field, exists: true }));
      const filter: Filter = { kind: 'or', of: any };
      return new Set((await lookAtAll(this.desk, request, tenant, { filter })).unknownFields);
    }
    const asked = fields.filter((field) => !isExcluded(narrowing, field));
    const known = await this.ports.catalogue.knownFields(tenant, asked);
    const seen = new Set(asked.filter((_, i) => known[i] === true));
    return new Set(fields.filter((field) => !seen.has(field)));
  }

  /** Throws `not_found` for what the settings keep from being a facet, or sorted by. */
  private async checkAllowed(
    tenant: string,
    { facet, sort }: NamedFields,
    { narrowing }: FastifyRequest,
  ): Promise<void> {
    const { facets, sortable } = await allowedFor({ tenant, narrowing }, this.ports.tenants);
    const noFacet = facet.find((name) => facets !== 'all' && !facets.includes(name));
    if (noFacet !== undefined) throw noField(noFacet, 'facet');
    const noSort = sort.find((name) => sortable !== 'all' && !sortable.includes(name));
    if (noSort !== undefined) throw noField(noSort, 'sort');
  }
}

function shownSchema(schema: CollectionSchema, narrowing: Narrowing | undefined): CollectionSchema {
  if (narrowing === undefined) return schema;
  return { ...schema, fields: schema.fields.filter(({ name }) => !isExcluded(narrowing, name)) };
}

function hidesProducts({ narrowing }: FastifyRequest): boolean {
  return narrowing !== undefined && narrowing.filters.length > 0;
}

const USES = ['query', 'filter', 'facet', 'sort'] as const;

function noField(field: string, use: keyof typeof MESSAGES): OmniError {
  const message = `Could not find a field named \`${field}\` ${MESSAGES[use]}.`;
  return new OmniError('not_found', message, { field });
}

const OF_EVERY_PRODUCT = new Set(['id', 'title', 'category']);

function isKnown(name: string, schema: CollectionSchema | undefined): boolean {
  return OF_EVERY_PRODUCT.has(name) || declares(schema, name);
}

/** A name that no tenant may have is not there either. */
function tenantOf(name: string): string {
  try {
    return tenantName(name);
  } catch {
    throw noCollection(name);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof OmniError && error.code === 'not_found';
}

export function noCollection(name: string): OmniError {
  return new OmniError('not_found', `Not found: there is no collection \`${name.slice(0, 100)}\`.`);
}
