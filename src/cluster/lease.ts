import { hostPortOf } from '../core/host-port.js';
import type { JsonObject } from '../core/product.js';
import type { StoredRecord } from '../store/record-store.js';

/** The kind of the records by which processes show that they live: the record's revision is the counter. */
export const LEASE_KIND = 'lease';
/** Beats within the time after which a lease that stands still is dead. */
export const BEATS_PER_LEASE = 3;
export const QUERY_NODE = 'query-node';

/** What a query node does: searches and reads alone, or writes as well; searches are not sent to one for `write`. */
export type Serves = 'all' | 'read' | 'write';

/** What a process says of itself with each beat. */
export interface Lease {
  /** Of the process, and new at each start: two that share an address, or follow each other there, are two. */
  node: string;
  role: string;
  /** `HOST:PORT`, where others connect to. */
  address: string;
  /** What fails together with it; undefined: it was not told. */
  zone: string | undefined;
  /** The share of its time for which its event loop was busy since the last beat, from 0 to 1. */
  load: number;
  /** Of OmniSearch. */
  version: string;
  serves: Serves;
}

export function valueOfLease(lease: Omit<Lease, 'node'>): JsonObject {
  const { role, address, zone = null, load, version, serves } = lease;
  return { role, address, zone, load, version, serves };
}

/** Undefined for what another version wrote in a form that this one cannot use. */
export function leaseOf({ id, value }: StoredRecord): Lease | undefined {
  const { role, address, zone, load, version, serves } = value;
  if (typeof role !== 'string' || typeof address !== 'string') return undefined;
  // It goes into files and commands of other programs.
  const place = hostPortOf(address);
  if (place === undefined || place.port === 0) return undefined;
  return {
    ...{ node: id, role, address },
    zone: typeof zone === 'string' ? zone : undefined,
    load: typeof load === 'number' ? load : 0,
    version: typeof version === 'string' ? version : 'unknown',
    // Those of before there was a choice do all.
    serves: serves === 'read' || serves === 'write' ? serves : 'all',
  };
}
