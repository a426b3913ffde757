import { execFile, spawnSync } from 'node:child_process';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLogger, type LoggedError } from '../../src/core/logger.js';
import { ErrorReporter } from '../../src/telemetry/error-reporter.js';
import { Receiver } from './receiver.js';

const LOGGER = new URL('../../src/cli/open-logger.ts', import.meta.url).href;
const ORIGIN = { version: '1.2.3', environment: 'my shop/live', role: 'query-node', host: 'h1' };

let receiver: Receiver;
beforeEach(async () => void (receiver = await Receiver.start()));
afterEach(() => receiver.close());

function reporter(): ErrorReporter {
  return new ErrorReporter(receiver.dsn, ORIGIN, '', { warn: () => undefined } as never);
}

function logged(error: Error, details: LoggedError['details'] = {}): LoggedError {
  return { error, line: 'internal error', details };
}

test('an event says where something failed, and of which request, but nothing of what was asked for', async () => {
  const own = reporter();
  const cause = new Error('no field `secret-field` at mongodb://user:secret-word@db/shop');
  const error = new TypeError(`Unexpected token in "secret-query", it's 'secret-id' "secret-cut`, {
    cause,
  });
  const details = { reqId: 'r1', route: '/search/text', method: 'POST', query: 'secret-detail' };
  own.report(logged(error, details));
  await own.close(2_000);
  const [[head, item, event] = []] = receiver.envelopes;
  expect(head).toMatchObject({ event_id: expect.stringMatching(/^[\da-f]{32}$/) as string });
  expect(item).toEqual({ type: 'event' });
  expect(event).toMatchObject({
    ...{ level: 'error', platform: 'node', release: 'omnisearch@1.2.3', server_name: 'h1' },
    ...{ environment: 'my-shop-live', transaction: '/search/text' },
    tags: { role: 'query-node', request_id: 'r1', route: '/search/text', method: 'POST' },
    exception: {
      values: [
        { type: 'Error', value: 'no field "…" at mongodb://…@db/shop' },
        { type: 'TypeError', value: 'Unexpected token in "…", it\'s "…" "…"' },
      ],
    },
  });
  const { values } = event?.['exception'] as { values: { stacktrace: { frames: object[] } }[] };
  const here = values[1]?.stacktrace.frames.at(-1) as { filename: string; lineno: number };
  expect(here.filename).toMatch(/error-reporter\.test\.ts$/);
  expect(here.lineno).toBeGreaterThan(1);
  const [post] = receiver.posts;
  expect(post?.headers['x-sentry-auth']).toMatch(/sentry_version=7, .*sentry_key=publickey$/);
  expect(post?.body).not.toMatch(/secret|\/tmp\/|\/home\//);
});

test('an outage is not a million events', async () => {
  const own = reporter();
  for (let i = 0; i < 1_000; i++) own.report(logged(new Error('again')));
  await own.close(5_000);
  expect(receiver.envelopes).toHaveLength(30);
});

test('what is logged as an error is told, with what the line says; what is less is not', () => {
  const told: LoggedError[] = [];
  const logger = createLogger('error', 'worker', (one) => told.push(one)).child({ reqId: 'r2' });
  const error = new Error('expected by this test');
  logger.warn({ err: error }, 'not this');
  logger.error(error, 'one');
  logger.error({ err: error, route: '/x' }, 'two');
  logger.fatal('three');
  expect(told).toMatchObject([
    { error, line: 'one', details: { reqId: 'r2' } },
    { error, line: 'two', details: { reqId: 'r2', route: '/x' } },
    { error: undefined, line: 'three' },
  ]);
});

test.each([
  ['an exception', 'setTimeout(() => { throw new RangeError("out of it") })'],
  ['a rejection', 'Promise.reject(new RangeError("out of it"))'],
])('a process that dies of %s says so, and dies as it would have', async (_, death) => {
  const script = `
    const { openLogger } = await import(${JSON.stringify(LOGGER)});
    await openLogger({ logLevel: 'info', sentryDsn: ${JSON.stringify(receiver.dsn)} }, 'shard-node');
    ${death};
    setInterval(() => undefined, 1_000);`;
  // Beside this process, which is to receive what it sends.
  const ended = await new Promise<{ status: number | null; stderr: string }>((resolve) => {
    const args = ['--import', 'tsx', '--input-type=module', '-e', script];
    const child = execFile(process.execPath, args, (_error, _stdout, stderr) => {
      resolve({ status: child.exitCode, stderr });
    });
  });
  expect(ended.status).toBe(1);
  expect(ended.stderr).toContain('RangeError: out of it');
  const [[, , event] = []] = receiver.envelopes;
  expect(event).toMatchObject({
    level: 'fatal',
    tags: { role: 'shard-node' },
    exception: { values: [{ type: 'RangeError', mechanism: { handled: false } }] },
  });
});

test('a process that dies does not wait for who does not answer', () => {
  const script = `
    const { openLogger } = await import(${JSON.stringify(LOGGER)});
    await openLogger({ logLevel: 'info', sentryDsn: 'http://key@127.0.0.1:9/1' }, 'worker');
    throw new Error('the end');`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', script];
  expect(spawnSync(process.execPath, args, { timeout: 20_000 }).status).toBe(1);
});
