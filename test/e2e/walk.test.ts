import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { dropDatabase, freshOptions } from '../store/mongo-fixture.js';
import { MONGODB_URL, MongoServer, whyNoServer } from '../store/mongo-server.js';
import type { Placed } from './cluster.js';
import { freePorts } from './topology.js';
import { stepsOf, type Step } from './walk-steps.js';
import { Walker } from './walker.js';

const reason = whyNoServer();
const SECTION = 'From one shard to many';
const QUERIES = ['quiet headphones', 'cast iron pan', 'red running shoes', 'toy for a child'];
const SHOPPERS = 2;

const cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const action of cleanUp.splice(0).reverse()) await action();
});

async function openWalk(): Promise<Walker> {
  const dir = mkdtempSync(join(tmpdir(), 'omnisearch-walk-'));
  cleanUp.push(async () => rmSync(dir, { recursive: true, force: true }));
  const mongo = MONGODB_URL === undefined ? await MongoServer.start() : undefined;
  const database = freshOptions(mongo);
  cleanUp.push(async () => (mongo === undefined ? dropDatabase(database) : mongo.stop()));
  const [port, ...shards] = await freePorts(4);
  const walker = new Walker(`http://127.0.0.1:${port}`, dir, [
    ['mongodb://127.0.0.1:27017/omnisearch', database.url],
    ['shards/data', dir],
    ['8080', String(port)],
    ...shards.map((own, i) => [`809${i + 1}`, String(own)] as const),
  ]);
  cleanUp.push(() => walker.stop());
  return walker;
}

interface Answer {
  hits?: { id: string; score: number }[];
  partial: unknown;
}

async function search({ url }: Walker, body: object): Promise<{ status: number; json: Answer }> {
  const response = await fetch(`${url}/search/text`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ timeout_ms: 20_000, fields: [], ...body }),
  });
  return { status: response.status, json: (await response.json()) as Answer };
}

/** The exact answers to all queries, whole. */
async function exactAnswers(walker: Walker): Promise<unknown[]> {
  return Promise.all(
    QUERIES.map(async (query) => {
      const { json } = await search(walker, { query, exact: true, top_k: 100 });
      expect(json.partial).toBeNull();
      return json.hits?.map(({ id, score }) => [id, score]);
    }),
  );
}

/** Shoppers who search until the returned function is called, which resolves with what they got but whole answers. */
function shop(walker: Walker): () => Promise<{ answers: number; others: unknown[] }> {
  const seen = { answers: 0, others: [] as unknown[] };
  let isOver = false;
  const shoppers = Array.from({ length: SHOPPERS }, async () => {
    while (!isOver) {
      const query = QUERIES[seen.answers % QUERIES.length];
      const found = await search(walker, { query }).catch((error: unknown) => error);
      seen.answers += 1;
      const { status, json } = found as Awaited<ReturnType<typeof search>>;
      if (status !== 200 || json.partial !== null || json.hits?.length !== 10)
        seen.others.push(found);
    }
  });
  return async () => {
    isOver = true;
    await Promise.all(shoppers);
    return seen;
  };
}

/** Whether all partitions lie, in rest, as a comment says: `on s1`, `on s1 or s2` (both are used), `on s2 and s3`. */
function isAs(partitions: readonly Placed[], comment: string): boolean {
  const [, names = ''] = /\bon (s\d(?: (?:and|or) s\d)*)/.exec(comment) ?? [];
  const replicas = partitions.flatMap((each) => each.replicas);
  if (partitions.length < 2 || replicas.some(({ state }) => state !== 'serving')) return false;
  const places = partitions.map((each) =>
    each.replicas
      .map(({ node }) => node)
      .sort()
      .join(' and '),
  );
  return isDeepStrictEqual(new Set(places), new Set(names.split(' or ')));
}

/** What is to be so after a step, by its comment; it may take a moment to become so. */
async function reached(walker: Walker, { commands, comment }: Step): Promise<void> {
  const [words = []] = commands;
  if (words.includes('show')) {
    await walker.until(comment, async () => isAs(await walker.partitions(), comment));
  }
  const [, shard] = /--shard (s3)\b/.exec(words.join(' ')) ?? [];
  if (shard === undefined) return;
  await walker.until(`${shard} is there`, async () => {
    const reply = await fetch(`${walker.url}/admin/cluster`);
    const { nodes } = (await reply.json()) as { nodes: { name: string; alive: boolean }[] };
    return nodes.some(({ name, alive }) => name === shard && alive);
  });
}

test.skipIf(reason !== undefined)(
  `the walk of the README from one shard to many: open all the while, and the same answers at its end${reason === undefined ? '' : ` (${reason})`}`,
  { timeout: 300_000 },
  async () => {
    const walker = await openWalk();
    const steps = stepsOf(SECTION);
    expect(steps.length).toBeGreaterThan(15);
    let before: unknown[] | undefined;
    let closed: ReturnType<typeof shop> | undefined;
    let printed = '';
    for (const step of steps) {
      printed = await walker.take(step);
      await reached(walker, step);
      before ??= step.commands.flat().includes('show') ? await exactAnswers(walker) : undefined;
      if (step.commands.flat().includes('curl')) {
        expect(printed).toBe(step.comment);
        closed = shop(walker);
      }
    }
    expect(printed).toContain('Headphones');
    const seen = await closed?.();
    expect(seen?.others).toEqual([]);
    expect(seen?.answers).toBeGreaterThan(SHOPPERS);
    expect(before).toHaveLength(QUERIES.length);
    expect(await exactAnswers(walker)).toEqual(before);
  },
);
