import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { OmniError } from '../core/errors.js';
import type { SearchMetrics } from '../metrics/search-metrics.js';
import type { Grant } from '../tenancy/keys/key.js';
import { KEY_KINDS, type KeyKind } from '../tenancy/keys/key-record.js';
import type { Admission } from '../tenancy/keys/key-ring.js';
import type { Hook } from './access.js';
import { AuthFailures } from './auth-failures.js';
import type { HttpOptions, HttpPorts } from './ports.js';
import { needOf, requireAction, type Need } from './route-needs.js';

const KEY_HEADER = 'x-omnisearch-key';
const WANTED = 'a valid key is needed: Authorization: Bearer KEY';

/** One of the keys that are settings. */
interface SimpleKey {
  name: string;
  kind: KeyKind;
  hash: Buffer;
}

/**
 * Lets requests in, by the key that they come with, to what that may. Product and search routes want none as long as
 * there is none; an operator's want none where the server listens on loopback alone and has no `ADMIN_KEY`.
 */
export class KeyGate {
  private readonly simple: readonly SimpleKey[];
  private readonly failures: AuthFailures;

  constructor(
    private readonly ports: Pick<HttpPorts, 'keys'>,
    private readonly options: Pick<
      HttpOptions,
      'apiKey' | 'adminKey' | 'loopback' | 'authFailuresPerMinute'
    >,
    private readonly metrics: Pick<SearchMetrics, 'authFailed'>,
  ) {
    const { apiKey, adminKey, authFailuresPerMinute = 0 } = options;
    this.simple = [
      ...simpleKey('ADMIN_KEY', 'admin', adminKey),
      ...simpleKey('API_KEY', 'write', apiKey),
    ];
    this.failures = new AuthFailures(authFailuresPerMinute);
  }

  /** For routes: before all that reads a tenant, or a body. */
  readonly enter = (request: FastifyRequest): Promise<void> =>
    this.admit(request, (token) => this.ports.keys.admit(token));

  /** The same, for routes that take keys of other forms as well; `admit` says undefined for one that is not of those. */
  enterBy(admit: (token: string, request: FastifyRequest) => Promise<Admission | undefined>): Hook {
    return (request) =>
      this.admit(
        request,
        async (token) => (await admit(token, request)) ?? this.ports.keys.admit(token),
      );
  }

  private async admit(
    request: FastifyRequest,
    admit: (token: string) => Promise<Admission>,
  ): Promise<void> {
    const need = needOf(request.method, request.routeOptions.url ?? '');
    const token = tokenOf(request);
    const simple = token === undefined ? undefined : this.simpleOf(token);
    if (simple !== undefined) {
      if (!isAtLeast(simple.kind, need.kind) && !this.isOpenToOperators()) throw unauthorized();
      request.actor = simple.name;
      return;
    }
    const admission = token === undefined ? undefined : await admit(token);
    if (admission === undefined || admission === 'unknown') {
      await this.withoutKey(request, need, admission);
      return;
    }
    if ('dead' in admission) throw new OmniError('unauthorized', admission.dead);
    const { grant } = admission;
    checkGrant(grant, need, request);
    request.actor = grant.id;
    request.key = grant;
    request.narrowing = grant.narrowing;
  }

  private simpleOf(token: string): SimpleKey | undefined {
    const hash = sha256(token);
    return this.simple.find((key) => timingSafeEqual(key.hash, hash));
  }

  private isOpenToOperators(): boolean {
    return this.options.adminKey === undefined && this.options.loopback;
  }

  /** Throws unless none is needed: then one that there is not changes nothing. */
  private async withoutKey(
    { ip }: FastifyRequest,
    { kind }: Need,
    asked: Extract<Admission, 'unknown'> | undefined,
  ): Promise<void> {
    const { apiKey, adminKey } = this.options;
    const isOpen =
      kind === 'admin'
        ? this.isOpenToOperators()
        : apiKey === undefined && !(await this.ports.keys.exist());
    if (isOpen) return;
    if (asked === 'unknown') {
      this.metrics.authFailed();
      const waitMs = this.failures.count(ip);
      if (waitMs !== undefined) {
        const details = { retryAfterMs: waitMs };
        throw new OmniError('rate_limited', 'too many unknown keys from this address', details);
      }
    }
    if (kind !== 'admin' || adminKey !== undefined) throw unauthorized();
    const message = 'this server listens beyond loopback: set ADMIN_KEY for this page';
    throw new OmniError('unauthorized', message);
  }
}

function unauthorized(): OmniError {
  return new OmniError('unauthorized', WANTED);
}

/** Throws `forbidden` for what the key may not, or for a page that may not use it. */
function checkGrant(
  { kind, actions, origins }: Grant,
  need: Need,
  { headers }: FastifyRequest,
): void {
  if (!isAtLeast(kind, need.kind)) {
    throw new OmniError('forbidden', `a key of the kind ${kind} may not do this`);
  }
  requireAction(need.action, actions);
  if (origins === undefined) return;
  // A page of the server's own address sends no Origin with what it reads, but where it is.
  const origin = headers.origin ?? originOf(headers.referer);
  if (origin === undefined || !origins.includes(origin.toLowerCase())) {
    throw new OmniError('forbidden', 'the key is for pages of other origins', { field: 'Origin' });
  }
}

function originOf(address: string | undefined): string | undefined {
  return address !== undefined && URL.canParse(address) ? new URL(address).origin : undefined;
}

function isAtLeast(kind: KeyKind, needed: KeyKind): boolean {
  return KEY_KINDS.indexOf(kind) >= KEY_KINDS.indexOf(needed);
}

function tokenOf({ headers }: FastifyRequest): string | undefined {
  const [scheme, token] = (headers.authorization ?? '').split(/ +(.*)/s, 2);
  if (scheme?.toLowerCase() === 'bearer' && token !== undefined) return token;
  const own = headers[KEY_HEADER];
  return typeof own === 'string' && own !== '' ? own : undefined;
}

function simpleKey(name: string, kind: KeyKind, key: string | undefined): SimpleKey[] {
  return key === undefined ? [] : [{ name, kind, hash: sha256(key) }];
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
