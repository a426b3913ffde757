import type { NetConnectOpts } from 'node:net';
import type { Membership } from '../cluster/membership.js';
import { ConfigError } from '../config/setting.js';
import type { Config } from '../config/settings.js';
import { Deadline } from '../core/deadline.js';
import { hostPortOf } from '../core/host-port.js';
import type { WritersPort } from '../http/forward-writes.js';
import { connectPatiently } from '../http/reach-writers.js';
import type { KeptRuleBooks } from '../merchandising/kept-rule-books.js';
import type { PlacementCache } from '../placement/placement-cache.js';
import type { CollectionSchemas } from '../tenancy/collection-schemas.js';
import type { PlanBook } from '../tenancy/plan-book.js';
import type { KeyDirectory } from '../tenancy/keys/key-directory.js';
import type { PriceLists } from '../tenancy/price-lists.js';
import type { TenantAliases } from '../tenancy/tenant-aliases.js';
import type { TenantDirectory } from '../tenancy/tenant-directory.js';

const UNIX = 'unix:';
const HTTP_PORT = 80;
const PRODUCTS = '/products';
/** A start waits for so long for somebody who writes. */
const START_PATIENCE_MS = 10_000;
/** A restart takes less. */
const RESTART_PATIENCE_MS = 5_000;
/** An answer does not wait for longer for this node to know of it. */
const REFRESH_PATIENCE_MS = 50;

interface WriterSources {
  config: Pick<Config, 'serve' | 'writeUrl'>;
  /** Undefined where this node sees no leases. */
  members: Pick<Membership, 'queryNodes'> | undefined;
  tenants: Pick<TenantDirectory, 'expire' | 'expireAll'>;
  aliases: Pick<TenantAliases, 'expireAll'>;
  collections: Pick<CollectionSchemas, 'expireAll'>;
  plans: Pick<PlanBook, 'expireAll'>;
  keyDirectory: Pick<KeyDirectory, 'expireAll'>;
  priceLists: Pick<PriceLists, 'expireAll'>;
  books: Pick<KeptRuleBooks, 'forget'>;
  placements: Pick<PlacementCache, 'refresh'>;
}

/**
 * The query nodes that writes are forwarded to: that of `WRITE_URL` or, without it, those whose leases say so. Undefined
 * for one that writes itself. Rejects with `ConfigError` where none could ever be found.
 */
export async function openWriters(
  {
    config,
    members,
    tenants,
    aliases,
    collections,
    keyDirectory,
    plans,
    priceLists,
    books,
    placements,
  }: WriterSources,
  stopping: AbortSignal,
  patienceMs = START_PATIENCE_MS,
): Promise<WritersPort | undefined> {
  const { serve, writeUrl } = config;
  if (serve !== 'read') return undefined;
  const place = writeUrl === undefined ? undefined : placeOf(writeUrl);
  const places = place === undefined ? placesByLease(members) : () => [place];
  if (place !== undefined) await untilThere(place, stopping, patienceMs);
  return {
    places,
    patienceMs: RESTART_PATIENCE_MS,
    written: async (names, route) => {
      // Of what is written all the time it is known what it changes.
      if (route.startsWith(PRODUCTS)) for (const name of names) tenants.expire(name);
      else {
        const kept = [tenants, aliases, collections, keyDirectory, plans, priceLists];
        for (const one of kept) one.expireAll();
        for (const name of names) books.forget(name);
      }
      const patience = Deadline.after(REFRESH_PATIENCE_MS);
      const refreshing = Promise.all(names.map((name) => placements.refresh(name)));
      await patience.race(refreshing, 'reading the placement').catch(() => undefined);
    },
  };
}

/**
 * Resolves once a connection can be made, so that who waits for `/readyz` has its first write taken; or after `patienceMs`,
 * since searches do not depend on it. Rejects when `stopping` is aborted.
 */
async function untilThere(
  place: NetConnectOpts,
  stopping: AbortSignal,
  patienceMs: number,
): Promise<void> {
  try {
    (await connectPatiently(() => [place], patienceMs, stopping)).destroy();
  } catch {
    stopping.throwIfAborted();
  }
}

/** Throws `ConfigError` where there are no leases. */
function placesByLease(members: WriterSources['members']): WritersPort['places'] {
  if (members === undefined) {
    throw new ConfigError('SERVE read needs WRITE_URL: there are no leases with this store');
  }
  let turn = 0;
  return () => {
    const leases = members
      .queryNodes()
      .filter(({ lease, isAlive }) => isAlive && lease.serves !== 'read');
    // Those that do nothing else before others; among equals each in its turn.
    turn += 1;
    const rotated = leases.map((_, i) => leases[(i + turn) % leases.length]?.lease);
    const sorted = rotated.sort(
      (a, b) => Number(a?.serves === 'all') - Number(b?.serves === 'all'),
    );
    return sorted.flatMap((lease) => hostPortOf(lease?.address ?? '') ?? []);
  };
}

/** Throws `ConfigError`. */
function placeOf(writeUrl: string): NetConnectOpts {
  if (writeUrl.startsWith(UNIX)) return { path: writeUrl.slice(UNIX.length) };
  const named = writeUrl.replace(/^http:\/\//, '').replace(/\/$/, '');
  const place = hostPortOf(named) ?? hostPortOf(`${named}:${HTTP_PORT}`);
  if (place !== undefined && place.port > 0) return place;
  throw new ConfigError(`WRITE_URL must be http://HOST:PORT or unix:PATH, got ${writeUrl}`);
}
