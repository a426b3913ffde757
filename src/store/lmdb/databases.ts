import { open, type RootDatabase } from 'lmdb';
import { DamageLog } from '../damage-log.js';
import { Blocks } from './blocks.js';
import { checkFormat } from './meta.js';
import { BLOCKS, COPIES, FREE_BLOCKS, Table, VECTORS, type Bytes } from './table.js';
import { VectorTable } from './vector-table.js';

/** The environment and its sub-databases. Every reader and writer of one store opens all of them. */
export interface Databases {
  root: RootDatabase<Buffer, Buffer>;
  damage: DamageLog;
  /** Format, store id, model and the counters of the whole store; see `meta.ts`. */
  meta: Table;
  /** Tenant to its counters; see `tenant.ts`. */
  tenants: Table;
  /** Tenant and id to head: live products and tombstones. */
  heads: Table;
  /** Tenant and id to document. */
  documents: Table;
  /** Tenant and id to vectors, of which parts are in two tables more. */
  vectors: VectorTable;
  /** Tenant and sequence to feed entry; each id once. */
  feed: Table;
  /** Time, tenant and sequence to id: tombstones in the order of their purge. */
  tombstones: Table;
  /** Tenant and category to its count of live products. */
  categories: Table;
  /** Tenant and field to how often live products have it. */
  fields: Table;
  /** Tenant to its placement. */
  placements: Table;
  /** Kind and id to record. */
  records: Table;
  /** Number of a change to the tenant whose latest it is. */
  changes: Table;
  /** Tenant, name and number to a chunk of bytes that some work goes through; absent for who only reads. */
  spool?: Table;
  /** Number of a change of a record to its kind and id; absent for who only reads. */
  recordLog?: Table;
}

const BINARY = { encoding: 'binary', keyEncoding: 'binary' } as const;

/** One slot a reading process or thread; a table of them is 64 KB. */
const MAX_READERS = 1000;
const MAX_DATABASES = 24;

/** Opens the environment in the folder `dir`. Throws what LMDB throws, and what `checkFormat` does. */
export function openDatabases(dir: string, readOnly: boolean, damage = new DamageLog()): Databases {
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
    return openTables(root, readOnly, damage);
  } catch (error) {
    void root.close();
    throw error;
  }
}

function openTables(
  root: RootDatabase<Buffer, Buffer>,
  readOnly: boolean,
  damage: DamageLog,
): Databases {
  const values = openSub(root, 'meta');
  checkFormat(values);
  // Of what is small and could not be made again from the rest there are two.
  const copies = openSub(root, COPIES);
  const table = (name: string) => new Table(openSub(root, name), name, damage);
  // What is damaged of a vector's parts is named as that vector.
  const part = (name: string) => new Table(openSub(root, name), name, new DamageLog());
  const twice = (name: string) => new Table(openSub(root, name), name, damage, copies);
  return {
    root,
    damage,
    meta: new Table(values, 'meta', damage, copies),
    tenants: twice('tenants'),
    heads: table('heads'),
    documents: table('documents'),
    vectors: new VectorTable(table(VECTORS), new Blocks(part(BLOCKS), part(FREE_BLOCKS))),
    feed: table('feed'),
    tombstones: table('tombstones'),
    categories: table('categories'),
    fields: table('fields'),
    placements: twice('placements'),
    records: twice('records'),
    changes: table('changes'),
    // A writer of the version before makes none, and shards need none.
    ...(readOnly ? {} : { spool: table('spool'), recordLog: table('told') }),
  };
}

function openSub(root: RootDatabase<Buffer, Buffer>, name: string): Bytes {
  // Undefined in a read-only environment whose writer has not made it yet; the types leave it out.
  const database = root.openDB<Buffer, Buffer>(name, BINARY) as Bytes | undefined;
  if (database === undefined) throw new Error(`the store has no ${name}`);
  return database;
}
