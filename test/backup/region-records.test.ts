import { expect, test } from 'vitest';
import { forgetPrimary, PLACE_KIND } from '../../src/backup/region/region-records.js';
import { beginFound } from '../../src/store/found-clock.js';
import { noteFound } from '../../src/store/found-marks.js';
import { FOUND_KIND } from '../../src/store/tenant-records.js';
import { MemoryRecords } from '../tenancy/memory-records.js';

test('a region that becomes a primary counts anew what is found; who followed nobody goes on', async () => {
  const records = new MemoryRecords();
  await beginFound(records, 'shop', 0);
  await noteFound(records, 'shop', [1, 2 ** 20], 0);
  await forgetPrimary(records);
  expect((await records.list(FOUND_KIND)).length).toBe(3);
  await records.put(PLACE_KIND, 'all', {}, 0);
  await forgetPrimary(records);
  expect([await records.list(FOUND_KIND), await records.list(PLACE_KIND)]).toEqual([[], []]);
  await beginFound(records, 'shop', 0);
  await forgetPrimary(records);
  expect((await records.list(FOUND_KIND)).length).toBe(1);
});
