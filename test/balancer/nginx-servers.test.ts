import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { NginxServers } from '../../src/balancer/nginx-servers.js';

let dir: string;
let file: string;
const clock = { ms: 0 };
const now = () => clock.ms;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'omnisearch-nginx-servers-'));
  file = join(dir, 'query-nodes.conf');
});
afterEach(() => rmSync(dir, { recursive: true }));

const servers = () =>
  [...readFileSync(file, 'utf8').matchAll(/^server (\S+) /gm)].map(([, address]) => address);

/** A command that tells what of the file it was called with. */
const counting = () => `cat ${file} >> ${join(dir, 'log')}; echo RELOADED >> ${join(dir, 'log')}`;
const reloads = (): number => {
  const log = join(dir, 'log');
  return existsSync(log) ? readFileSync(log, 'utf8').split('RELOADED').length - 1 : 0;
};

test('writes the file and reloads only when the servers changed', async () => {
  const nginx = new NginxServers({ file, reload: counting(), now });
  await nginx.setServers(['10.0.0.1:80', '10.0.0.2:80']);
  expect([servers(), reloads()]).toEqual([['10.0.0.1:80', '10.0.0.2:80'], 1]);
  const { ino, mode } = statSync(file);
  expect(mode & 0o777).toBe(0o644);
  await nginx.setServers(['10.0.0.1:80', '10.0.0.2:80']);
  expect([statSync(file).ino, reloads()]).toEqual([ino, 1]);
  await nginx.setServers(['10.0.0.2:80']);
  expect([servers(), reloads()]).toEqual([['10.0.0.2:80'], 2]);
  // Another file in its place, so that nobody reads half of one.
  expect(statSync(file).ino).not.toBe(ino);
  expect(readdirSync(dir).sort()).toEqual(['log', 'query-nodes.conf']);
});

test('reloads once at its start: whoever wrote the file may have ended before', async () => {
  await new NginxServers({ file, reload: 'false', now }).setServers(['10.0.0.1:80']).catch(() => 0);
  const nginx = new NginxServers({ file, reload: counting(), now });
  for (let i = 0; i < 3; i++) await nginx.setServers(['10.0.0.1:80']);
  expect(reloads()).toBe(1);
});

test('tries a reload that failed again after a while, and says why it failed', async () => {
  const failing = `echo no such upstream >&2; ${counting()}; false`;
  const nginx = new NginxServers({ file, reload: failing, now });
  await expect(nginx.setServers(['10.0.0.1:80'])).rejects.toThrow(/RELOAD.*no such upstream$/);
  await nginx.setServers(['10.0.0.1:80']);
  expect(reloads()).toBe(1);
  clock.ms += 5_000;
  await expect(nginx.setServers(['10.0.0.1:80'])).rejects.toThrow(/RELOAD/);
  // Other servers are a reason of their own.
  await expect(nginx.setServers(['10.0.0.2:80'])).rejects.toThrow(/RELOAD/);
  expect(reloads()).toBe(3);
});
