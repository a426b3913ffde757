import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FiringAlerts, type AlertsView } from '../../src/metrics/firing-alerts.js';

const TIMEOUT_MS = 300;
const STARTED = '2026-11-30T08:00:00.000Z';
const FIRING = {
  labels: { alertname: 'ReplicaDown', severity: 'warning', shard: 's2' },
  annotations: { summary: 'A replica is away', runbook_url: 'https://wiki.example/replica-down' },
  startsAt: STARTED,
  status: { state: 'active', silencedBy: [], inhibitedBy: [] },
};

let server: Server;
let url: string;
let answer: (request: IncomingMessage, reply: ServerResponse) => void;
let asked: IncomingMessage[];
let clock: { ms: number };
beforeEach(async () => {
  asked = [];
  clock = { ms: 0 };
  answer = (_, reply) => reply.end(JSON.stringify([FIRING]));
  server = createServer((request, reply) => {
    asked.push(request);
    answer(request, reply);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

const reader = (at: string | undefined = url): FiringAlerts =>
  new FiringAlerts(at, () => clock.ms, TIMEOUT_MS);
const problem = async (alerts: FiringAlerts): Promise<string> => {
  const view = await alerts.read();
  return view.state === 'unreachable' ? view.problem : view.state;
};

test('tells what fires, the worst first, and of what is no address of the web no link', async () => {
  const of = (severity: string, more: object = {}) => ({
    ...{ ...FIRING, ...more },
    labels: { ...FIRING.labels, severity },
  });
  const silenced = { status: { state: 'suppressed', silencedBy: ['x'] } };
  const script = { annotations: { description: 'd', runbook_url: 'javascript:alert(1)' } };
  const all = [of('critical', silenced), of('info'), of('page', script), of('critical')];
  answer = (_, reply) => reply.end(JSON.stringify(all));
  const view = (await reader().read()) as AlertsView & { state: 'ok' };
  expect(view.alerts.map(({ severity, isSilenced }) => [severity, isSilenced])).toEqual([
    ['critical', false],
    ['info', false],
    ['page', false],
    ['critical', true],
  ]);
  expect(view.alerts[0]).toEqual({
    ...{ name: 'ReplicaDown', severity: 'critical', summary: 'A replica is away', since: STARTED },
    ...{ labels: { shard: 's2' }, runbook: 'https://wiki.example/replica-down', isSilenced: false },
  });
  expect(view.alerts[2]).toMatchObject({ summary: 'd', runbook: null });
  expect(asked[0]?.url).toContain('/api/v2/alerts?active=true');
});

test('asks once for all who ask at a time, and not again for five seconds, also after a failure', async () => {
  const alerts = reader();
  await Promise.all([alerts.read(), alerts.read(), alerts.read()]);
  clock.ms = 4_999;
  await alerts.read();
  expect(asked).toHaveLength(1);
  answer = (_, reply) => reply.writeHead(500).end();
  clock.ms = 5_000;
  expect(await problem(alerts)).toBe('it answered with 500');
  await alerts.read();
  expect(asked).toHaveLength(2);
});

test('one that lies below a path and wants a password gets it in a header alone', async () => {
  const host = new URL(url).host;
  await reader(`http://ops:p%40ss@${host}/alerts`).read();
  expect(asked[0]?.url).toMatch(/^\/alerts\/api\/v2\/alerts\?/);
  const sent = Buffer.from('ops:p@ss').toString('base64');
  expect(asked[0]?.headers.authorization).toBe(`Basic ${sent}`);
});

describe('is not held up, filled or led astray', () => {
  test('by one that says nothing, or never ends', async () => {
    answer = () => undefined;
    expect(await problem(reader())).toBe(`it did not answer within ${TIMEOUT_MS} ms`);
    answer = (_, reply) => void reply.write('[');
    expect(await problem(reader())).toBe(`it did not answer within ${TIMEOUT_MS} ms`);
  });

  test('by a reply without an end', async () => {
    let isClosed = false;
    answer = (_, reply) => {
      const more = (): void => {
        while (!reply.destroyed && reply.write(' '.repeat(65_536)));
      };
      reply.on('drain', more).on('close', () => (isClosed = true));
      more();
    };
    expect(await problem(reader())).toBe('its reply is longer than 2097152 bytes');
    await expect.poll(() => isClosed).toBe(true);
  });

  test('by one that sends it elsewhere', async () => {
    answer = ({ url: path = '' }, reply) => {
      if (path.startsWith('/secret')) reply.end(JSON.stringify([FIRING]));
      else reply.writeHead(302, { location: `${url}/secret` }).end();
    };
    expect(await problem(reader())).toBe('it does not answer');
    expect(asked.map((request) => request.url?.slice(0, 7))).toEqual(['/api/v2']);
  });

  test.each([
    ['<html>', 'its reply is not JSON'],
    ['{"alerts": []}', 'it is no list of alerts'],
    ['[null]', 'it is no list of alerts'],
    ['[{"labels": {"alertname": 7}, "startsAt": "now"}]', 'it is no list of alerts'],
  ])('by one that answers with %s', async (body, said) => {
    answer = (_, reply) => reply.end(body);
    expect(await problem(reader())).toBe(said);
  });

  test('by thousands of alerts, or long ones', async () => {
    const long = { ...FIRING, annotations: { summary: 'x'.repeat(5_000) } };
    answer = (_, reply) => reply.end(JSON.stringify(Array.from({ length: 300 }, () => long)));
    const view = (await reader().read()) as AlertsView & { state: 'ok' };
    expect([view.count, view.alerts.length]).toEqual([300, 100]);
    expect(view.alerts[0]?.summary).toHaveLength(300);
  });
});

test('says that nobody listens, and that nobody was named', async () => {
  server.close();
  await once(server, 'close');
  expect(await problem(reader())).toBe('it does not answer: ECONNREFUSED');
  expect(await new FiringAlerts(undefined).read()).toEqual({ state: 'unset' });
  server.listen(0, '127.0.0.1');
});
