import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { bruteForce, makeProducts, randomVector, seeded, type TestProduct } from './catalogue.js';
import { Cluster, type Placed } from './cluster.js';

/** A tenant gets shard processes of its own by its plan, and gives them back, while all is searched and written. */

const DIMENSIONS = 16;
const ARGS = ['--model', 'none', '--dimensions', String(DIMENSIONS)];
const ENV = { OMNISEARCH_PARTITION_ROWS: '300', OMNISEARCH_RANGE_ROWS: '800' };
const MOVED_MS = 90_000;
const SHOPPERS = 4;
/** Moves want some of the machine as well. */
const PAUSE_MS = 20;
/** What one writer has of the catalogue. */
const WRITTEN = 200;
const BIG = 'big';
const SMALL = 'small';
const NODES = ['s1', 's2', 's3'];

let cluster: Cluster | undefined;
afterEach(async () => {
  await cluster?.stop();
  cluster?.remove();
  cluster = undefined;
});

const of = (tenant: string) => ({ 'x-omnisearch-tenant': tenant });

async function put(at: Cluster, path: string, body: object): Promise<Record<string, unknown>> {
  const { status, json } = await at.send('PUT', path, body);
  if (status >= 300) throw new Error(`${path}: ${status} ${JSON.stringify(json)}`);
  return json;
}

async function index(at: Cluster, tenant: string, products: readonly object[]): Promise<void> {
  for (let i = 0; i < products.length; i += 500) {
    const rows = products.slice(i, i + 500).map((product) => JSON.stringify(product));
    const reply = await at.post('/products?wait=searchable', rows.join('\n'), of(tenant));
    expect(reply).toMatchObject({ status: 200, json: { rejected_count: 0, searchable: true } });
  }
}

/** On which nodes each tenant's partitions are, in whatever state, once nothing moves and that is so. */
async function until(
  at: Cluster,
  what: string,
  isSo: (nodes: Record<string, string[]>) => boolean,
): Promise<Record<string, string[]>> {
  const endsAt = performance.now() + MOVED_MS;
  for (;;) {
    const partitions = (await at.partitions()) as (Placed & { tenant: string })[];
    const nodes: Record<string, string[]> = {};
    for (const { tenant, replicas } of partitions) {
      const held = new Set([...(nodes[tenant] ?? []), ...replicas.map(({ node }) => node)]);
      nodes[tenant] = [...held].sort();
    }
    const isStill = partitions.every(({ replicas }) =>
      replicas.every(({ state }) => state === 'serving'),
    );
    if (isStill && isSo(nodes)) return nodes;
    if (performance.now() > endsAt) {
      throw new Error(`${what}: ${JSON.stringify(partitions)}\n${at.log()}`);
    }
    await sleep(250);
  }
}

interface Traffic {
  answers: number;
  writes: number;
  wrong: unknown[];
}

/** A shop's products, of which the last are written all the time, in a category of their own. */
class Shop {
  readonly fixed: readonly TestProduct[];
  readonly written: readonly TestProduct[];

  constructor(
    readonly at: Cluster,
    readonly tenant: string,
    count: number,
    seed: number,
  ) {
    const all = makeProducts(count, DIMENSIONS, seed);
    this.fixed = all.slice(0, count - WRITTEN);
    this.written = all
      .slice(count - WRITTEN)
      .map((product) => ({ ...product, category: 'Written' }));
  }

  index(): Promise<void> {
    return index(this.at, this.tenant, [...this.fixed, ...this.written]);
  }

  /** Searched and written until the returned function is called, which says what was wrong. */
  open(): () => Promise<Traffic> {
    const seen: Traffic = { answers: 0, writes: 0, wrong: [] };
    let over = false;
    const all = Array.from({ length: SHOPPERS }, async (_, shopper) => {
      const random = seeded(shopper);
      while (!over) {
        const wrong = await this.search(random).catch((error: unknown) => String(error));
        seen.answers += 1;
        await sleep(PAUSE_MS);
        if (wrong !== undefined) seen.wrong.push(wrong);
      }
    });
    all.push(
      (async () => {
        const random = seeded(99);
        while (!over) {
          const wrong = await this.write(random).catch((error: unknown) => String(error));
          seen.writes += 1;
          await sleep(PAUSE_MS);
          if (wrong !== undefined) seen.wrong.push(wrong);
        }
      })(),
    );
    return async () => {
      over = true;
      await Promise.all(all);
      return seen;
    };
  }

  /** An exact answer over what stays, or over what is being written, of which only vectors stay. */
  private async search(random: () => number): Promise<unknown> {
    const vector = randomVector(random, DIMENSIONS);
    const isFixed = random() < 0.8;
    const filter = isFixed ? { brand: 'Brand 1' } : { category: 'Written' };
    const { status, json } = await this.at.post(
      '/search/vector',
      { vector, exact: true, fields: [], top_k: 20, filter, timeout_ms: 20_000 },
      of(this.tenant),
    );
    const found = {
      ...{ status, partial: json['partial'] },
      hits: json.hits?.map(({ id, score }) => ({ id, score: Math.fround(score) })),
    };
    const among = isFixed ? [...this.fixed, ...this.written] : this.written;
    const matches = (product: TestProduct): boolean => !isFixed || product.brand === 'Brand 1';
    const right = { status: 200, partial: null, hits: bruteForce(among, vector, 20, matches) };
    return isDeepStrictEqual(found, right) ? undefined : { tenant: this.tenant, found, right };
  }

