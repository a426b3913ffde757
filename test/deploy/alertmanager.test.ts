import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { FiringAlerts, type AlertsView } from '../../src/metrics/firing-alerts.js';
import { killAtExit } from '../e2e/kill-at-exit.js';
import { runs } from '../program.js';
import { freePort } from '../redis/redis-server.js';

const EXAMPLE = fileURLToPath(new URL('../../deploy/prometheus/alertmanager.yml', import.meta.url));
const PROGRAM = 'prometheus-alertmanager';
const reason = runs(PROGRAM, '--version') ? undefined : `needs ${PROGRAM}`;
const SOON = { timeout: 15_000, interval: 50 };
const HOUR_MS = 3_600_000;

/** What arrived, as `PATH severity alert`. */
const arrived: string[] = [];
const cleanUp: (() => unknown)[] = [];
let url = '';

/** Takes what a chat and a gateway for messages to telephones are sent. */
async function startReceiver(): Promise<string> {
  const server = createServer((request, reply) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      arrived.push(
        `${request.url} ${/FIRING|firing/.exec(body)?.[0].toLowerCase()} ${/Test\w+/.exec(body)?.[0]}`,
      );
      reply.end('ok');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUp.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeAll(async () => {
  if (reason !== undefined) return;
  const receiver = await startReceiver();
  const dir = mkdtempSync(join(tmpdir(), 'omnisearch-alertmanager-'));
  cleanUp.push(() => rmSync(dir, { recursive: true, force: true }));
  const config = readFileSync(EXAMPLE, 'utf8')
    .replaceAll(/https:\/\/(chat|sms)\.shop\.example[^'\n]*/g, `${receiver}/$1`)
    .replace('group_wait: 30s', 'group_wait: 50ms')
    // Whenever the test runs.
    .replaceAll(/ *mute_time_intervals: .*\n/g, '');
  writeFileSync(join(dir, 'alertmanager.yml'), config);
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const child = spawn(
    PROGRAM,
    [
      `--config.file=${dir}/alertmanager.yml`,
      `--storage.path=${dir}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
    ],
    { stdio: 'ignore' },
  );
  killAtExit(child);
  cleanUp.push(async () => {
    child.kill();
    await once(child, 'exit');
  });
  await vi.waitFor(async () => expect((await fetch(`${url}/-/ready`)).status).toBe(200), SOON);
});

afterAll(async () => {
  for (const action of cleanUp.splice(0).reverse()) await action();
});

async function post(path: string, body: unknown): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body: JSON.stringify(body) };
  expect((await fetch(`${url}/api/v2/${path}`, init)).status).toBe(200);
}

const fire = (alertname: string, severity: string): Promise<void> =>
  post('alerts', [
    { labels: { alertname, severity }, annotations: { summary: `about ${alertname}` } },
  ]);

describe.skipIf(reason !== undefined)(
  `Alertmanager with the example's routes${reason === undefined ? '' : ` (${reason})`}`,
  () => {
    test('who gets up is sent what is critical, the chat what is a warning, too', async () => {
      await fire('TestCritical', 'critical');
      await fire('TestWarning', 'warning');
      await fire('TestInfo', 'info');
      const expected = [
        '/chat firing TestCritical',
        '/chat firing TestWarning',
        '/sms firing TestCritical',
      ];
      await vi.waitFor(() => expect([...arrived].sort()).toEqual(expected), SOON);
    });

    test('the worst of one and the same thing is sent, and of another what there is', async () => {
      const disk = (severity: string, instance: string, path: string) => ({
        labels: { alertname: 'TestDisk', severity, instance, path },
      });
      await post('alerts', [
        ...[disk('critical', 'm1', '/data'), disk('warning', 'm1', '/data')],
        ...[disk('warning', 'm1', '/backups'), disk('warning', 'm2', '/data')],
      ]);
      const sent = async (): Promise<string[]> => {
        const reply = await fetch(`${url}/api/v2/alerts?filter=alertname=TestDisk&inhibited=false`);
        const found = (await reply.json()) as { labels: Record<string, string> }[];
        return found
          .map(({ labels }) => [labels['severity'], labels['instance'], labels['path']].join(' '))
          .sort();
      };
      const expected = ['critical m1 /data', 'warning m1 /backups', 'warning m2 /data'];
      await vi.waitFor(async () => expect(await sent()).toEqual(expected), SOON);
    });

    test('what is silenced is not sent', async () => {
      arrived.length = 0;
      await post('silences', {
        matchers: [{ name: 'alertname', value: 'TestSilenced', isRegex: false, isEqual: true }],
        startsAt: new Date(Date.now() - 1_000).toISOString(),
        endsAt: new Date(Date.now() + HOUR_MS).toISOString(),
        createdBy: 'a test',
        comment: 'planned',
      });
      await fire('TestSilenced', 'critical');
      await fire('TestAfterwards', 'critical');
      await vi.waitFor(() => expect(arrived).toContain('/sms firing TestAfterwards'), SOON);
      expect(arrived.filter((each) => each.includes('TestSilenced'))).toEqual([]);
    });

    test("the operator's page shows the same, the worst first", async () => {
      const view = (await new FiringAlerts(url).read()) as AlertsView & { state: 'ok' };
      const told = view.alerts.map(({ name, severity, summary, isSilenced, labels }) =>
        [severity, name, summary, isSilenced ? 'silenced' : '', labels['path'] ?? ''].join(' '),
      );
      expect(told.slice(0, 3).sort()).toEqual([
        'critical TestAfterwards about TestAfterwards  ',
        'critical TestCritical about TestCritical  ',
        'critical TestDisk   /data',
      ]);
      // What is inhibited is not shown.
      expect(told.filter((each) => each.includes('warning TestDisk'))).toHaveLength(2);
      expect(told.at(-1)).toBe('critical TestSilenced about TestSilenced silenced ');
    });
  },
);
