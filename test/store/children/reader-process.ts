import { writeSync } from 'node:fs';
import { openLmdbReader } from '../../../src/store/lmdb/open.js';

/** A reader in a process of its own: reads once, prints `ready`, and stays until it is killed. */
const reader = await openLmdbReader({ dir: process.argv[2] ?? '' });
await reader.productCount();
writeSync(1, 'ready\n');
setInterval(() => undefined, 60_000);
