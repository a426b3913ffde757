import type { FastifyRequest } from 'fastify';
import { OmniError } from '../core/errors.js';
import { hides, isExcluded } from '../tenancy/narrowed-catalogue.js';
import type { Narrowing } from '../tenancy/narrowing.js';
import type { TenantPort } from './ports.js';
import type { Allowed } from './shop-request.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** All that the route answers is of what the caller's key leaves. */
    narrows?: boolean;
  }
}

/**
 * Throws `forbidden` where a key hides products or fields and the route does not know how to: one that nobody
 * thought of tells nothing.
 */
export function refuseUnnarrowed({ narrowing, routeOptions }: FastifyRequest): void {
  if (!hides(narrowing) || routeOptions.config.narrows === true) return;
  const message = 'this key shows a part of the catalogue, and the route is about all of it';
  throw new OmniError('forbidden', message);
}

/** What the settings let a request ask for; of what its key excludes nothing is there to allow. */
export async function allowedFor(
  { tenant, narrowing }: Pick<FastifyRequest, 'tenant' | 'narrowing'>,
  tenants: Pick<TenantPort, 'settings'>,
): Promise<Allowed> {
  const { facets, sortable } = await tenants.settings(tenant);
  const seen = (fields: Allowed['facets']): Allowed['facets'] =>
    fields === 'all' ? fields : fields.filter((field) => !isExcluded(narrowing, field));
  return {
    facets: seen(facets),
    sortable: seen(sortable),
    maxSize: usualSize(narrowing, Infinity),
  };
}

/** Hits that are given where no number is asked for: `usual`, unless the key allows fewer. */
export function usualSize(narrowing: Narrowing | undefined, usual: number): number {
  const { maxTopK = Infinity, maxPageDepth = Infinity } = narrowing ?? {};
  return Math.floor(Math.min(usual, maxTopK, maxPageDepth));
}
