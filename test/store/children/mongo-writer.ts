import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { toOmniError } from '../../../src/core/errors.js';
import { openMongoStore } from '../../../src/store/mongo/open.js';
import type { MongoStoreOptions } from '../../../src/store/mongo/options.js';
import type { ProductWrite } from '../../../src/store/store.js';
import { put, remove } from '../contract/writes.js';

/**
 * A writer in a process of its own, for tests that kill it. Arguments: store options as JSON, tenant,
 * prefix. Batch N puts the products `PREFIX-N-0` to `-3`, deletes `PREFIX-(N-2)-0`, and changes or
 * deletes some that all writers share. Prints `ack N` once batch N is acknowledged; a batch that
 * failed is tried again.
 */
const [options = '{}', tenant = '', prefix = ''] = process.argv.slice(2);
const OWN = 4;
const SHARED = 30;
const RETRY_MS = 100;

function shared(batch: number): ProductWrite {
  const id = `shared-${Math.floor(Math.random() * SHARED)}`;
  if (Math.random() < 0.3) return remove(id);
  return put(id, { title: `${prefix} ${batch}`, category: `c${batch % 3}` });
}

const store = await openMongoStore(JSON.parse(options) as MongoStoreOptions);
for (let batch = 0; ;) {
  const own = Array.from({ length: OWN }, (_, i) => put(`${prefix}-${batch}-${i}`));
  const writes = [...own, remove(`${prefix}-${batch - 2}-0`), shared(batch), shared(batch)];
  try {
    const { statuses } = await store.write(tenant, writes);
    if (statuses.slice(0, OWN + 1).includes('conflict'))
      throw new Error('nobody else writes these');
    // Synchronously, so that what was printed was printed when the process is killed.
    writeSync(1, `ack ${batch}\n`);
    batch += 1;
  } catch (error) {
    writeSync(1, `failed ${batch} ${toOmniError(error).code}\n`);
    await sleep(RETRY_MS);
  }
}
