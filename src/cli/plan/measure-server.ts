import { setTimeout as sleep } from 'node:timers/promises';
import type { Sample } from './sample.js';
import type { ProcessFigures } from './process-figures.js';
import { ServedCluster } from './served-cluster.js';

export interface ServerSpec {
  rows: number;
  dimensions: number;
  shards: number;
  /** Different searches, and how long they are asked one at a time, and as long again many at once. */
  queries: number;
  forMs: number;
  /** After searches, before memory is read: garbage of theirs is collected meanwhile. */
  pauseMs?: number;
}

/** What searches by vector took, one at a time or many at once. */
interface MeasuredSearches {
  p50Ms: number;
  perSecond: number;
  /** A core's time for a search: of the query node, of all shards, of who asks. */
  queryCpuMs: number;
  shardsCpuMs: number;
  clientCpuMs: number;
}

/** A server with so many products, at rest. Sizes are bytes. */
export interface MeasuredServer extends Pick<ServerSpec, 'rows' | 'dimensions' | 'shards'> {
  /** After a load; and after a start and searches, without what a load leaves behind. */
  loaded: ProcessFigures[];
  started: ProcessFigures[];
  disk: { store: number; shards: number };
  /** A product as JSON, without its vector. */
  documentBytes: number;
  alone: MeasuredSearches;
  atOnce: MeasuredSearches;
  /** Ids that each of the different searches found. */
  found: string[][];
}

/** How many ask at once. */
const AT_ONCE = 16;
const K = 10;
/** What a busy machine is late with is measured, and no failure. */
const TIMEOUT_MS = 20_000;
const ROWS_A_REQUEST = 500;
const REQUESTS = 2;
const WAIT_PATH = '/products?wait=searchable&wait_timeout_ms=30000';
const PAUSE_MS = 15_000;
/** Searches before those that are measured: code that is used a lot is compiled anew, and heaps grow to what they need. */
const WARM_UP = 5_000;
const WARM_UP_LIMIT_MS = 60_000;

/** Starts a server, loads products into it, starts it anew and searches it. Nothing of it is left. Rejects where there is no /proc, and where `signal` aborts. */
export async function measureServer(
  sample: Sample,
  spec: ServerSpec,
  signal: AbortSignal,
): Promise<MeasuredServer> {
  const { rows, dimensions, shards, queries, forMs, pauseMs = PAUSE_MS } = spec;
  const cluster = await ServedCluster.start(shards, dimensions, signal);
  try {
    const documentBytes = (await load(cluster, sample, spec)) / rows;
    await cluster.untilAtRest();
    const loaded = await cluster.figures();
    await cluster.restart();
    // What was left to merge or to move goes on.
    await cluster.untilAtRest();
    const bodies = Array.from({ length: queries }, (_, i) => {
      const vector = Array.from(sample.query(i, dimensions));
      return JSON.stringify({ vector, top_k: K, fields: [], timeout_ms: TIMEOUT_MS });
    });
    const found: string[][] = [];
    for (const body of bodies) found.push(await search(cluster, body));
    await drive(cluster, bodies, AT_ONCE, { forMs: WARM_UP_LIMIT_MS, most: WARM_UP });
    // After as many searches as on any other server: heaps grow with what was done.
    await sleep(pauseMs, undefined, { signal });
    const started = await cluster.figures();
    const alone = await searches(cluster, bodies, 1, forMs);
    const atOnce = await searches(cluster, bodies, AT_ONCE, forMs);
    const disk = await cluster.diskBytes();
    return { rows, dimensions, shards, loaded, started, disk, documentBytes, alone, atOnce, found };
  } finally {
    await cluster.close();
  }
}

/** Resolves with the bytes of all products without their vectors, once all can be found. */
async function load(
  cluster: ServedCluster,
  sample: Sample,
  { rows, dimensions }: ServerSpec,
): Promise<number> {
  let [nextRow, bytes] = [0, 0];
  const lineAt = (row: number): string => {
    const json = JSON.stringify(sample.product(row));
    bytes += json.length;
    // Six digits are what float32 has.
    const vector = Array.from(sample.vector(row, dimensions), (value) => Number(value.toFixed(6)));
    return `${json.slice(0, -1)},"vector":${JSON.stringify(vector)}}\n`;
  };
  const sender = async (): Promise<void> => {
    while (nextRow < rows) {
      const [from, to] = [nextRow, Math.min(rows, nextRow + ROWS_A_REQUEST)];
      nextRow = to;
      const lines = Array.from({ length: to - from }, (_, i) => lineAt(from + i));
      await put(cluster, '/products', lines.join(''));
    }
  };
  await Promise.all(Array.from({ length: REQUESTS }, sender));
  const all = bytes;
  const last = lineAt(rows - 1);
  while (!(await put(cluster, WAIT_PATH, last)).searchable);
  return all;
}

async function put(cluster: ServedCluster, path: string, lines: string) {
  const reply = await cluster.send('POST', path, lines, 'application/x-ndjson');
  const body = reply.body as { rejected?: unknown[]; searchable?: boolean };
  if (reply.status !== 200 || (body.rejected ?? []).length > 0) {
    throw new Error(`products were not taken: ${JSON.stringify(body).slice(0, 300)}`);
  }
  return body;
}

async function search(cluster: ServedCluster, body: string): Promise<string[]> {
  const reply = await cluster.send('POST', '/search/vector', body);
  const { hits } = reply.body as { hits?: { id: string }[] };
  if (hits === undefined) throw new Error(`a search failed: ${JSON.stringify(reply.body)}`);
  return hits.map(({ id }) => id);
}

/** Closed loop: so many ask, wait for the answer, and ask again. */
async function searches(
  cluster: ServedCluster,
  bodies: readonly string[],
  users: number,
  forMs: number,
): Promise<MeasuredSearches> {
  const [before, own] = [await cluster.cpuMs(), process.cpuUsage()];
  const startMs = performance.now();
  const tookMs = await drive(cluster, bodies, users, { forMs });
  const seconds = (performance.now() - startMs) / 1_000;
  const { user, system } = process.cpuUsage(own);
  const after = await cluster.cpuMs();
  const count = tookMs.length;
  return {
    p50Ms: tookMs.sort((a, b) => a - b)[count >> 1] ?? 0,
    perSecond: count / seconds,
    queryCpuMs: (after.query - before.query) / count,
    shardsCpuMs: (after.shards - before.shards) / count,
    clientCpuMs: (user + system) / 1_000 / count,
  };
}

/** Resolves with what each search took, milliseconds. */
async function drive(
  cluster: ServedCluster,
  bodies: readonly string[],
  users: number,
  { forMs, most = Infinity }: { forMs: number; most?: number },
): Promise<number[]> {
  const tookMs: number[] = [];
  const endMs = performance.now() + forMs;
  let next = 0;
  const user = async (): Promise<void> => {
    while (performance.now() < endMs && next < most) {
      const startMs = performance.now();
      await search(cluster, bodies[next++ % bodies.length] as string);
      tookMs.push(performance.now() - startMs);
    }
  };
  await Promise.all(Array.from({ length: users }, user));
  return tookMs;
}
