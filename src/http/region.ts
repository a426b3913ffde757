import type { FastifyInstance } from 'fastify';
import { OmniError } from '../core/errors.js';
import { forwardWrites, type Forwarding, type WritersPort } from './forward-writes.js';
import { isOwn } from './own-routes.js';
import { needOf } from './route-needs.js';
import { isWrite } from './writes.js';

/** What a node of a region knows of its copy. */
export interface RegionPort {
  /** How old what it serves may be, ms; undefined: nothing was copied yet. */
  lagMs: () => number | undefined;
  /** Where the primary is, for writes; undefined: they are refused. */
  primary: WritersPort | undefined;
}

/** What is younger is as good as new. */
const AGE_FROM_MS = 2_000;
/** Only the primary has them. */
const IMPORTS = /^\/imports(\/|$)/;

/** All writes, to a node of the same cluster that writes. */
export const ALL_WRITES: Forwarding = {
  takes: isWrite,
  mark: 'x-omnisearch-forwarded',
  again: 'the write came to a query node that only reads: see WRITE_URL',
};

/** In a region: only what concerns its own cluster. */
export const OWN_WRITES: Forwarding = {
  ...ALL_WRITES,
  takes: (method, route) => isWrite(method, route) && isOwn(route),
};

const OF_PRIMARY: Forwarding = {
  takes: (method, route) => isOfPrimary(method, route) || IMPORTS.test(route),
  mark: 'x-omnisearch-region',
  again: 'the primary of the region is a region itself: see REGION_OF',
};

/** Has reads say how old they are, and the primary answer what writes; must come before all that reads bodies. */
export function addRegion(
  app: FastifyInstance,
  { lagMs, primary }: RegionPort,
  isLeaving: () => boolean,
): void {
  app.addHook('onRequest', (request, reply, done) => {
    const { method, routeOptions } = request;
    const ageMs = lagMs() ?? 0;
    if (ageMs >= AGE_FROM_MS && isAged(method, routeOptions.url ?? '')) {
      reply.header('age', String(Math.floor(ageMs / 1_000)));
    }
    done();
  });
  if (primary !== undefined) {
    forwardWrites(app, primary, isLeaving, OF_PRIMARY);
    return;
  }
  app.addHook('preParsing', async ({ method, routeOptions }) => {
    if (!isOfPrimary(method, routeOptions.url ?? '')) return;
    throw new OmniError('conflict', 'this region only reads: write to the primary');
  });
}

function isOfPrimary(method: string, route: string): boolean {
  return isWrite(method, route) && !isOwn(route);
}

/** What shops ask of a catalogue, and no write. */
function isAged(method: string, route: string): boolean {
  return !isWrite(method, route) && needOf(method, route).kind !== 'admin';
}
