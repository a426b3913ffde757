import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { LatencyHistogram, type Percentiles } from '../load/histogram.js';
import { ChildServer, freePort } from '../lib/child-server.js';
import { JsonClient } from '../lib/client.js';
import { Random } from '../lib/random.js';

const ROUNDS = 2000;
export const WARMUP_ROUNDS = 200;

/** Times `work` again and again, one at a time, after a warm-up; `round` counts that too. */
export async function timeRounds(
  work: (round: number) => unknown,
  rounds = ROUNDS,
): Promise<Percentiles> {
  const histogram = new LatencyHistogram();
  for (let round = 0; round < WARMUP_ROUNDS + rounds; round += 1) {
    const startMs = performance.now();
    const result = work(round);
    if (result instanceof Promise) await result;
    if (round >= WARMUP_ROUNDS) histogram.record(performance.now() - startMs);
  }
  return histogram.summary();
}

/** Answers every request with as many bytes as asked for: a web server that does nothing. */
const EMPTY_SERVER = `
const body = JSON.stringify({ filler: 'x'.repeat(Math.max(0, Number(process.argv[2]) - 13)) });
require('node:http').createServer((request, response) => {
  request.resume().on('end', () => {
    response.setHeader('content-type', 'application/json');
    response.end(body);
  });
}).listen(Number(process.argv[1]), '127.0.0.1');`;

/** One HTTP round trip over loopback to another process, with bodies of the real sizes. */
export async function timeLoopback(request: Buffer, replyBytes: number): Promise<Percentiles> {
  const port = await freePort();
  const args = ['-e', EMPTY_SERVER, String(port), String(replyBytes)];
  const server = ChildServer.start(process.execPath, args, { name: 'empty web server' });
  const client = new JsonClient(`http://127.0.0.1:${String(port)}`);
  try {
    await server.waitUntil(async () => (await client.get('/')).status === 200, 10_000);
    return await timeRounds(() => client.post('/', request));
  } finally {
    await client.close();
    await server.stop();
  }
}

/** Reads of `k` documents by key from a fresh LMDB, one after the other. */
export async function timeLmdbReads(
  documents: readonly object[],
  k: number,
  seed: number,
): Promise<Percentiles> {
  const folder = await mkdtemp(join(tmpdir(), 'omnisearch-floor-'));
  const database = open<object, string>({ path: folder });
  try {
    await database.transaction(() => {
      documents.forEach((document, i) => void database.put(`d${String(i)}`, document));
    });
    const random = new Random(seed, 'lmdb');
    return await timeRounds(() => {
      for (let i = 0; i < k; i += 1) database.get(`d${String(random.below(documents.length))}`);
    });
  } finally {
    await database.close();
    await rm(folder, { recursive: true });
  }
}

/** Parsing the request and writing the reply, as the query node must. */
export function timeJson(request: Buffer, reply: unknown): Promise<Percentiles> {
  const text = request.toString();
  return timeRounds(() => {
    JSON.parse(text);
    return JSON.stringify(reply).length;
  });
}
