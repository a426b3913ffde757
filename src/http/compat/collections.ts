import type { FastifyRequest } from 'fastify';
import { OmniError } from '../../core/errors.js';
import type { CollectionSchema } from '../../tenancy/collection-schemas.js';
import { tenantName } from '../../tenancy/tenant-directory.js';
import { tenantOfKey } from '../access.js';
import type { HttpPorts } from '../ports.js';
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
  constructor(private readonly ports: HttpPorts) {}

  /** Rejects `not_found`, `forbidden` where the request's key is not for it. */
  async open({ key }: Pick<FastifyRequest, 'key'>, name: string): Promise<Collection> {
    const { aliases, tenants, collections } = this.ports;
    const tenant = await tenantOfKey(aliases, key, tenantOf(name));
    try {
      await tenants.require(tenant);
    } catch (error) {
      throw isMissing(error) ? noCollection(name) : error;
    }
    return { tenant, schema: await collections.find(tenant) };
  }

  /** How many documents there are. */
  count(tenant: string): Promise<number> {
    return this.ports.catalogue.count(tenant);
  }

  /**
   * Throws `not_found` for a field that a search names and that neither the schema nor any document
   * has. An empty collection without a schema has every field.
   */
  async checkFields({ tenant, schema }: Collection, asked: NamedFields): Promise<void> {
    await this.checkAllowed(tenant, asked);
    const names = USES.flatMap((use) => asked[use]);
    const undeclared = [...new Set(names)].filter((name) => !isKnown(name, schema));
    if (undeclared.length === 0) return;
    const { catalogue } = this.ports;
    const known = await catalogue.knownFields(tenant, undeclared);
    const missing = new Set(undeclared.filter((_, i) => known[i] !== true));
    if (missing.size === 0) return;
    if (schema === undefined && (await catalogue.count(tenant)) === 0) return;
    for (const use of USES) {
      const field = asked[use].find((name) => missing.has(name));
      if (field !== undefined) throw noField(field, use);
    }
  }

  /** Throws `not_found` for what the settings keep from being a facet, or sorted by. */
  private async checkAllowed(tenant: string, { facet, sort }: NamedFields): Promise<void> {
    const { facets, sortable } = await this.ports.tenants.settings(tenant);
    const noFacet = facet.find((name) => facets !== 'all' && !facets.includes(name));
    if (noFacet !== undefined) throw noField(noFacet, 'facet');
    const noSort = sort.find((name) => sortable !== 'all' && !sortable.includes(name));
    if (noSort !== undefined) throw noField(noSort, 'sort');
  }
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