  /** A new price, which is found at once. */
  private async write(random: () => number): Promise<unknown> {
    const product = this.written[Math.floor(random() * WRITTEN)] as TestProduct;
    const price = Math.floor(random() * 1_000_000);
    const path = `/products/${product.id}?wait=searchable`;
    const { status, json } = await this.at.send('PATCH', path, { price }, of(this.tenant));
    if (status !== 200 || json['searchable'] !== true) return { path, status, json };
    const found = await this.at.post(
      '/search/vector',
      { vector: product.vector, exact: true, fields: ['price'], top_k: 1, filter: { price } },
      of(this.tenant),
    );
    const [hit] = found.json.hits ?? [];
    const isThere = hit?.id === product.id && hit.product['price'] === price;
    return isThere ? undefined : { tenant: this.tenant, id: product.id, price, found: found.json };
  }
}

/** From shared to dedicated and back, by the plan's shards and by another plan. */
async function flip(at: Cluster): Promise<void> {
  const [big, small] = [new Shop(at, BIG, 1_500, 1), new Shop(at, SMALL, 600, 2)];
  await put(at, '/plans/whale', {});
  await put(at, `/tenants/${BIG}`, { plan: 'whale' });
  await big.index();
  await small.index();
  await until(at, 'both share', (on) => (on[BIG] ?? []).length > 1);

  const [endBig, endSmall] = [big.open(), small.open()];
  await put(at, '/plans/whale', { shards: 1 });
  const apart = await until(at, 'it is alone', (on) => {
    const [node, ...more] = on[BIG] ?? [];
    return more.length === 0 && on[SMALL]?.includes(node ?? '') === false;
  });
  const [own = ''] = apart[BIG] ?? [];
  const shown = (await at.send('GET', `/tenants/${BIG}`)).json;
  expect(shown['dedicated']).toEqual({ shards: 1, nodes: [own], missing: 0 });
  const { nodes } = (await at.send('GET', '/admin/cluster')).json as {
    nodes?: { name: string; dedicated_to?: string }[];
  };
  expect(nodes?.map(({ name, dedicated_to: to }) => [name, to])).toEqual(
    NODES.map((name) => [name, name === own ? BIG : undefined]),
  );
  // Whoever comes now is placed elsewhere.
  await index(at, 'other', makeProducts(50, DIMENSIONS, 3));
  const placed = await until(at, 'another shop is placed', (on) => on['other'] !== undefined);
  expect(placed['other']).not.toContain(own);

  const back = await put(at, `/tenants/${BIG}`, { plan: null });
  expect(back['dedicated']).toBeUndefined();
  await until(at, 'it shares again', (on) => (on[BIG] ?? []).length > 1);
  const [ofBig, ofSmall] = [await endBig(), await endSmall()];
  expect([...ofBig.wrong, ...ofSmall.wrong].slice(0, 3)).toEqual([]);
  for (const { answers, writes } of [ofBig, ofSmall]) {
    expect(Math.min(answers, writes)).toBeGreaterThan(10);
  }
}

test('invariant 3: a plan gives a tenant a shard process of its own and takes it back: no search fails, none is wrong', async () => {
  cluster = await Cluster.start({ shards: 3, args: ARGS, env: ENV });
  await flip(cluster);
});

test('where there are too few nodes the tenant shares, it is said what is missing, and it moves by itself once there are enough', async () => {
  cluster = await Cluster.start({ shards: 1, args: ARGS, env: ENV });
  let at = cluster;
  const big = new Shop(at, BIG, 400, 1);
  await big.index();
  const made = await put(at, `/tenants/${BIG}`, { plan: 'enterprise' });
  expect(made['dedicated']).toEqual({ shards: 1, nodes: [], missing: 1 });
  const { advice } = (await at.send('GET', '/admin/advice')).json as unknown as {
    advice: { tenant?: string; measure: string; advice: string }[];
  };
  expect(advice).toContainEqual({
    ...{ tenant: BIG, measure: 'shards', value: 0, threshold: 1, level: 'warning' },
    advice: 'add a shard node: it moves there by itself',
  });
  await index(at, SMALL, makeProducts(100, DIMENSIONS, 2));
  const { dataDir } = at;
  await at.stop();
  cluster = at = await Cluster.start({ shards: 2, dataDir, args: ARGS, env: ENV });
  const apart = await until(
    at,
    'each is alone',
    (on) => on[BIG]?.length === 1 && on[SMALL]?.length === 1 && on[BIG][0] !== on[SMALL][0],
  );
  const { json } = await at.send('GET', `/tenants/${BIG}`);
  expect(json['dedicated']).toEqual({ shards: 1, nodes: apart[BIG], missing: 0 });
});
