import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabases } from '../../src/store/lmdb/databases.js';
import { openLmdbReader, openLmdbStore } from '../../src/store/lmdb/open.js';
import type { StoreReader } from '../../src/store/store.js';
import { nodeCommand, READER, start, WRITER, type Child } from './children/start.js';
import { Follower, liveVersions } from './contract/follower.js';
import { put } from './contract/writes.js';
import { makeFolder } from './lmdb-fixture.js';

const T = 'shop';
const SIZE = 5;
/** 74 MB of vectors. */
const ROWS = 4_500;
const DIMENSIONS = 4_096;
const children: Child[] = [];
let folder: Awaited<ReturnType<typeof makeFolder>>;

beforeEach(async () => {
  folder = await makeFolder();
});

afterEach(async () => {
  for (const child of children.splice(0)) await child.kill();
  await folder.remove();
});

function startWriter(...args: string[]): Child {
  const child = start(nodeCommand(WRITER, ['--dir', folder.dir, ...args]));
  children.push(child);
  return child;
}

/** What the batches of `prefix` up to `last` left behind: batch N deleted the first of N - 2. */
function idsOf(prefix: string, last: number): { live: string[]; deleted: string[] } {
  const live: string[] = [];
  const deleted: string[] = [];
  for (let batch = 0; batch <= last; batch++) {
    for (let i = 0; i < SIZE; i++) {
      (i === 0 && batch <= last - 2 ? deleted : live).push(`${prefix}-${batch}-${i}`);
    }
  }
  return { live, deleted };
}

/** Every acknowledged batch is there in full, at most one more, and feed and counts agree. */
async function checkPrefixes(reader: StoreReader, acknowledged: Map<string, number>) {
  let products = 0;
  const all: string[] = [];
  for (const [prefix, last] of acknowledged) {
    const [next] = await reader.documents(T, [`${prefix}-${last + 1}-0`]);
    const { live, deleted } = idsOf(prefix, next === undefined ? last : last + 1);
    expect((await reader.documents(T, live)).filter((d) => d === undefined)).toEqual([]);
    expect((await reader.documents(T, deleted)).filter((d) => d !== undefined)).toEqual([]);
    const [after] = await reader.documents(T, [`${prefix}-${last + 2}-0`]);
    expect(after).toBeUndefined();
    products += live.length;
    all.push(...live, ...deleted);
  }
  expect(await reader.productCount()).toBe(products);
  const follower = new Follower(reader, T);
  while (!(await follower.readPage(1000)));
  expect(follower.held).toEqual(await liveVersions(reader, T, all));
  expect(new Set(follower.held.values()).size).toBe(products);
}

/** A store with so many vectors that a reader of all lets go of what it read. */
async function fill(): Promise<void> {
  const store = await openLmdbStore({ dir: folder.dir });
  const text = new Float32Array(DIMENSIONS).fill(0.5);
  for (let from = 0; from < ROWS; from += 500) {
    const ids = Array.from({ length: 500 }, (_, i) => `p${from + i}`);
    await store.write(
      T,
      ids.map((id) => ({ ...put(id), vectors: { text } })),
    );
  }
  await store.close();
}

/** LMDB's own list of who holds a reader's slot. */
async function readerList(): Promise<string> {
  const { root } = openDatabases(folder.dir, true);
  const list = root.readerList();
  await root.close();
  return list;
}

