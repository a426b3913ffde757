import { readdir } from 'node:fs/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ColdArchive } from '../../src/backup/cold/cold-archive.js';
import { openFolder } from './place.js';

vi.mock('node:fs/promises', async (original) => {
  const real = await original<{ readdir: typeof readdir }>();
  return { ...real, readdir: vi.fn(real.readdir) };
});

test('searches list the folder of their tenant alone, and not each of them', async () => {
  const { folder, target, remove } = openFolder();
  onTestFinished(remove);
  const archive = new ColdArchive(target, undefined);
  await target.write('20261129T211020123Z/manifest.json', Buffer.from('{}'));
  const first = await archive.put('shop', []);
  await target.write(`cold/other/${first}`, Buffer.from('-'));
  const listed = vi.mocked(readdir);
  const asked = await Promise.all([archive.recentChunks('shop'), archive.recentChunks('shop')]);
  expect([...asked, await archive.recentChunks('shop')]).toEqual([[first], [first], [first]]);
  expect(listed.mock.calls.map(([path]) => String(path).replace(/\/$/, ''))).toEqual([
    `${folder}/cold/shop`,
  ]);
  await archive.remove('shop', first);
  expect(await archive.recentChunks('shop')).toEqual([]);
  // As before where a prefix ends within a name.
  expect(await target.list('cold/oth')).toEqual([`cold/other/${first}`]);
});
