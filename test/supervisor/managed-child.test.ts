import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ManagedChild } from '../../src/supervisor/managed-child.js';

/** Notes each start, tells of it, and then does what the argument says. */
const SCRIPT = `
import { appendFileSync } from 'node:fs';
const [log, how] = process.argv.slice(2);
appendFileSync(log, process.pid + '\\n');
process.once('disconnect', () => process.exit(1));
if (how === 'deaf') process.on('SIGTERM', () => undefined);
if (how === 'clean') process.on('SIGTERM', () => { appendFileSync(log, 'stopped\\n'); process.exit(0); });
if (how !== 'mute') process.on('message', () => process.send({ type: 'pong' }));
if (how === 'crash') process.exit(7);
if (how === 'later') setTimeout(() => process.kill(process.pid, 'SIGSEGV'), 100);
if (how === 'bus') process.kill(process.pid, 'SIGBUS');
if (how === 'held') {
  process.on('message', (message) => message === 'go' && process.send({ type: 'ready' }));
  process.send({ type: 'hears' });
}
else if (how === 'fatal') process.send({ type: 'fatal', line: 'no' }, () => process.exit(2));
else process.send({ type: 'ready' });
setInterval(() => undefined, 1_000);
`;

let dir: string;
let child: ManagedChild | undefined;
let readyCount: number;
let givenUp: string[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'omnisearch-child-'));
  writeFileSync(join(dir, 'child.mjs'), SCRIPT);
  readyCount = 0;
  givenUp = [];
});
afterEach(async () => {
  await child?.stop(0);
  rmSync(dir, { recursive: true });
});

function start(how: string, mustStart = true, after?: Promise<void>): ManagedChild {
  const args = [join(dir, 'log'), how];
  const script = join(dir, 'child.mjs');
  const heartbeat = { intervalMs: 50, maxSilent: 10, maxSilentAtStart: 100 };
  const held = after === undefined ? {} : { after };
  const spec = { name: 'child', script, args, env: process.env, mustStart, heartbeat, ...held };
  child = new ManagedChild(spec, pino({ level: 'silent' }), {
    onReady: () => (readyCount += 1),
    onGivenUp: (line) => givenUp.push(line),
  });
  child.start();
  return child;
}

const log = (): string[] => readFileSync(join(dir, 'log'), 'utf8').trim().split('\n');

async function untilReady(count: number): Promise<void> {
  for (let attempt = 0; attempt < 1_000 && readyCount < count; attempt++) await sleep(10);
  expect(readyCount).toBeGreaterThanOrEqual(count);
}

async function untilGivenUp(): Promise<void> {
  for (let attempt = 0; attempt < 1_000 && givenUp.length === 0; attempt++) await sleep(10);
  expect(givenUp).toHaveLength(1);
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
  await untilReady(1);
  process.kill(Number(log()[0]), 'SIGKILL');
  await untilReady(2);
  await managed.stop(5_000);
  const [first, second, last] = log();
  expect(first).not.toBe(second);
  expect(last).toBe('stopped');
  expect(isRunning(second)).toBe(false);
});

test('a child that is to begin after another is there before, and told when, each time it is started', async () => {
  let begin: () => void = () => undefined;
  start('held', true, new Promise((resolve) => (begin = resolve)));
  while (!existsSync(join(dir, 'log'))) await sleep(5);
  await sleep(100);
  expect(readyCount).toBe(0);
  begin();
  await untilReady(1);
  process.kill(Number(log()[0]), 'SIGKILL');
  await untilReady(2);
});

test('a child that does not hear is ended after its grace', async () => {
  const managed = start('deaf');
  await untilReady(1);
  await managed.stop(20);
  expect(isRunning(log()[0])).toBe(false);
});

test('stopping during the pause before a restart starts nothing more', async () => {
  const managed = start('clean');
  await untilReady(1);
  process.kill(Number(log()[0]), 'SIGKILL');
  while (isRunning(log()[0])) await sleep(1);
  await sleep(10);
  await managed.stop(1_000);
  await sleep(250);
  expect(log()).toHaveLength(1);
});

test('a child that cannot work as configured says so once and is not started again', async () => {
  start('fatal');
  await untilGivenUp();
  expect(givenUp).toEqual(['no']);
  await sleep(300);
  expect(log()).toHaveLength(1);
});

test('one that others do without is tried thrice, and then given up with its reason', async () => {
  start('fatal', false);
  await untilGivenUp();
  expect(givenUp).toEqual(['no']);
  await sleep(800);
  expect(log()).toHaveLength(3);
});

test.each([
  ['crash', 'the child ended 3 times with exit code 7 before it was ready'],
  ['bus', 'by SIGBUS before it was ready: a data file is damaged or cut off'],
])('one that ends thrice without a word before it is ready (%s) is given up', async (how, line) => {
  start(how);
  await untilGivenUp();
  expect(givenUp[0]).toContain(line);
  expect(log()).toHaveLength(3);
});

test('one that works and then ends thrice as a damaged file makes it is given up', async () => {
  start('later', false);
  await untilGivenUp();
  expect(givenUp[0]).toMatch(
    /^the child ended 3 times by SIGSEGV: a data file is damaged .*store check/,
  );
  expect(log()).toHaveLength(3);
});

test('a process that cannot be started at all is given up too', async () => {
  const script = join(dir, 'child.mjs');
  const heartbeat = { intervalMs: 50, maxSilent: 10, maxSilentAtStart: 100 };
  const env = { ...process.env, HUGE: 'x'.repeat(4 << 20) };
  const spec = { name: 'child', script, args: [], env, mustStart: true, heartbeat };
  child = new ManagedChild(spec, pino({ level: 'silent' }), {
    onReady: () => (readyCount += 1),
    onGivenUp: (line) => givenUp.push(line),
  });
  child.start();
  await untilGivenUp();
  expect(givenUp[0]).toMatch(/^the child cannot be started: .*E2BIG/);
});

test('a child that is stopped by SIGSTOP is ended and started again', async () => {
  start('clean');
  await untilReady(1);
  process.kill(Number(log()[0]), 'SIGSTOP');
  await untilReady(2);
  expect(isRunning(log()[0])).toBe(false);
});

test('a child whose event loop answers nothing is ended and started again', async () => {
  start('mute');
  await untilReady(2);
  expect(isRunning(log()[0])).toBe(false);
});

test('a child that answers is left alone', async () => {
  start('clean');
  await untilReady(1);
  await sleep(1_200);
  expect(log()).toHaveLength(1);
});