describe('the LMDB store in several processes', () => {
  it('has every acknowledged write after kill -9 of its writers', async () => {
    const last = new Map<string, number>();
    for (const round of [1, 2, 3]) {
      const writers = ['a', 'b'].map((name) => {
        const prefix = `${name}${round}`;
        return { prefix, child: startWriter('--prefix', prefix) };
      });
      for (const { child } of writers) await child.line(`ack ${10 * round}`);
      // The other one goes on, also when the first died with the lock in its hands.
      const [first, second] = writers;
      await first?.child.kill();
      const seen = second?.child.acknowledged().at(-1) ?? 0;
      await second?.child.line(`ack ${seen + 5}`);
      await second?.child.kill();
      for (const { prefix, child } of writers) last.set(prefix, child.acknowledged().at(-1) ?? -1);
    }
    const store = await openLmdbStore({ dir: folder.dir });
    await checkPrefixes(store, last);
    await store.close();
  }, 240_000);

  it('shows a reader all that writers in other processes acknowledge', async () => {
    const [one, two] = ['x', 'y'].map((prefix) =>
      startWriter('--prefix', prefix, '--batches', '60'),
    ) as [Child, Child];
    await one.line('ready');
    const reader = await openLmdbReader({ dir: folder.dir });
    const follower = new Follower(reader, T);
    for (const batch of [5, 20, 40, 59]) {
      await one.line(`ack ${batch}`);
      // At once: not a turn later.
      const [product] = await reader.documents(T, [`x-${batch}-1`]);
      expect(product).toBeDefined();
      await follower.readPage(50);
    }
    await Promise.all([one.end(), two.end()]);
    await checkPrefixes(
      reader,
      new Map([
        ['x', 59],
        ['y', 59],
      ]),
    );
    while (!(await follower.readPage(50)));
    expect(follower.held.size).toBe(await reader.productCount());
    await reader.close();
  });

  it('reads a fresh snapshot every time, also within one turn', async () => {
    const store = await openLmdbStore({ dir: folder.dir });
    await store.close();
    const reader = await openLmdbReader({ dir: folder.dir });
    expect(await reader.productCount()).toBe(0);
    // Nothing else of this process runs meanwhile, no timer either.
    const [node = '', ...args] = nodeCommand(WRITER, ['--dir', folder.dir, '--batches', '1']);
    execFileSync(node, args);
    expect(await reader.productCount()).toBe(SIZE);
    await reader.close();
  });

  it('lets a reader follow 200 MB of growth made by another process', async () => {
    const store = await openLmdbStore({ dir: folder.dir });
    await store.close();
    const reader = await openLmdbReader({ dir: folder.dir });
    expect(await reader.productCount()).toBe(0);
    const args = ['--batches', '40', '--descriptionBytes', '1000000'];
    const writer = startWriter(...args);
    for (const batch of [0, 20, 39]) {
      await writer.line(`ack ${batch}`);
      const [first] = await reader.documents(T, [`p-${batch}-4`]);
      expect(first?.product['description']).toHaveLength(1_000_000);
    }
    await writer.end();
    const { live } = idsOf('p', 39);
    expect(await reader.productCount()).toBe(live.length);
    for (const id of live) {
      const [row] = await reader.rows(T, [id]);
      expect(row?.product['description']).toHaveLength(1_000_000);
    }
    await reader.close();
  });

  it.skipIf(process.platform !== 'linux')(
    'does not hold in the memory of a reader all that it has read',
    async () => {
      await fill();
      const child = start(nodeCommand(READER, [folder.dir, T, String(ROWS)]));
      children.push(child);
      const mapped = await child.line('mapped');
      expect(Number(mapped.split(' ')[1])).toBeLessThan(ROWS * DIMENSIONS * 4 * 1e-6 * 0.5);
    },
  );

  it('reads nothing of another store that took the place of its own', async () => {
    await fill();
    const reader = await openLmdbReader({ dir: folder.dir });
    await rm(folder.dir, { recursive: true });
    const unavailable = expect.objectContaining({ code: 'unavailable' }) as Error;
    const readAll = async (): Promise<void> => {
      for (let i = 0; i < 2 * ROWS; i++) await reader.rows(T, [`p${i % ROWS}`]);
    };
    await expect(readAll()).rejects.toEqual(unavailable);
    expect(existsSync(folder.dir)).toBe(false);
    const other = await openLmdbStore({ dir: folder.dir });
    await expect(reader.rows(T, ['p0'])).rejects.toEqual(unavailable);
    await expect(reader.productCount()).rejects.toEqual(unavailable);
    await other.close();
    await reader.close();
  });

  it('frees the slot of a reader that was killed', async () => {
    const store = await openLmdbStore({ dir: folder.dir });
    await store.close();
    const child = start(nodeCommand(READER, [folder.dir]));
    children.push(child);
    await child.line('ready');
    expect(await readerList()).toContain(String(child.pid));
    await child.kill();
    const opened = await openLmdbStore({ dir: folder.dir });
    await opened.close();
    expect(await readerList()).not.toContain(String(child.pid));
  });
});
