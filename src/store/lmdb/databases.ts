import { open, type Database, type RootDatabase } from 'lmdb';
import { checkFormat } from './meta.js';

/** A sub-database with bytes for keys and bytes for values. */
export type Bytes = Database<Buffer, Buffer>;

/** The environment and its sub-databases. Every reader and writer of one store opens all of them. */
export interface Databases {
  root: RootDatabase<Buffer, Buffer>;
  /** Format, store id, model and the counters of the whole store; see `meta.ts`. */
  meta: Bytes;
  /** Tenant to its counters; see `tenant.ts`. */
  tenants: Bytes;
  /** Tenant and id to head: live products and tombstones. */
  heads: Bytes;
  /** Tenant and id to document. */
  documents: Bytes;
  /** Tenant and id to vectors. */
  vectors: Bytes;
  /** Tenant and sequence to feed entry; each id once. */
  feed: Bytes;
  /** Time, tenant and sequence to id: tombstones in the order of their purge. */
  tombstones: Bytes;
  /** Tenant and category to its count of live products. */
  categories: Bytes;
  /** Tenant and field to how often live products have it. */
  fields: Bytes;
  /** Tenant and partition id to partition. */
  partitions: Bytes;
}

const BINARY = { encoding: 'binary', keyEncoding: 'binary' } as const;

/** One slot a reading process or thread; a table of them is 64 KB. */
const MAX_READERS = 1000;
const MAX_DATABASES = 24;

/** Opens the environment in the folder `dir`. Throws what LMDB throws, and what `checkFormat` does. */
export function openDatabases(dir: string, readOnly: boolean): Databases {
  const root: RootDatabase<Buffer, Buffer> = open({
    path: dir,
    noSubdir: false,
    readOnly,
    ...BINARY,
    // A commit then is on disk before anyone sees it, and its promise stands for that. With
    // overlapping sync lmdb-js only promises that it is visible.
    overlappingSync: false,
    // With it, a failed commit also rejects a promise that nobody holds, which ends the process.
    eventTurnBatching: false,
    maxReaders: MAX_READERS,
    maxDbs: MAX_DATABASES,
  });
  try {
    return openSubs(root);
  } catch (error) {
    void root.close();
    throw error;
  }
}

function openSubs(root: RootDatabase<Buffer, Buffer>): Databases {
  const sub = (name: string): Bytes => openSub(root, name);
  const meta = sub('meta');
  checkFormat({ meta });
  return {
    root,
    meta,
    tenants: sub('tenants'),
    heads: sub('heads'),
    documents: sub('documents'),
    vectors: sub('vectors'),
    feed: sub('feed'),
    tombstones: sub('tombstones'),
    categories: sub('categories'),
    fields: sub('fields'),
    partitions: sub('partitions'),
  };
}

function openSub(root: RootDatabase<Buffer, Buffer>, name: string): Bytes {
  // Undefined in a read-only environment whose writer has not made it yet; the types leave it out.
  const database = root.openDB<Buffer, Buffer>(name, BINARY) as Bytes | undefined;
  if (database === undefined) throw new Error(`the store has no ${name}`);
  return database;
}
