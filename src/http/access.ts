import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { invalidField, OmniError } from '../core/errors.js';
import type { Narrowing } from '../tenancy/narrowing.js';
import { TENANT_HEADER, tenantName } from '../tenancy/tenant-directory.js';
import type { HttpOptions, HttpPorts, TenantPort } from './ports.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The catalogue that the request is about; set on product and search routes. */
    tenant: string;
    /** Name of the key that let the request in; null: none was needed. */
    actor: string | null;
    /** What that key leaves of the catalogue; undefined: everything. */
    narrowing: Narrowing | undefined;
    /** The stored key that let the request in; undefined where that was none. */
    key: RequestKey | undefined;
  }
}

/** What of a key routes go by. */
interface RequestKey {
  id: string;
  kind: string;
  limits?: KeyLimits;
}

interface KeyLimits {
  searches_per_s?: number;
  /** More at once, once in ten seconds. */
  burst?: number;
  per_ip_per_minute?: number;
}

type Hook = (request: FastifyRequest) => Promise<void>;

/** A hook that lets in only who bears `key`, known as `name`. Compares in constant time. */
export function requireKey(key: string, name: string): Hook {
  const expected = sha256(key);
  return async (request) => {
    const [scheme, token] = (request.headers.authorization ?? '').split(/ +(.*)/s, 2);
    const isBearer = scheme?.toLowerCase() === 'bearer' && token !== undefined;
    if (!isBearer || !timingSafeEqual(sha256(token), expected)) {
      throw new OmniError('unauthorized', 'a valid key is needed: Authorization: Bearer KEY');
    }
    request.actor = name;
  };
}

/** A hook that lets nobody in: what it guards needs a key, and none is set. */
async function refuseWithoutKey(): Promise<void> {
  const message = 'this server listens beyond loopback: set ADMIN_KEY for this page';
  throw new OmniError('unauthorized', message);
}

/** A hook that lets in operators: who bears the admin key, or without one anybody on this machine. */
export function requireAdmin({ adminKey, loopback }: HttpOptions): Hook {
  if (adminKey !== undefined) return requireKey(adminKey, 'ADMIN_KEY');
  return loopback ? async () => undefined : refuseWithoutKey;
}

/** A hook that reads the tenant's header into `request.tenant`. */
export function readTenant(request: FastifyRequest, _: unknown, done: () => void): void {
  request.tenant = tenantName(request.headers[TENANT_HEADER.toLowerCase()]);
  done();
}

/** A hook that puts the tenant in place of its alias. */
export function resolveAlias({ aliases }: Pick<HttpPorts, 'aliases'>): Hook {
  return async (request) => {
    request.tenant = await aliases.resolve(request.tenant);
  };
}

/** A hook that refuses tenants that were never written to. */
export function requireTenant(tenants: TenantPort): Hook {
  return async ({ tenant }) => tenants.require(tenant);
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

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
