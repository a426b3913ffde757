import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockFolder } from '../../src/supervisor/folder-lock.js';

const COMPILED = fileURLToPath(new URL('../../dist/supervisor/folder-lock.js', import.meta.url));
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
    const { lockFolder } = await import(${JSON.stringify(COMPILED)});
    const unlock = await lockFolder(${JSON.stringify(dir)});
    process.stdout.write('locked\\n');
    await new Promise((resolve) => setTimeout(resolve, ${holdMs}));
    process.stdout.write('unlocking\\n');
    await unlock();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
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

test('a lock is taken, let go, and leaves no file', async () => {
  const unlock = await lockFolder(dir);
  expect(readdirSync(dir)).toEqual(['lock']);
  await unlock();
  expect(readdirSync(dir)).toEqual([]);
});

test.each([
  ['of a process that is gone', JSON.stringify({ pid: 2 ** 22 + 1, startedAt: '1' })],
  ['of a process id that is someone else now', JSON.stringify({ pid: 1, startedAt: '-1' })],
  ['that is not a lock', 'nonsense'],
])('a lock %s does not hold', async (_, content) => {
  writeFileSync(join(dir, 'lock'), content);
  const unlock = await lockFolder(dir);
  expect(JSON.parse(readFileSync(join(dir, 'lock'), 'utf8'))).toMatchObject({ pid: process.pid });
  await unlock();
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

test('of several processes that find a stale lock only one at a time holds it', async () => {
  writeFileSync(join(dir, 'lock'), JSON.stringify({ pid: 2 ** 22 + 1, startedAt: '1' }));
  const all = Array.from({ length: 4 }, () => holder(100));
  const log: string[] = [];
  for (const { child } of all) {
    child.stdout?.on('data', (chunk: Buffer) => log.push(...chunk.toString().trim().split('\n')));
  }
  await Promise.all(all.map(({ child }) => once(child, 'exit')));
  expect(log).toEqual(Array.from({ length: 4 }, () => ['locked', 'unlocking']).flat());
}, 30_000);
