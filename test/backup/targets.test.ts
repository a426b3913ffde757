import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTarget } from '../../src/backup/open-target.js';
import { pruneBackups } from '../../src/backup/prune.js';
import { restoreBackup } from '../../src/backup/restore-backup.js';
import { takeBackup } from '../../src/backup/take-backup.js';
import type { BackupTarget } from '../../src/backup/target.js';
import { openPlace, product } from './place.js';
import { S3Server, whyNoS3 } from './s3-server.js';

const reason = whyNoS3();
const folder = mkdtempSync(join(tmpdir(), 'omnisearch-target-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function isTarget(open: () => BackupTarget): void {
  it('gives back what was written, lists it in order, and forgets it', async () => {
    const target = open();
    expect(await target.read('none/x.gz')).toBeUndefined();
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 251));
    await target.write('b/2.gz', bytes);
    await target.write('b/10.gz', Buffer.from('other'));
    await target.write('a/1.json', Buffer.from('{}'));
    expect(await target.read('b/2.gz')).toEqual(bytes);
    expect(await target.list('')).toEqual(['a/1.json', 'b/10.gz', 'b/2.gz']);
    expect(await target.list('b/')).toEqual(['b/10.gz', 'b/2.gz']);
    await target.write('b/2.gz', Buffer.from('new'));
    expect((await target.read('b/2.gz'))?.toString()).toBe('new');
    for (const file of await target.list('')) await target.remove(file);
    await target.remove('a/1.json');
    expect(await target.list('')).toEqual([]);
  });

  it('holds backups, of which some are removed', async () => {
    const target = open();
    const [from, to] = [await openPlace(), await openPlace()];
    for (let i = 0; i < 3; i++) {
      await from.ingest.upsertOne('shop', product(`p${i}`));
      await takeBackup(from.source, target, { software: 'test' });
    }
    const names = await pruneBackups(
      target,
      { days: 1, weeks: 0, months: 0 },
      new Date(),
      undefined,
    );
    expect(names).toHaveLength(2);
    const options = { name: 'latest', replace: false, resume: false, wait: false };
    const { written } = await restoreBackup(target, to.sink, options);
    expect(written).toBe(3);
    expect(await target.list('')).toHaveLength(2);
    await from.close();
    await to.close();
  });
}

describe('a folder', () => isTarget(() => openTarget(folder, { env: {} })));

describe.skipIf(reason !== undefined)(`S3${reason ? ` (${reason})` : ''}`, () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await S3Server.start();
  }, 30_000);
  afterAll(() => server.stop());

  isTarget(() => openTarget('s3://shop/daily backups', server));

  it('names a bucket that is not there, and wrong keys', async () => {
    const none = openTarget('s3://none/x', server);
    await expect(none.list('')).rejects.toThrow('NoSuchBucket');
    const env = { ...server.env, AWS_SECRET_ACCESS_KEY: 'wrong' };
    const wrong = openTarget('s3://shop/x', { endpoint: server.endpoint, env });
    await expect(wrong.read('x')).rejects.toThrow('403');
    expect(() => openTarget('s3://shop', { env: {} })).toThrow('AWS_ACCESS_KEY_ID');
    expect(() => openTarget('ftp://shop', { env: {} })).toThrow('s3://bucket/prefix');
  });
});
