import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { OmniError } from '../../../src/core/errors.js';
import { openLmdbStore } from '../../../src/store/lmdb/open.js';
import { put, remove } from '../contract/writes.js';

/**
 * A writer in a process of its own, for tests that kill it, trace it or fill its disk. Prints
 * `ready`, then a line a batch: `ack N` once batch N is acknowledged, or `failed N CODE`; at the
 * end `done`. Batch N of prefix P puts the products `P-N-0`, `P-N-1`, … and deletes `P-(N-2)-0`.
 */
const { values } = parseArgs({
  options: {
    dir: { type: 'string', default: '' },
    tenant: { type: 'string', default: 'shop' },
    prefix: { type: 'string', default: 'p' },
    batches: { type: 'string', default: '1000000' },
    size: { type: 'string', default: '5' },
    descriptionBytes: { type: 'string', default: '100' },
    /** After a failure, try the same batch again after this long. */
    retryMs: { type: 'string', default: '0' },
  },
});

const { dir, tenant, prefix } = values;
const [batches, size, retryMs] = [values.batches, values.size, values.retryMs].map(Number) as [
  number,
  number,
  number,
];
const description = 'x'.repeat(Number(values.descriptionBytes));

const store = await openLmdbStore({ dir });
// Synchronously, so that what was printed was printed when the process is killed.
const print = (line: string) => writeSync(1, `${line}\n`);
print('ready');
for (let batch = 0; batch < batches;) {
  const writes = Array.from({ length: size }, (_, i) =>
    put(`${prefix}-${batch}-${i}`, { rest: { description } }),
  );
  try {
    await store.write(tenant, [...writes, remove(`${prefix}-${batch - 2}-0`)]);
    print(`ack ${batch}`);
    batch += 1;
  } catch (error) {
    print(`failed ${batch} ${error instanceof OmniError ? error.code : String(error)}`);
    if (retryMs === 0) break;
    await sleep(retryMs);
  }
}
print('done');
await store.close();
