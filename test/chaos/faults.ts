import { MONGODB_URL, whyNoServer } from '../store/mongo-server.js';
import { whyNoClock } from './faked-clock.js';
import { whyNoDisk } from './small-disk.js';
import type { StoreKind } from './world.js';

/** What a cluster is haunted by; each is one or several deeds of the nemesis. */
export const FAULTS = [
  'kill',
  'freeze',
  'placement',
  'slow-link',
  'narrow-link',
  'broken-link',
  'half-open-link',
  'clock',
  'shard-disk',
  'store-disk',
  'store',
] as const;

export type Fault = (typeof FAULTS)[number];

/** Why a world of this store cannot have it here; undefined where it can. */
const REASONS: Partial<Record<Fault, (store: StoreKind) => string | undefined>> = {
  clock: whyNoClock,
  'shard-disk': whyNoDisk,
  'store-disk': (store) => (store === 'lmdb' ? whyNoDisk() : 'the server of MongoDB has its own'),
  store: (store) => (store === 'lmdb' ? 'LMDB has no server that could stop' : undefined),
};

/** Those of `wanted` that can be had here, and why not the others. */
export function possibleFaults(
  wanted: readonly Fault[],
  store: StoreKind,
): { faults: Set<Fault>; skipped: Map<Fault, string> } {
  const skipped = new Map<Fault, string>();
  for (const fault of wanted) {
    const reason = REASONS[fault]?.(store);
    if (reason !== undefined) skipped.set(fault, reason);
  }
  return { faults: new Set(wanted.filter((fault) => !skipped.has(fault))), skipped };
}

/** Why there can be no chaos on MongoDB here: its server is to be killed. */
export function whyNoMongo(): string | undefined {
  return MONGODB_URL === undefined
    ? whyNoServer()
    : 'the server of MONGODB_URL is not to be stopped';
}
