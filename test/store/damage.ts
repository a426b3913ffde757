import { open } from 'lmdb';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Changes one byte of what is stored under `key`, as a disk does that forgets one. */
export async function damage(dir: string, table: string, key: string | Buffer): Promise<void> {
  await withTable(dir, table, async (db) => {
    const name = Buffer.from(key);
    const value = Buffer.from(db.get(name) ?? Buffer.alloc(0));
    if (value.length === 0) throw new Error(`nothing stands under ${String(key)}`);
    const at = Math.floor(value.length / 2);
    value[at] = (value[at] as number) ^ 1;
    await db.put(name, value);
  });
}

/** Changes a key to another of its length where it stands, whatever the order, as a disk does that forgets a bit. */
export async function damageKey(dir: string, table: string, key: Buffer, changed: Buffer) {
  const value = await withTable(dir, table, (db) =>
    Promise.resolve(Buffer.from(db.get(key) ?? [])),
  );
  const path = join(dir, 'data.mdb');
  const file = await readFile(path);
  // LMDB has them one behind the other, also in pages that are no longer in use.
  const node = Buffer.concat([key, value]);
  for (let at = file.indexOf(node); at !== -1; at = file.indexOf(node, at)) changed.copy(file, at);
  await writeFile(path, file);
}

/** All keys of a table. */
export async function keysOf(dir: string, table: string): Promise<Buffer[]> {
  return withTable(dir, table, (db) => Promise.resolve([...db.getKeys()]));
}

/** Puts what is stored under one key under another. */
export async function misplace(dir: string, table: string, from: string, to: string) {
  await withTable(dir, table, async (db) => {
    await db.put(Buffer.from(to), Buffer.from(db.get(Buffer.from(from)) ?? Buffer.alloc(0)));
  });
}

/** Puts what is stored under one key under another instead. */
export async function rename(dir: string, table: string, from: string, to: string) {
  await misplace(dir, table, from, to);
  await withTable(dir, table, (db) => db.remove(Buffer.from(from)));
}

async function withTable<T>(
  dir: string,
  table: string,
  use: (db: ReturnType<typeof openTable>) => Promise<T>,
): Promise<T> {
  const root = open<Buffer, Buffer>({ path: dir, noSubdir: false, maxDbs: 24 });
  try {
    return await use(openTable(root, table));
  } finally {
    await root.close();
  }
}

function openTable(root: ReturnType<typeof open<Buffer, Buffer>>, table: string) {
  return root.openDB<Buffer, Buffer>(table, { encoding: 'binary', keyEncoding: 'binary' });
}
