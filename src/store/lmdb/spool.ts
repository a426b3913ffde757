import { behindChunks, chunkKey, chunkOf } from '../spool.js';
import type { Spool, SpoolName, SpoolState } from '../spool.js';
import type { Table } from './table.js';
import type { Databases } from './databases.js';
import { tenantOf, textKey, textOf } from './keys.js';

/** A spool over a store's reads and write transactions. */
export class LmdbSpool implements Spool {
  constructor(
    private readonly read: <T>(action: (db: Databases) => T) => T,
    private readonly change: <T>(bytes: number, action: (db: Databases) => T) => Promise<T>,
  ) {}

  async put({ tenant, name }: SpoolName, chunk: number, bytes: Uint8Array): Promise<void> {
    const key = textKey(tenant, chunkKey(name, chunk));
    await this.change(bytes.length, (db) => spoolOf(db).put(key, bytes));
  }

  async get({ tenant, name }: SpoolName, chunk: number): Promise<Buffer | undefined> {
    return this.read((db) => spoolOf(db).get(textKey(tenant, chunkKey(name, chunk))));
  }

  async list(after: SpoolName | undefined, limit: number): Promise<SpoolState[]> {
    return this.read((db) => {
      const found: SpoolState[] = [];
      let start = after === undefined ? undefined : behind(after);
      while (found.length < limit) {
        const [first] = spoolOf(db).keys({ ...(start === undefined ? {} : { start }), limit: 1 });
        if (first === undefined) break;
        const at = nameOf(first);
        start = behind(at);
        // Backwards, from what is behind.
        const [last = first] = spoolOf(db).keys({
          ...{ start, end: textKey(at.tenant, chunkKey(at.name, 0)) },
          ...{ reverse: true, limit: 1 },
        });
        found.push({ ...at, last: chunkOf(textOf(at.tenant, last)).chunk });
      }
      return found;
    });
  }

  async remove({ tenant, name }: SpoolName, limit: number): Promise<boolean> {
    return this.change(limit, (db) => {
      const start = textKey(tenant, chunkKey(name, 0));
      const keys = Array.from(spoolOf(db).keys({ start, end: behind({ tenant, name }), limit }));
      for (const key of keys) spoolOf(db).remove(key);
      return keys.length < limit;
    });
  }
}

function nameOf(key: Buffer): SpoolName {
  const tenant = tenantOf(key.subarray(0, key.indexOf(0) + 1));
  return { tenant, name: chunkOf(textOf(tenant, key)).name };
}

function behind({ tenant, name }: SpoolName): Buffer {
  return textKey(tenant, behindChunks(name));
}

function spoolOf({ spool }: Databases): Table {
  if (spool === undefined) throw new Error('who only reads has no spool');
  return spool;
}
