import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bruteForce, makeProducts, randomVector, seeded } from './catalogue.js';
import { MAIN, startCommand, type Command } from './command.js';
import { beforeLastProtocol, builtAt } from './former-version.js';
import { freePorts } from './topology.js';
import { MongoServer, whyNoServer } from '../store/mongo-server.js';

const DIMENSIONS = 16;
const SHARDS = ['s1', 's2'];
const START_LIMIT_MS = 60_000;
const products = makeProducts(400, DIMENSIONS);
const commit = beforeLastProtocol();

/** Each of two shards has all; each process may be of another build. Their store is one that has other machines, too. */
class MixedCluster {
  constructor(private readonly storeUrl: string) {}

  private readonly dir = mkdtempSync(join(tmpdir(), 'omnisearch-upgrade-'));
  private readonly running = new Map<string, Command>();
  private url = '';

  private get env(): Record<string, string> {
    return {
      OMNISEARCH_DATA_DIR: this.dir,
      OMNISEARCH_STORE_URL: this.storeUrl,
      OMNISEARCH_LOG_LEVEL: 'warn',
      OMNISEARCH_REPLICAS: '2',
    };
  }

  private socketOf(shard: string): string {
    return join(this.dir, `${shard}.sock`);
  }

  async startQueryNode(main: string): Promise<void> {
    const [port] = await freePorts(1);
    const addresses = SHARDS.flatMap((shard) => [
      '--shard-address',
      `${shard}=${this.socketOf(shard)}`,
    ]);
    const model = ['--model', 'none', '--dimensions', String(DIMENSIONS)];
    const args = ['query-node', '--port', String(port), ...model, ...addresses];
    this.running.set('query-node', startCommand(args, this.env, main));
    this.url = `http://127.0.0.1:${port}`;
    await this.until(async () => (await fetch(`${this.url}/livez`)).status === 200);
  }

  startShard(shard: string, main: string): void {
    const args = ['shard-node', '--shard', shard, '--listen', this.socketOf(shard)];
    this.running.set(shard, startCommand(args, this.env, main));
  }

  async stop(name: string): Promise<void> {
    const command = this.running.get(name);
    command?.process.kill('SIGTERM');
    const ended = await command?.ended;
    if (ended?.code !== 0) throw new Error(`${name} ended with ${ended?.code}: ${ended?.stderr}`);
    this.running.delete(name);
  }

  /** Until all shards answer the query node. */
  untilHealthy(): Promise<void> {
    return this.until(async () => {
      const text = await (await fetch(`${this.url}/healthz`)).text();
      return text.includes('2 of 2 healthy');
    });
  }

  async post(path: string, body: object | string): Promise<Record<string, unknown>> {
    const isText = typeof body === 'string';
    const headers = { 'content-type': isText ? 'application/x-ndjson' : 'application/json' };
    const sent = { method: 'POST', headers, body: isText ? body : JSON.stringify(body) };
    const reply = await fetch(this.url + path, sent);
    const json = (await reply.json()) as Record<string, unknown>;
    if (reply.status !== 200) throw new Error(`${path}: ${reply.status} ${JSON.stringify(json)}`);
    return json;
  }

  private async until(isSo: () => Promise<boolean>): Promise<void> {
    const endsAt = performance.now() + START_LIMIT_MS;
    while (!(await isSo().catch(() => false))) {
      if (performance.now() > endsAt) throw new Error(`not within ${START_LIMIT_MS} ms`);
      await sleep(50);
    }
  }

  async end(): Promise<void> {
    for (const name of [...this.running.keys()]) await this.stop(name);
    rmSync(this.dir, { recursive: true, force: true });
  }
}

test('where the history is cut off there is no former version to run', () => {
  expect(commit === undefined || /^[0-9a-f]{40,}$/.test(commit)).toBe(true);
});

describe.skipIf(commit === undefined || whyNoServer() !== undefined)('of two versions', () => {
  let former: ReturnType<typeof builtAt>;
  let cluster: MixedCluster;
  let server: MongoServer;
  let clusters = 0;

  beforeAll(async () => {
    server = await MongoServer.start();
    former = builtAt(commit as string);
    return async () => {
      former.remove();
      await server.stop();
    };
  });
  beforeEach(() => {
    cluster = new MixedCluster(server.url(`upgrade-${clusters++}`));
  });
  afterEach(() => cluster.end());

  /** Exact and by words, whole and right. */
  const checkAnswers = async (seed: number): Promise<void> => {
    const vector = randomVector(seeded(seed), DIMENSIONS);
    const asked = { vector, top_k: 20, exact: true, fields: [] };
    const { hits, partial } = await cluster.post('/search/vector', asked);
    const found = (hits as { id: string; score: number }[]).map(({ id, score }) => {
      return { id, score: Math.fround(score) };
    });
    expect([partial, found]).toEqual([null, bruteForce(products, vector, 20, () => true)]);
    const [product] = products;
    const text = await cluster.post('/search/text', { query: product?.title ?? '', top_k: 5 });
    expect([text['partial'], (text['hits'] as object[]).length]).toEqual([null, 5]);
  };

  /** What was known of the words before is not gone by where a shard does not say that its rows have changed. */
  const checkFreshness = async (): Promise<void> => {
    const first = async (): Promise<string | undefined> => {
      const { hits } = await cluster.post('/search/text', { query: 'zorbolux', mode: 'keyword' });
      return (hits as { id: string }[])[0]?.id;
    };
    expect(await first()).toBeUndefined();
    await sleep(2_100);
    const named = { ...products[7], title: 'Zorbolux' };
    await cluster.post('/products?wait=searchable', named);
    expect(await first()).toBe(named.id);
    await cluster.post('/products?wait=searchable', products[7] as object);
  };

  const index = async (): Promise<void> => {
    const lines = products.map((product) => JSON.stringify(product)).join('\n');
    const reply = await cluster.post('/products?wait=searchable', lines);
    expect(reply).toMatchObject({ accepted: products.length, searchable: true });
  };

  test('shards of the protocol before are upgraded one after the other: answers stay whole and right', async () => {
    await cluster.startQueryNode(MAIN);
    for (const shard of SHARDS) cluster.startShard(shard, former.main);
    await cluster.untilHealthy();
    await index();
    await checkAnswers(1);
    await checkFreshness();
    for (const [i, shard] of SHARDS.entries()) {
      await cluster.stop(shard);
      await checkAnswers(10 + i);
      cluster.startShard(shard, MAIN);
      await cluster.untilHealthy();
      await checkAnswers(20 + i);
    }
  }, 240_000);

  test('a query node of the protocol before goes on with shards of this one', async () => {
    await cluster.startQueryNode(former.main);
    for (const shard of SHARDS) cluster.startShard(shard, MAIN);
    await cluster.untilHealthy();
    await index();
    await checkAnswers(2);
  }, 240_000);
});
