import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { afterEach, describe, expect, test } from 'vitest';
import { exitCodeOf, type Finding } from '../../src/cli/check/finding.js';
import { judgeBackup, judgeCertificate, judgeFigures } from '../../src/cli/check/judge-figures.js';
import { judgeHealth } from '../../src/cli/check/judge-health.js';
import { notify } from '../../src/cli/check/notify.js';
import { MetricsPage } from '../../src/cli/metrics-text.js';

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 10, 30);
const DAY_S = 86_400;

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const action of cleanUp.splice(0)) await action();
});

function judged(lines: string[]): Record<string, string> {
  const findings = judgeFigures(new MetricsPage(`${lines.join('\n')}\n`), NOW_MS);
  return Object.fromEntries(findings.map(({ check, level }) => [check, level]));
}

describe('what figures come to', () => {
  test.each([
    ['memory', ['memory_used_bytes 80', 'memory_limit_bytes 100'], 'ok'],
    ['memory', ['memory_used_bytes 86', 'memory_limit_bytes 100'], 'warning'],
    ['memory', ['memory_used_bytes 91', 'memory_limit_bytes 100'], 'critical'],
    ['memory', [], 'unknown'],
    ['disk', ['disk_free_bytes{path="/data"} 50', 'disk_size_bytes{path="/data"} 100'], 'ok'],
    ['disk', ['disk_free_bytes{path="/data"} 14', 'disk_size_bytes{path="/data"} 100'], 'warning'],
    ['disk', ['disk_free_bytes{path="/data"} 4', 'disk_size_bytes{path="/data"} 100'], 'critical'],
    ['lag', ['shard_behind{shard="s1"} 9', 'shard_behind{shard="s2"} 0'], 'ok'],
    ['lag', ['shard_behind{shard="s1"} 9', 'shard_behind{shard="s2"} 2000'], 'warning'],
    ['lag', ['shard_behind{shard="s1"} 10000'], 'critical'],
    ['lag', ['store_replica_lag_seconds 12'], 'ok'],
    ['lag', ['store_replica_lag_seconds 70'], 'critical'],
    ['lag', ['region_lag_seconds{region="us"} 0.3'], 'ok'],
    ['lag', ['region_lag_seconds{region="us"} 45'], 'warning'],
    ['certificate', [certificateOf(90)], 'ok'],
    ['certificate', [certificateOf(20)], 'warning'],
    ['certificate', [certificateOf(4)], 'critical'],
  ])('%s of %j is %s', (check, lines, level) => {
    expect(judged(lines)[check]).toBe(level);
  });

  test('a backup is well while it is young', () => {
    const begun = new Date(NOW_MS - DAY_MS);
    expect(judgeBackup(begun, NOW_MS, DAY_MS).level).toBe('ok');
    expect(judgeBackup(begun, NOW_MS, DAY_MS - 1).level).toBe('critical');
    expect(judgeBackup(undefined, NOW_MS, DAY_MS).message).toBe(
      'there is no backup of all tenants',
    );
  });

  test('parts that are down are critical, others that are not well a warning', () => {
    const parts = (state: 'ok' | 'degraded' | 'down'): Parameters<typeof judgeHealth>[0] => ({
      parts: [
        { name: 'store', state: 'ok' },
        { name: 'shard s1', state, detail: 'why' },
      ],
    });
    expect(exitCodeOf(judgeHealth(parts('ok')))).toBe(0);
    expect(exitCodeOf(judgeHealth(parts('degraded')))).toBe(1);
    expect(judgeHealth(parts('down'))).toEqual([
      { check: 'health', level: 'critical', message: 'shard s1 is down: why' },
    ]);
  });

  test('a certificate that has ended says so', () => {
    expect(judgeCertificate('shop.pem', NOW_MS - 1, NOW_MS).message).toBe('shop.pem has ended');
  });
});

function certificateOf(days: number): string {
  return `certificate_expires_timestamp_seconds{file="a.pem"} ${NOW_MS / 1_000 + days * DAY_S}`;
}

const PROBLEMS: Finding[] = [{ check: 'health', level: 'critical', message: 'store is down' }];
const NOTICE = { url: 'http://shop.example', problems: PROBLEMS };

test('a webhook is told, with a text as chats read it', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  cleanUp.push(() => server.close());
  await once(server, 'listening');
  const told = once(server, 'request').then(async ([request, reply]) => {
    let body = '';
    for await (const chunk of request as IncomingMessage) body += String(chunk);
    (reply as { end(): void }).end();
    return JSON.parse(body) as object;
  });
  const { port } = server.address() as AddressInfo;
  await notify(`webhook:http://127.0.0.1:${port}/hook`, NOTICE);
  expect(await told).toEqual({
    text: 'OmniSearch critical: http://shop.example\ncritical: health: store is down',
    ...NOTICE,
  });
});

test('a webhook that refuses is said', async () => {
  const server = createServer((_, reply) => reply.writeHead(404).end()).listen(0, '127.0.0.1');
  cleanUp.push(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await expect(notify(`webhook:http://127.0.0.1:${port}/`, NOTICE)).rejects.toThrow('404');
});

test('a mail arrives at each address, from who signed in', async () => {
  const mails: { to: string[]; text: string; user: unknown }[] = [];
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _, done) =>
      password === 'p@ss' ? done(null, { user: username }) : done(new Error('no')),
    onData: (stream, session, done) => {
      let text = '';
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map(({ address }) => address);
        mails.push({ to, text, user: session.user });
        done();
      });
    },
  });
  const listening = server.listen(0, '127.0.0.1');
  cleanUp.push(async () => {
    const closed = once(listening, 'close');
    server.close();
    await closed;
  });
  await once(listening, 'listening');
  const { port } = listening.address() as AddressInfo;
  const query = 'from=omni@shop.example&to=a@shop.example,b@shop.example';
  await notify(`smtp://operator:p%40ss@127.0.0.1:${port}/?${query}`, NOTICE);
  expect(mails).toHaveLength(1);
  expect(mails[0]).toMatchObject({ to: ['a@shop.example', 'b@shop.example'], user: 'operator' });
  expect(mails[0]?.text).toContain('Subject: OmniSearch critical: http://shop.example');
  expect(mails[0]?.text).toContain('critical: health: store is down');
});
