import { afterAll, beforeAll, expect, test } from 'vitest';
import { Receiver, type ReceivedSpan } from '../telemetry/receiver.js';
import { Cluster } from './cluster.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';
const STAGES = ['wait', 'look_up', 'words', 'plan', 'fan_out', 'merge', 'rerank', 'join'];
const SECRETS = /secretive|very-secret/;

let receiver: Receiver;
let at: Cluster;

beforeAll(async () => {
  receiver = await Receiver.start();
  at = await Cluster.start({
    shards: 2,
    args: ['--model', 'none', '--dimensions', '4'],
    env: {
      // By their own names, as other programs read them.
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_TRACES_SAMPLER: 'parentbased_always_off',
      OTEL_BSP_SCHEDULE_DELAY: '50',
      OTEL_RESOURCE_ATTRIBUTES: 'team=search%20one',
      ENVIRONMENT: 'test',
      SENTRY_DSN: receiver.dsn,
      OMNISEARCH_LOG_LEVEL: 'info',
      OMNISEARCH_SLOW_QUERY_MS: '0',
      OMNISEARCH_ACCESS_LOG: 'true',
    },
  });
  const products = Array.from({ length: 30 }, (_, n) => {
    const category = `Category ${n % 6}`;
    return {
      id: `very-secret-${n}`,
      title: `Secretive mouse ${n}`,
      category,
      vector: [1, 0, 0, n],
    };
  });
  await at.index(products);
});

afterAll(async () => {
  await at.stop();
  await receiver.close();
});

const headers = (traceId: string, flags: string): Record<string, string> => {
  return { traceparent: `00-${traceId}-${CALLER}-${flags}` };
};

async function search(traceId: string, flags = '01', more: object = {}): Promise<void> {
  const response = await fetch(`${at.url}/search/text`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers(traceId, flags) },
    body: JSON.stringify({ query: 'secretive mouse', exact: true, ...more }),
  });
  expect(response.status).toBe(200);
  await response.json();
}

/** All of a trace, once each process has sent what it has of it. */
async function spansOf(traceId: string): Promise<ReceivedSpan[]> {
  const spans = (): ReceivedSpan[] => receiver.spans.filter((span) => span.traceId === traceId);
  /** A shard may have sent what it counted before it has searched. */
  const searched = (): number => spans().filter(({ name }) => name === 'search').length;
  const hasRoot = (): boolean => spans().some(({ parentSpanId }) => parentSpanId === CALLER);
  await expect.poll(() => searched() >= 2 && hasRoot(), { timeout: 20_000 }).toBe(true);
  return spans();
}

test('a search is one tree of spans over the query node and all shards, below that of its caller', async () => {
  await search(TRACE);
  const spans = await spansOf(TRACE);
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const parentOf = ({ parentSpanId = '' }: ReceivedSpan): ReceivedSpan | undefined =>
    byId.get(parentSpanId);
  const [root, ...others] = spans.filter((span) => parentOf(span) === undefined);
  expect(others).toEqual([]);
  expect(root).toMatchObject({ name: 'POST /search/text', parentSpanId: CALLER, kind: 2 });
  const told = root?.attributes.map(({ key, value }) => [key, Object.values(value)[0]]);
  expect(told).toContainEqual(['http.response.status_code', '200']);
  expect(told).toContainEqual(['omnisearch.tenant', 'default']);

  const below = spans.filter((span) => parentOf(span) === root).map(({ name }) => name);
  for (const stage of STAGES.filter((name) => name !== 'look_up')) expect(below).toContain(stage);
  expect(below).toContain('store documents');

  for (const shard of ['s1', 's2']) {
    const own = spans.filter(({ from }) => from === `shard-node ${shard}`);
    const [searched] = own.filter(({ name }) => name === 'search');
    if (searched === undefined) throw new Error(`${shard} searched nothing`);
    expect(searched.kind).toBe(2);
    expect(own.some((span) => span.name === 'queue' && parentOf(span) === searched)).toBe(true);
    const asked = parentOf(searched);
    expect(asked).toMatchObject({ name: 'shard search', from: 'query-node', kind: 3 });
    expect(asked && parentOf(asked)).toMatchObject({ name: 'fan_out' });
  }
  const counted = spans.filter(({ name }) => name === 'shard words');
  expect(counted.length).toBeGreaterThan(0);
  expect(counted.map((span) => parentOf(span)?.name)).toEqual(counted.map(() => 'words'));
  for (const span of spans) {
    expect(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano)).toBe(true);
  }
});

test('who does not ask for a trace has none', async () => {
  const before = new Set(receiver.spans.map(({ traceId }) => traceId));
  const quiet = TRACE.replace('0af7', '1111');
  const loud = TRACE.replace('0af7', '2222');
  await search(quiet, '00');
  await at.post('/search/text', { query: 'mouse' });
  // Whatever was sent of those before is here when all of this one is.
  await search(loud);
  await spansOf(loud);
  const after = new Set(receiver.spans.map(({ traceId }) => traceId));
  expect([...after].filter((id) => !before.has(id))).toEqual([loud]);
});

test('calls of the store are parts of a write that is traced', async () => {
  const traceId = TRACE.replace('0af7', '3333');
  const response = await fetch(`${at.url}/products`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers(traceId, '01') },
    body: JSON.stringify({ id: 'very-secret-x', title: 'x', category: 'c', vector: [1, 0, 0, 0] }),
  });
  expect(response.status).toBe(200);
  const own = (): ReceivedSpan[] => receiver.spans.filter((span) => span.traceId === traceId);
  const names = (): string[] => own().map(({ name }) => name);
  await expect.poll(names, { timeout: 20_000 }).toContain('POST /products');
  expect(names()).toEqual(expect.arrayContaining(['store heads', 'store write']));
});

test('a slow search is logged with its stages, and with each shard and its plan', async () => {
  const traceId = TRACE.replace('0af7', '4444');
  await search(traceId);
  const slow = (): string | undefined =>
    at
      .log()
      .split('\n')
      .find((line) => line.includes('"slow search"') && line.includes(traceId));
  await expect.poll(slow, { timeout: 20_000 }).toBeDefined();
  const line = JSON.parse(slow() ?? '') as { done: { shards: object[]; total: number }[] };
  expect(line).toMatchObject({ route: '/search/text', asked: [{ mode: 'hybrid', exact: true }] });
  const [done] = line.done;
  expect(done).toMatchObject({ missing: 0, rounds: expect.any(Number) as number });
  expect(done?.total).toBeGreaterThan(0);
  expect(done?.shards).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ shard: 's1', plan: expect.any(Array) as unknown[] }),
      expect.objectContaining({ shard: 's2', plan: expect.any(Array) as unknown[] }),
    ]),
  );
});

test('nothing that was searched for or stored is in traces, logs or reports', () => {
  expect(at.log()).toContain('"msg":"request"');
  expect(at.log()).not.toMatch(new RegExp(SECRETS, 'i'));
  expect(JSON.stringify(receiver.posts)).not.toMatch(new RegExp(SECRETS, 'i'));
});
