import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openMongoReader } from '../../../src/store/mongo/open.js';
import type { MongoStoreOptions } from '../../../src/store/mongo/options.js';
import { Follower } from '../contract/follower.js';
import { loadFollower, saveFollower } from '../saved-follower.js';

/**
 * A follower in a process of its own, for tests that kill it: after each page it keeps what it holds
 * and its position in a file, and it goes on from there. Arguments: store options as JSON, tenant,
 * file. Prints `page` after each.
 */
const [options = '{}', tenant = '', file = ''] = process.argv.slice(2);
const PAGE_ENTRIES = 20;
const POLL_MS = 20;

const reader = await openMongoReader(JSON.parse(options) as MongoStoreOptions);
const follower = new Follower(reader, tenant);
await loadFollower(follower, file);
for (;;) {
  const atEnd = await follower.readPage(PAGE_ENTRIES).catch(() => true);
  await saveFollower(follower, file);
  writeSync(1, 'page\n');
  if (atEnd) await sleep(POLL_MS);
}
