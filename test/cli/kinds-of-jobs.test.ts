import { expect, test } from 'vitest';
import { kindsOfJobs } from '../../src/cli/kinds-of-jobs.js';
import { childEnv } from '../../src/config/child-env.js';
import { loadConfig } from '../../src/config/load.js';
import { ARCHIVE_PRODUCTS } from '../../src/jobs/archive-products.js';
import { MemoryRecords } from '../tenancy/memory-records.js';

/** What a worker that `up` starts does, beside what the query nodes do. */
function kindsOfWorker(argv: string[]): string[] {
  const { config: up } = loadConfig({ verb: 'up', argv, env: {} });
  const env = childEnv(up, 'worker', {});
  const { config } = loadConfig({ verb: 'worker', argv: [], env });
  const store = { records: new MemoryRecords(), spool: {} };
  const background = { store };
  // None of them is run.
  const none = {} as never;
  return [...kindsOfJobs(config, none, background as never, none).keys()];
}

test('a worker in a region knows that it is one, and does nothing that changes products or records', () => {
  expect(kindsOfWorker([])).toContain(ARCHIVE_PRODUCTS);
  expect(kindsOfWorker(['--region-of', 'http://primary.example'])).toEqual([
    ...['purge of tombstones', 'emptied categories', 'settling of replicas', 'replacing of nodes'],
    ...['nodes of single tenants', 'growth of partitions', 'fill of nodes'],
  ]);
});
