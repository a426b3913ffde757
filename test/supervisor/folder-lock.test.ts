import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FolderInUse, lockFolder } from '../../src/supervisor/folder-lock.js';

const LOCK = fileURLToPath(new URL('../../src/supervisor/folder-lock.ts', import.meta.url));
let dir: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'omnisearch-lock-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(dir, { recursive: true });
});

/** A process that takes the lock, says so, and holds it for `holdMs`. */
function holder(holdMs: number): { child: ChildProcess; out: () => string } {
  const code = `
    const { lockFolder } = await import(${JSON.stringify(LOCK)});
    const unlock = await lockFolder(${JSON.stringify(dir)});
    process.stdout.write('locked\\n');
    await new Promise((resolve) => setTimeout(resolve, ${holdMs}));
    process.stdout.write('unlocking\\n');
    await unlock();`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  return { child, out: () => out };
}

async function untilLocked({ child, out }: ReturnType<typeof holder>): Promise<void> {
  while (!out().includes('locked')) await once(child.stdout as NodeJS.ReadableStream, 'data');
}

test('a lock is taken, let go, and taken again', async () => {
  const unlock = await lockFolder(dir);
  await unlock();
  await (
    await lockFolder(dir)
  )();
});

test('what an earlier process, or anyone, wrote into the file does not hold', async () => {
  for (const content of [JSON.stringify({ pid: 1 }), String(process.pid), 'nonsense', '']) {
    writeFileSync(join(dir, 'lock'), content);
    await (
      await lockFolder(dir)
    )();
  }
});

test('a live holder is waited for, a killed one is not', async () => {
  const first = holder(150);
  await untilLocked(first);
  const unlock = await lockFolder(dir);
  expect(first.out()).toContain('unlocking');
  await unlock();
  const second = holder(60_000);
  await untilLocked(second);
  second.child.kill('SIGKILL');
  await once(second.child, 'exit');
  await (
    await lockFolder(dir)
  )();
});

test('a holder whose process id means nothing here, as in another container, keeps others out', async () => {
  const first = holder(60_000);
  await untilLocked(first);
  writeFileSync(join(dir, 'lock'), '1');
  await expect(lockFolder(dir)).rejects.toThrow(FolderInUse);
}, 20_000);

test('of several processes only one at a time holds it', async () => {
  const all = Array.from({ length: 4 }, () => holder(100));
  const log: string[] = [];
  for (const { child } of all) {
    child.stdout?.on('data', (chunk: Buffer) => log.push(...chunk.toString().trim().split('\n')));
  }
  await Promise.all(all.map(({ child }) => once(child, 'exit')));
  expect(log).toEqual(Array.from({ length: 4 }, () => ['locked', 'unlocking']).flat());
}, 30_000);

test('the folder is closed to others, also one that was open', async () => {
  chmodSync(dir, 0o755);
  const inner = join(dir, 'a', 'b');
  const unlocks = [await lockFolder(dir), await lockFolder(inner)];
  expect([statSync(dir).mode & 0o777, statSync(inner).mode & 0o777]).toEqual([0o700, 0o700]);
  expect(statSync(join(dir, 'lock')).mode & 0o777).toBe(0o600);
  for (const unlock of unlocks) await unlock();
});
