import { expect, test } from 'vitest';
import { MemoryRecords } from '../memory-records.js';
import { turnsDuring } from '../../turns-during.js';
import { keyedNode } from './keyed-node.js';

test('who looks for the keys of a tenant lets others have turns in between', async () => {
  const { desk } = keyedNode(new MemoryRecords());
  for (let i = 0; i < 1_001; i++) await desk.create({ kind: 'search', tenants: ['a'] }, null);
  const last = await desk.create({ kind: 'search', tenants: ['shop'] }, null);
  let found: string[] = [];
  const turns = await turnsDuring(async () => {
    found = (await desk.recordsOf('shop', null)).map(({ id }) => id);
  });
  expect(found).toEqual([last.id]);
  expect(turns).toBeGreaterThanOrEqual(2);
});
