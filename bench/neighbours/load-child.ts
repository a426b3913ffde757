import { setTimeout as sleep } from 'node:timers/promises';
import { fixedArrivals } from '../load/arrivals.js';
import { PacedClock } from '../load/clock.js';
import { LatencyHistogram } from '../load/histogram.js';
import { loadCatalogue } from '../lib/catalogue.js';
import { failureOf, JsonClient, type JsonReply } from '../lib/client.js';
import { Random } from '../lib/random.js';
import type { SearchBody } from '../lib/search.js';
import type { LoadOutcome, LoadSpec } from './load-spec.js';

/** A caller's clock may be this much behind the server's answer. */
const GRACE_MS = 50;
const TEXT_RANGES = 100;
const EXACT_TOP_K = 1_000;
const BATCH = 100;
/** Products of a request of a bulk load, and requests at once. */
const LOADED_AT_ONCE = 200;
const SENDERS = 2;
const LOAD_TIMEOUT_MS = 60_000;
const NDJSON = 'application/x-ndjson';

interface Titled {
  title: string;
}

interface Sent {
  path: string;
  body: object;
  contentType?: string;
  timeoutMs: number;
}

/** One request of a load: counts what became of it. */
class Outcomes {
  private readonly latency = new LatencyHistogram();
  private readonly outcome: Omit<LoadOutcome, 'latency'> = {
    answered: 0,
    refused: 0,
    failed: 0,
    failures: {},
    partial: 0,
    late: 0,
    worst_late_ms: 0,
  };

  add(reply: JsonReply | { failure?: string }, sent: Sent, tookMs: number): void {
    const { outcome } = this;
    const status = 'status' in reply ? reply.status : 0;
    const lateMs = tookMs - sent.timeoutMs - GRACE_MS;
    if (lateMs > 0) {
      outcome.late += 1;
      outcome.worst_late_ms = Math.max(outcome.worst_late_ms, lateMs);
    }
    if (status === 200 || status === 504) {
      // A 504 tells that the caller's own time was too short: an answer in time, and an honest one.
      outcome.answered += 1;
      if ('body' in reply && isPartial(reply.body)) outcome.partial += 1;
      this.latency.record(tookMs);
    } else {
      const isRefused = status === 429 || status === 503;
      const said = 'body' in reply ? messageOf(reply.body) : '';
      const name = 'failure' in reply ? (reply.failure ?? 'unknown') : `${String(status)} ${said}`;
      outcome[isRefused ? 'refused' : 'failed'] += 1;
      outcome.failures[name] = (outcome.failures[name] ?? 0) + 1;
    }
  }

  result(): LoadOutcome {
    return { ...this.outcome, latency: this.latency.summary() };
  }
}

function messageOf(body: unknown): string {
  return (body as { error?: { message?: string } }).error?.message ?? '';
}

function isPartial(body: unknown): boolean {
  const { partial, results } = body as { partial?: object | null; results?: SearchBody[] };
  if (results !== undefined) return results.some((result) => result.partial != null);
  return partial != null;
}

async function send(client: JsonClient, sent: Sent): Promise<JsonReply | { failure?: string }> {
  return client.request('POST', sent.path, sent.body, sent.contentType).catch(failureOf);
}

/** Requests at a fixed rate, each counted from when it was due. */
async function paced(
  spec: LoadSpec & { perSecond: number },
  request: (number: number, random: Random) => Sent,
): Promise<LoadOutcome> {
  const client = new JsonClient(spec.url, 30_000, 64, spec.tenant);
  const clock = new PacedClock();
  const random = new Random(spec.seed, spec.kind);
  const outcomes = new Outcomes();
  const pending: Promise<void>[] = [];
  const startMs = clock.nowMs();
  for (const offsetMs of fixedArrivals(spec.perSecond, spec.seconds * 1_000)) {
    const dueMs = startMs + offsetMs;
    await clock.sleepUntil(dueMs);
    const sent = request(pending.length, random);
    pending.push(
      send(client, sent).then((reply) => outcomes.add(reply, sent, clock.nowMs() - dueMs)),
    );
  }
  await Promise.all(pending);
  await clock.close();
  await client.close();
  return outcomes.result();
}

function steady(spec: LoadSpec & { kind: 'steady' }): Promise<LoadOutcome> {
  const { timeoutMs = 1_000 } = spec;
  return paced(spec, (_, random) => {
    const query = random.pick(spec.queries);
    const body = { query, top_k: 10, fields: ['title', 'price'], timeout_ms: timeoutMs };
    return { path: '/search/text', body, timeoutMs };
  });
}

