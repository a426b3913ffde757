import { ScalingLog } from '../../src/cluster/scaling-log.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AlertsReply, DecisionsReply, LiveReply } from '../../src/http/live-reply.js';
import type { JobStates } from '../../src/jobs/job-figures.js';
import type { AlertsView } from '../../src/metrics/firing-alerts.js';
import { openHttp, type HttpHarness } from './harness.js';

const JOBS: JobStates = {
  ...{ scheduled: 1, waiting: 2, prioritised: 0, active: 3, failed: 4, oldestMs: 5_400 },
};
const ALERT = {
  ...{ name: 'StoreDown', severity: 'critical', summary: 'The store is away' },
  ...{ since: '2026-11-30T08:00:00.000Z', labels: { region: 'eu' }, runbook: null },
  isSilenced: false,
};

let node: HttpHarness;
let view: AlertsView;
let jobs: ReadonlyMap<string, JobStates> | undefined;
beforeAll(async () => {
  node = await openHttp({
    adminKey: 'the-admin-key',
    alerts: { read: async () => view },
    jobs: async () => jobs,
    census: () => ({ replicasMissing: 2, categoriesUnavailable: 1 }),
  });
});
afterAll(async () => node.close());

const headers = { authorization: 'Bearer the-admin-key' };
const ajv = new Ajv2020({ strict: false });

/** A reply that fits its schema. */
async function get(path: string, schema: object): Promise<Record<string, unknown>> {
  const reply = await node.send('GET', path, undefined, headers);
  expect(reply.statusCode).toBe(200);
  const body = reply.json();
  expect([ajv.validate(schema, body), ajv.errors]).toEqual([true, null]);
  return body;
}

test('/admin/live: what this node counts, by time, and what is known of the cluster', async () => {
  jobs = new Map([['import', JOBS]]);
  const first = await get('/admin/live', LiveReply);
  expect(first).toMatchObject({
    node: { process: process.pid },
    ...{ every_s: 5, window_s: 900 },
    points: { at_ms: [], outcomes: { ok: [] }, stages: { join: { count: [] } } },
    queues: { searches: 0, embedding: 4 },
    jobs: [{ kind: 'import', scheduled: 1, waiting: 2, active: 3, failed: 4, oldest_s: 5 }],
    ...{ replicas_missing: 2, categories_unavailable: 1 },
  });
  jobs = undefined;
  expect(await get('/admin/live', LiveReply)).toMatchObject({ jobs: null });
});

test('/admin/alerts: what fires; that it is not known, or that nobody was named', async () => {
  view = { state: 'ok', alerts: [ALERT], count: 7 };
  const { isSilenced, ...told } = ALERT;
  const alerts = [{ ...told, silenced: isSilenced }];
  expect(await get('/admin/alerts', AlertsReply)).toEqual({
    ...{ state: 'ok', problem: null, count: 7, alerts },
  });
  view = { state: 'unreachable', problem: 'it answered with 500' };
  expect(await get('/admin/alerts', AlertsReply)).toEqual({
    ...{ state: 'unreachable', problem: 'it answered with 500', count: 0, alerts: [] },
  });
  view = { state: 'unset' };
  expect(await get('/admin/alerts', AlertsReply)).toMatchObject({ state: 'unset', alerts: [] });
});

test('/admin/decisions: what was decided, whatever tenant it was of', async () => {
  await node.send('POST', '/products', { id: 'a', title: 'a', category: 'Mice' }, headers);
  await node.send(
    'POST',
    '/admin/placement/split',
    { tenant: 'default', category: 'Mice' },
    headers,
  );
  await new ScalingLog(node.store.records).note({
    ...{ atMs: Date.now() + 1_000, role: 'query-nodes', from: 1, to: 2, outcome: 'done' },
    ...{ reason: 'CPU at 91 %', sample: {} },
  });
  const { decisions } = await get('/admin/decisions', DecisionsReply);
  expect(decisions).toMatchObject([
    { by: 'autoscale', what: 'query-nodes: 1 → 2', why: 'CPU at 91 %' },
    { by: null, why: null },
  ]);
  expect(JSON.stringify(decisions)).toContain('split of default: 1 partition → 2');
});

test('no key of a shop opens them, and the caller has no say in where alerts come from', async () => {
  for (const path of ['/admin/live', '/admin/alerts', '/admin/decisions']) {
    expect((await node.send('GET', path)).statusCode).toBe(401);
  }
  view = { state: 'unset' };
  const asked = '/admin/alerts?url=http://127.0.0.1:1/&alertmanager_url=http://127.0.0.1:1/';
  const { statusCode, body } = await node.send('GET', asked, undefined, headers);
  expect([statusCode, JSON.parse(body)]).toMatchObject([200, { state: 'unset' }]);
});
