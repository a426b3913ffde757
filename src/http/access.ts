import type { FastifyRequest } from 'fastify';
import { invalidField, OmniError } from '../core/errors.js';
import type { Grant } from '../tenancy/keys/key.js';
import type { Narrowing } from '../tenancy/narrowing.js';
import {
  DEFAULT_TENANT,
  TENANT_HEADER,
  tenantName,
  type TenantUse,
} from '../tenancy/tenant-directory.js';
import type { HttpPorts, TenantPort } from './ports.js';
import { isWrite } from './writes.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The catalogue that the request is about; set on product and search routes. */
    tenant: string;
    /** Name of the key that let the request in; null: none was needed. */
    actor: string | null;
    /** The key that let it in; undefined where none was needed, or it is `API_KEY` or `ADMIN_KEY`. */
    key: Grant | undefined;
    /** What the key leaves to be seen; undefined: all. */
    narrowing: Narrowing | undefined;
  }
}

export type Hook = (request: FastifyRequest) => Promise<void>;

/** A hook that puts into `request.tenant` whose catalogue is meant, of those that the key is for. */
export function chooseTenant({ aliases }: Pick<HttpPorts, 'aliases'>): Hook {
  return async (request) => {
    const named = request.headers[TENANT_HEADER.toLowerCase()];
    const name = named === undefined ? ownTenant(request.key) : tenantName(named);
    request.tenant = await tenantOfKey(aliases, request.key, name);
  };
}

/** Whose catalogue is meant where none is named. Throws `invalid_field` where that is not clear. */
function ownTenant(key: Pick<Grant, 'tenants'> | undefined): string {
  const tenants = key?.tenants;
  const [first] = tenants ?? [];
  if (first === undefined || tenants?.includes(DEFAULT_TENANT) === true) return DEFAULT_TENANT;
  if (tenants?.length === 1) return first;
  throw invalidField(TENANT_HEADER, "must name one of the key's tenants");
}

/** The tenant that a name stands for. Rejects `forbidden` where the key is not for it. */
export async function tenantOfKey(
  aliases: Pick<HttpPorts['aliases'], 'resolve'>,
  key: Pick<Grant, 'tenants'> | undefined,
  name: string,
): Promise<string> {
  const tenants = key?.tenants;
  const tenant = await aliases.resolve(name);
  if (tenants === undefined || tenants.includes(name) || tenants.includes(tenant)) return tenant;
  throw new OmniError('forbidden', `the key is not for ${name}`, { field: TENANT_HEADER });
}

/** A hook that refuses tenants that were never written to, or are shut for what is asked. */
export function requireTenant(tenants: TenantPort): Hook {
  return async (request) => tenants.require(request.tenant, useOf(request));
}

/** What a request wants of its tenant. */
export function useOf({
  method,
  routeOptions,
}: Pick<FastifyRequest, 'method' | 'routeOptions'>): TenantUse {
  return isWrite(method, routeOptions.url ?? '') ? 'write' : 'read';
}

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]', '::1'];

/**
 * The names that a request may be addressed to. A server without keys on loopback is reached by any
 * page that a browser shows, once its name points to 127.0.0.1 (DNS rebinding): only the `Host` tells.
 *
 * @param named the setting; where it is empty, only such a server asks
 */
export function allowedHosts(
  host: string,
  named: readonly string[],
  isOpen: boolean,
): readonly string[] | undefined {
  if (named.length === 0 && !isOpen) return undefined;
  return [...LOOPBACK_NAMES, host, ...named].map((name) => name.toLowerCase());
}

/** A hook that refuses requests to other names than `hosts`. */
export function requireHost(hosts: readonly string[]): (request: FastifyRequest) => void {
  const allowed = new Set(hosts);
  return ({ headers: { host } }) => {
    // HTTP/1.0 has none; browsers always do.
    if (host === undefined || allowed.has(host.toLowerCase().replace(/:\d*$/, ''))) return;
    throw invalidField('Host', 'must be a name of this server: see ALLOWED_HOSTS');
  };
}
