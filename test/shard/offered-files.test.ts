import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MAX_RANGE_BYTES } from '../../src/protocol/messages.js';
import type { Manifest } from '../../src/shard/index/manifest.js';
import { SparedNames, type PinnedFiles } from '../../src/shard/index/pinned-files.js';
import { OfferedFiles } from '../../src/shard/peer/offered-files.js';

const BYTES = 3 * MAX_RANGE_BYTES;
const RATE = 1e9;

let folder: string;
let spared: SparedNames;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'omnisearch-offered-'));
  spared = new SparedNames();
  writeFileSync(join(folder, 'deletes.bits'), Buffer.alloc(BYTES, 7));
  writeFileSync(join(folder, 'other'), 'not on offer');
});
afterEach(() => rmSync(folder, { recursive: true }));

function pin(): PinnedFiles {
  const files = [{ name: 'deletes.bits', bytes: BYTES, crc32: 0 }];
  const manifest = { segments: [], deletes: { files } } as unknown as Manifest;
  return { manifest, folder, release: spared.spare(['deletes.bits']) };
}

const range = (transfer: string, rest: object = {}) => {
  return { type: 'read' as const, transfer, file: 'deletes.bits', from: 0, bytes: 10, ...rest };
};

test('gives ranges of what it offers, and of nothing else', async () => {
  const files = new OfferedFiles(RATE);
  const { transfer } = files.offer(pin()).offered;
  const bytes = await files.read(range(transfer, { from: BYTES - 10 }));
  expect([...bytes]).toEqual(Array(10).fill(7));
  for (const wrong of [
    { file: 'other' },
    { file: '../deletes.bits' },
    { from: BYTES - 9 },
    { from: -1 },
    { from: 0.5 },
    { bytes: MAX_RANGE_BYTES + 1 },
    { bytes: 'many' },
    { transfer: 'unknown' },
  ]) {
    await expect(files.read(range(transfer, wrong))).rejects.toMatchObject({ code: 'unavailable' });
  }
  rmSync(join(folder, 'deletes.bits'));
  await expect(files.read(range(transfer))).rejects.toMatchObject({ code: 'unavailable' });
  files.close();
});

test('what is pinned is let go of when the offer ends, when nobody reads it, and with all', async () => {
  const files = new OfferedFiles(RATE, 50);
  const [first, second] = [files.offer(pin()), files.offer(pin())];
  files.end(first.offered.transfer);
  files.end(first.offered.transfer);
  await first.ended;
  expect(spared.has('deletes.bits')).toBe(true);
  // Its reader is gone.
  await second.ended;
  expect(spared.has('deletes.bits')).toBe(false);
  await expect(files.read(range(second.offered.transfer))).rejects.toThrow('has ended');
  const third = files.offer(pin());
  files.close();
  await third.ended;
  expect(spared.has('deletes.bits')).toBe(false);
});

test('an offer that is read goes on beyond the time of a silent one', async () => {
  const files = new OfferedFiles(RATE, 200);
  const { offered, ended } = files.offer(pin());
  for (let i = 0; i < 8; i++) {
    await sleep(50);
    await files.read(range(offered.transfer));
  }
  files.close();
  await ended;
});

test('so many may copy at once, and none where files are not given', () => {
  const files = new OfferedFiles(RATE);
  for (let i = 0; i < 4; i++) {
    files.check();
    files.offer(pin());
  }
  expect(() => files.check()).toThrow('too many copy');
  files.close();
  expect(() => files.check()).not.toThrow();
  expect(() => new OfferedFiles(0).check()).toThrow('offers no files');
});

test('a range waits until those before it have had their time at the bound', async () => {
  const files = new OfferedFiles(MAX_RANGE_BYTES / 3_600);
  const { transfer } = files.offer(pin()).offered;
  const read = (from: number) => files.read(range(transfer, { from, bytes: MAX_RANGE_BYTES }));
  expect((await read(0)).byteLength).toBe(MAX_RANGE_BYTES);
  // An hour.
  const second = read(MAX_RANGE_BYTES).then(() => 'read');
  expect(await Promise.race([second, sleep(50, 'waits')])).toBe('waits');
  files.close();
});
