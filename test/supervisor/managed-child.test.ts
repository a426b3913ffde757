import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ManagedChild, type ChildMessage } from '../../src/supervisor/managed-child.js';

/** Notes each start, tells of it, and then does what the argument says. */
const SCRIPT = `
import { appendFileSync } from 'node:fs';
const [log, how] = process.argv.slice(2);
appendFileSync(log, process.pid + '\\n');
process.once('disconnect', () => process.exit(1));
if (how === 'deaf') process.on('SIGTERM', () => undefined);
if (how === 'clean') process.on('SIGTERM', () => { appendFileSync(log, 'stopped\\n'); process.exit(0); });
if (how === 'fatal') process.send({ type: 'fatal', line: 'no' }, () => process.exit(2));
else process.send({ type: 'ready' });
setInterval(() => undefined, 1_000);
`;

let dir: string;
let child: ManagedChild | undefined;
let messages: ChildMessage[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'omnisearch-child-'));
  writeFileSync(join(dir, 'child.mjs'), SCRIPT);
  messages = [];
});
afterEach(async () => {
  await child?.stop(0);
  rmSync(dir, { recursive: true });
});

function start(how: string, mustStart = true): ManagedChild {
  const args = [join(dir, 'log'), how];
  const script = join(dir, 'child.mjs');
  const spec = { name: 'child', script, args, env: process.env, mustStart };
  child = new ManagedChild(spec, pino({ level: 'silent' }), (message) => messages.push(message));
  child.start();
  return child;
}

const log = (): string[] => readFileSync(join(dir, 'log'), 'utf8').trim().split('\n');

async function untilTold(count: number): Promise<void> {
  for (let attempt = 0; attempt < 1_000 && messages.length < count; attempt++) await sleep(10);
  expect(messages.length).toBeGreaterThanOrEqual(count);
}

function isRunning(pid: string | undefined): boolean {
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch {
    return false;
  }
}

test('a child that dies is started again, until it is stopped', async () => {
  const managed = start('clean');
  await untilTold(1);
  process.kill(Number(log()[0]), 'SIGKILL');
  await untilTold(2);
  await managed.stop(5_000);
  const [first, second, last] = log();
  expect(first).not.toBe(second);
  expect(last).toBe('stopped');
  expect(isRunning(second)).toBe(false);
});

test('a child that does not hear is ended after its grace', async () => {
  const managed = start('deaf');
  await untilTold(1);
  await managed.stop(20);
  expect(isRunning(log()[0])).toBe(false);
});

test('stopping during the pause before a restart starts nothing more', async () => {
  const managed = start('clean');
  await untilTold(1);
  process.kill(Number(log()[0]), 'SIGKILL');
  while (isRunning(log()[0])) await sleep(1);
  await sleep(10);
  await managed.stop(1_000);
  await sleep(250);
  expect(log()).toHaveLength(1);
});

test('a child that cannot work as configured says so once and is not started again', async () => {
  start('fatal');
  await untilTold(1);
  expect(messages).toEqual([{ type: 'fatal', line: 'no' }]);
  await sleep(300);
  expect(log()).toHaveLength(1);
});

test('one that others do without is tried again, until it is stopped', async () => {
  const managed = start('fatal', false);
  await untilTold(2);
  await managed.stop(1_000);
  const starts = log().length;
  await sleep(500);
  expect(log()).toHaveLength(starts);
});
