import { readFileSync, writeSync } from 'node:fs';
import { openLmdbReader } from '../../../src/store/lmdb/open.js';

/**
 * A reader in a process of its own: reads once, prints `ready`, and stays until it is killed. With
 * further arguments, tenant and a number of rows, it reads the rows `p0` to the last of them, then the first once
 * more, and prints `mapped` with the megabytes of the store that it holds in its memory.
 */
const [dir = '', tenant, rows] = process.argv.slice(2);
const reader = await openLmdbReader({ dir });
await reader.productCount();
writeSync(1, 'ready\n');
if (tenant !== undefined) {
  for (let i = 0; i < Number(rows); i++) await reader.rows(tenant, [`p${i}`]);
  const [again] = await reader.rows(tenant, ['p0']);
  if (again === undefined) throw new Error('a row is gone');
  writeSync(1, `mapped ${mappedMegabytes()}\n`);
}
setInterval(() => undefined, 60_000);

/** What of the store's file is resident here. */
function mappedMegabytes(): number {
  const smaps = readFileSync('/proc/self/smaps', 'utf8');
  const sizes = smaps.matchAll(/ \S*\/data\.mdb\n(?:.*\n)*?Rss: +(\d+) kB/g);
  return Math.round([...sizes].reduce((sum, [, size]) => sum + Number(size), 0) / 1024);
}
