import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { invalidField, OmniError } from '../core/errors.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The catalogue that the request is about; set on product and search routes. */
    tenant: string;
  }
}

const TENANT_HEADER = 'X-OmniSearch-Tenant';
const TENANT = /^[a-z0-9_-]{1,64}$/;

type Hook = (request: FastifyRequest) => Promise<void>;

/** A hook that lets in only who bears `key`. Compares in constant time. */
export function requireKey(key: string): Hook {
  const expected = sha256(key);
  return async (request) => {
    const [scheme, token] = (request.headers.authorization ?? '').split(/ +(.*)/s, 2);
    const isBearer = scheme?.toLowerCase() === 'bearer' && token !== undefined;
    if (!isBearer || !timingSafeEqual(sha256(token), expected)) {
      throw new OmniError('unauthorized', 'a valid key is needed: Authorization: Bearer KEY');
    }
  };
}

/** A hook that lets nobody in: what it guards needs a key, and none is set. */
export async function refuseWithoutKey(): Promise<void> {
  const message = 'this server listens beyond loopback: set ADMIN_KEY to read this page';
  throw new OmniError('unauthorized', message);
}

/** A hook that reads the tenant's header into `request.tenant`. */
export function readTenant(request: FastifyRequest, _: unknown, done: () => void): void {
  const header = request.headers[TENANT_HEADER.toLowerCase()];
  if (header === undefined) request.tenant = 'default';
  else if (typeof header === 'string' && TENANT.test(header)) request.tenant = header;
  else throw invalidField(TENANT_HEADER, 'must match [a-z0-9_-]{1,64}');
  done();
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