async function writes(spec: LoadSpec & { kind: 'writes' }): Promise<LoadOutcome> {
  const { products } = await loadCatalogue(spec.catalogue);
  return paced(spec, (number, random) => {
    const product = JSON.parse(random.pick(products).line) as object;
    const body = { ...product, price: 1 + number };
    return { path: '/products', body, timeoutMs: LOAD_TIMEOUT_MS };
  });
}

/** Requests by so many callers, each sending its next as soon as it has its answer. */
async function flood(
  spec: LoadSpec & { callers: number },
  request: (number: number, random: Random) => Sent,
): Promise<LoadOutcome> {
  const client = new JsonClient(spec.url, 60_000, 64, spec.tenant);
  const outcomes = new Outcomes();
  const random = new Random(spec.seed, spec.kind);
  const endMs = performance.now() + spec.seconds * 1_000;
  const caller = async (first: number): Promise<void> => {
    for (let i = first; performance.now() < endMs; i++) {
      const sent = request(i, random);
      const startMs = performance.now();
      const reply = await send(client, sent);
      outcomes.add(reply, sent, performance.now() - startMs);
      const status = 'status' in reply ? reply.status : 0;
      // As a client does that honours Retry-After, only sooner: refusals must not be free speed.
      if (status === 429 || status === 503) await sleep(50);
    }
  };
  await Promise.all(Array.from({ length: spec.callers }, (_, i) => caller(i)));
  await client.close();
  return outcomes.result();
}

function coldRequest(queries: readonly string[], random: Random): Sent {
  const query = `${random.pick(queries)} ${random.pick(queries)} ${String(random.below(1e9))}`;
  return { path: '/search/text', body: { query, timeout_ms: 1_000 }, timeoutMs: 1_000 };
}

/** Products are new each time: what is stored already would cost no embedding. */
async function bulk(spec: LoadSpec & { kind: 'bulk' }): Promise<LoadOutcome> {
  const client = new JsonClient(spec.url, 60_000, 4, spec.tenant);
  const { products } = await loadCatalogue(spec.catalogue);
  const outcomes = new Outcomes();
  const endMs = performance.now() + spec.seconds * 1_000;
  let next = 0;
  const sender = async (): Promise<void> => {
    while (performance.now() < endMs) {
      const from = next;
      next += LOADED_AT_ONCE;
      const lines = Array.from({ length: LOADED_AT_ONCE }, (_, i) => {
        const product = JSON.parse(products[(from + i) % products.length]?.line ?? '') as Titled;
        const title = `${product.title} ${String(spec.number)}.${String(from + i)}`;
        return JSON.stringify({ ...product, title });
      });
      const body = Buffer.from(lines.join('\n'));
      const sent = { path: '/products', body, contentType: NDJSON, timeoutMs: LOAD_TIMEOUT_MS };
      const startMs = performance.now();
      outcomes.add(await send(client, sent), sent, performance.now() - startMs);
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, sender));
  await client.close();
  return outcomes.result();
}

function hostileRequest(kind: number, queries: readonly string[], random: Random): Sent {
  const query = random.pick(queries);
  if (kind === 0) {
    const or = Array.from({ length: TEXT_RANGES }, () => ({
      title: { gte: random.pick(queries) },
    }));
    const body = { query, filter: { or }, timeout_ms: 1_000, fields: ['title'] };
    return { path: '/search/text', body, timeoutMs: 1_000 };
  }
  if (kind === 1) {
    const body = { query, exact: true, top_k: EXACT_TOP_K, timeout_ms: 2_000, fields: ['title'] };
    return { path: '/search/text', body, timeoutMs: 2_000 };
  }
  const searches = Array.from({ length: BATCH }, () => ({
    query: random.pick(queries),
    timeout_ms: 5_000,
    fields: ['title'],
  }));
  return { path: '/search/batch', body: { searches }, timeoutMs: 5_000 };
}

function start(spec: LoadSpec): Promise<LoadOutcome> {
  switch (spec.kind) {
    case 'steady':
      return steady(spec);
    case 'writes':
      return writes(spec);
    case 'bulk':
      return bulk(spec);
    case 'cold':
      return flood(spec, (_, random) => coldRequest(spec.queries, random));
    case 'hostile':
      return flood(spec, (i, random) => hostileRequest(i % 3, spec.queries, random));
  }
}

process.once('message', (message) => {
  const spec = message as LoadSpec;
  const running = start(spec);
  running.then(
    (outcome) => process.send?.(outcome, () => process.disconnect()),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exitCode = 1;
      process.disconnect();
    },
  );
});
