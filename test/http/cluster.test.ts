import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HASH_END } from '../../src/core/ids.js';
import { statusOf } from '../cluster/desk-fixture.js';
import { auditOf, openHttp, type HttpHarness } from './harness.js';

let node: HttpHarness;
afterEach(async () => node.close());

const CHOICE = { tenant: 'default', category: 'Mice' };

describe('routes of what lies on which node', () => {
  beforeEach(async () => {
    node = await openHttp();
    const products = [
      { id: 'a', title: 'Mouse', category: 'Mice' },
      { id: 'b', title: 'Keyboard', category: 'Keyboards' },
    ];
    await node.send('POST', '/products', products);
  });
  const post = (path: string, body: unknown) => node.send('POST', `/admin/${path}`, body);

  test('GET /admin/cluster tells of nodes and partitions, page by page', async () => {
    node.cluster.status.set('s1', statusOf({ zone: 'north', bytes: 7, capacityBytes: 1_000 }));
    node.cluster.silent.set('s3', 10_000);
    const reply = (await node.send('GET', '/admin/cluster')).json();
    const life = { zone: null, alive: true, drained: false, load: null };
    const usual = { ...life, bytes: 10_000, live_bytes: 10_000, capacity_bytes: null };
    expect(reply['nodes']).toEqual([
      { ...usual, name: 's1', zone: 'north', bytes: 7, live_bytes: 7, capacity_bytes: 1_000 },
      { ...usual, name: 's2' },
      { ...usual, name: 's3', alive: false, bytes: 0, live_bytes: 0 },
    ]);
    const partitions = reply['partitions'] as { categories: string[] }[];
    expect(partitions.find(({ categories }) => categories[0] === 'Mice')).toEqual({
      tenant: 'default',
      id: expect.any(String) as string,
      categories: ['Mice'],
      range: [0, HASH_END],
      rows: 1,
      replicas: [{ node: 's1', state: 'serving' }],
    });
    const first = (await node.send('GET', '/admin/cluster?limit=1')).json();
    const cursor = String(first['next_cursor']);
    const second = (await node.send('GET', `/admin/cluster?limit=1&cursor=${cursor}`)).json();
    expect([first, second].flatMap((page) => page['partitions'])).toEqual(partitions);
    expect(second).not.toHaveProperty('next_cursor');
    for (const query of ['tenant=nobody', 'node=s2']) {
      const none = (await node.send('GET', `/admin/cluster?${query}`)).json();
      expect([query, none['partitions']]).toEqual([query, []]);
    }
  });

  test('GET /admin/cluster tells of the query nodes that hold a lease', async () => {
    expect((await node.send('GET', '/admin/cluster')).json()['query_nodes']).toEqual([]);
    const says = { version: '1.0.0', load: 0.25, serves: 'write' } as const;
    const lease = { node: 'x', role: 'query-node', ...says };
    const seen = { revision: 7, silentMs: 0 };
    node.queryNodes.push(
      { ...seen, isAlive: true, lease: { ...lease, address: '10.0.0.1:8080', zone: 'north' } },
      { ...seen, isAlive: false, lease: { ...lease, address: '[::1]:8080', zone: undefined } },
    );
    expect((await node.send('GET', '/admin/cluster')).json()['query_nodes']).toEqual([
      { address: '10.0.0.1:8080', zone: 'north', alive: true, ...says },
      { address: '[::1]:8080', zone: null, alive: false, ...says },
    ]);
  });

  test('a plan is told, then applied', async () => {
    const plan = await node.send('GET', '/admin/placement/plan');
    expect(plan.json()).toMatchObject({
      moves: [{ tenant: 'default', range: [0, HASH_END], from: ['s1'], rows: 1, bytes: 100 }],
      total: { moves: 1, rows: 1, bytes: 100, seconds: 1 },
      rows_per_s: 3_000,
    });
    const { advice, ...planned } = plan.json();
    expect(advice).toEqual([]);
    expect((await post('placement/apply', {})).json()).toEqual(planned);
    expect(await auditOf(node)).toMatchObject([{ target: 'apply', before: { nodes: {} } }]);
    const again = (await node.send('GET', '/admin/placement/plan')).json();
    expect(again['total']).toEqual({ moves: 0, rows: 0, bytes: 0, seconds: 0 });
  });

  test('a partition is moved and pinned, by an alias of its tenant as well', async () => {
    await node.send('PUT', '/aliases/shop', { tenant: 'default' });
    const moved = await post('placement/move', { ...CHOICE, tenant: 'shop', to: ['s2', 's3'] });
    const replicas = [
      { node: 's2', state: 'building' },
      { node: 's3', state: 'building' },
      { node: 's1', state: 'leaving' },
    ];
    const same = { tenant: 'default', categories: ['Mice'], rows: 1, replicas };
    expect(moved.json()['partitions']).toEqual([expect.objectContaining(same)]);
    const pinned = await post('placement/pin', { ...CHOICE, pinned: true });
    expect(pinned.json()['partitions']).toEqual([
      expect.objectContaining({ ...same, pinned: true }),
    ]);
  });

  test('dry_run tells what would come of it and what would move, and changes nothing', async () => {
    const before = await node.store.placement('default');
    const tried = await post('placement/move', { ...CHOICE, to: ['s2'], dry_run: true });
    const same = { tenant: 'default', categories: ['Mice'], rows: 1 };
    const [s1, s2] = ['s1', 's2'].map((name) => ({ node: name, state: 'serving' }));
    expect(tried.json()).toMatchObject({
      dry_run: true,
      before: [{ ...same, replicas: [s1] }],
      partitions: [
        {
          ...same,
          replicas: [
            { ...s2, state: 'building' },
            { ...s1, state: 'leaving' },
          ],
        },
      ],
      moves: [{ ...same, from: ['s1'], to: ['s2'], bytes: 100 }],
      total: { moves: 1, rows: 1, bytes: 100, seconds: 1 },
      rows_per_s: 3_000,
    });
    const split = (await post('placement/split', { ...CHOICE, dry_run: true })).json();
    expect(split).toMatchObject({ before: [same], total: { moves: 0, rows: 0, bytes: 0 } });
    expect(split['partitions']).toHaveLength(2);
    const pinned = await post('placement/pin', { ...CHOICE, pinned: true, dry_run: true });
    expect(pinned.json()).toMatchObject({ partitions: [{ pinned: true }], total: { moves: 0 } });
    const merge = await post('placement/merge', { ...CHOICE, dry_run: true });
    expect(merge.statusCode).toBe(400);
    expect(await node.store.placement('default')).toEqual(before);
    expect(await auditOf(node)).toEqual([]);
    // What is done says no more than before.
    const done = (await post('placement/split', { ...CHOICE, dry_run: false })).json();
    expect(Object.keys(done)).toEqual(['partitions']);
    const merged = (await post('placement/merge', { ...CHOICE, dry_run: true })).json();
    expect(merged).toMatchObject({ before: [{ pinned: true }, {}], partitions: [{ rows: 1 }] });
  });

  test('who changed what is in the audit, before and after', async () => {
    await post('placement/pin', { ...CHOICE, pinned: true });
    await post('placement/move', { ...CHOICE, to: ['s2'] });
    await post('nodes/s1/drain', {});
    const entries = await auditOf(node);
    expect(entries.map(({ target }) => target)).toEqual(['pin', 'move', 'drain s1']);
    const id = expect.any(String) as string;
    const mice = (await node.store.placement('default')).partitions.find(
      ({ categories }) => categories[0] === 'Mice',
    )?.id as string;
    expect(entries[1]).toMatchObject({
      ...{ id, at: id, by: null, kind: 'placement', target: 'move' },
      before: { nodes: { [mice]: ['s1'] }, pinned: [mice] },
      after: { nodes: { [mice]: ['s2'] }, pinned: [mice] },
    });
  });

  test('a node past 80 % of its memory is told of, with what would relieve it', async () => {
    const full = { documents: 2, bytes: 1_000, deadBytes: 100, capacityBytes: 1_000, load: 0.5 };
    node.cluster.status.set('s1', statusOf(full));
    node.cluster.status.set('s2', statusOf({ bytes: 100, capacityBytes: 1_000 }));
    const move = {
      ...{ action: 'move', node: 's1', cause: 'memory', share: 0.9, share_after: 0.45 },
      ...{ tenant: 'default', range: [0, HASH_END], rows: 1, from: ['s1'], to: ['s2'] },
      ...{ bytes: 450, seconds: 1 },
    };
    for (const path of ['/admin/cluster', '/admin/placement/plan']) {
      const { advice } = (await node.send('GET', path)).json();
      expect([path, advice]).toEqual([path, [expect.objectContaining(move)]]);
    }
    const { nodes } = (await node.send('GET', '/admin/cluster')).json();
    expect(nodes).toMatchObject([{ bytes: 1_000, live_bytes: 900, load: 0.5 }, {}, {}]);
    for (const name of ['s2', 's3']) {
      node.cluster.status.set(name, statusOf({ bytes: 700, capacityBytes: 1_000 }));
    }
    const { advice } = (await node.send('GET', '/admin/cluster')).json();
    expect(advice).toEqual([
      { action: 'add', node: 's1', cause: 'memory', share: 0.9, nodes: ['s1'], bytes: 600 },
    ]);
  });

  test('a node is drained, and taken back', async () => {
    const planned = (await node.send('GET', '/admin/placement/plan?drain=s1')).json();
    const reply = await post('nodes/s1/drain', {});
    expect(reply.json()).toEqual({
      ...{ node: 's1', drained: true, left: { partitions: 2, rows: 2 } },
      ...planned,
    });
    const shown = (await node.send('GET', '/admin/cluster?node=s1')).json();
    expect(shown['nodes']).toContainEqual(expect.objectContaining({ name: 's1', drained: true }));
    expect(shown['partitions']).toHaveLength(2);
    const back = await node.send('DELETE', '/admin/nodes/s1/drain');
    expect(back.json()).toEqual({ node: 's1', drained: false });
  });

  test.each([
    ['placement/move', { ...CHOICE, to: ['s9'] }, 400, 'to[0]'],
    ['placement/move', { ...CHOICE, to: ['s1', 's1'] }, 400, 'to[1]'],
    ['placement/move', { ...CHOICE, to: [] }, 400, 'to'],
    ['placement/move', { ...CHOICE, to: 's1' }, 400, 'to'],
    ['placement/move', { ...CHOICE, category: 'Hats', to: ['s2'] }, 400, 'category'],
    ['placement/move', { tenant: 'default', to: ['s2'] }, 400, 'partition'],
    ['placement/move', { ...CHOICE, tenant: 'nobody', to: ['s2'] }, 404, 'tenant'],
    ['placement/move', { ...CHOICE, tenant: 'No One', to: ['s2'] }, 400, 'tenant'],
    ['placement/pin', { ...CHOICE, pinned: 'yes' }, 400, 'pinned'],
    ['placement/pin', { ...CHOICE, partition: 'p', pinned: true }, 400, 'partition'],
    ['placement/apply', { now: true }, 400, 'now'],
    ['nodes/s9/drain', {}, 404, 'name'],
    ['nodes/s1/drain', undefined, 400, undefined],
  ])('POST /admin/%s %j is refused, and changes nothing', async (path, body, status, field) => {
    const before = (await node.send('GET', '/admin/cluster')).json();
    const reply = await post(path, body);
    expect([reply.statusCode, reply.json().error.field]).toEqual([status, field]);
    expect((await node.send('GET', '/admin/cluster')).json()).toEqual(before);
  });

  test('the last node is not drained', async () => {
    for (const name of ['s2', 's3']) await post(`nodes/${name}/drain`, {});
    const reply = await post('nodes/s1/drain', {});
    expect([reply.statusCode, reply.json().error.code]).toEqual([409, 'conflict']);
  });
});

test('they want the admin key', async () => {
  node = await openHttp({ apiKey: 'key', adminKey: 'admin' });
  const asked = [
    ['GET', '/admin/cluster', undefined],
    ['GET', '/admin/placement/plan', undefined],
    ['POST', '/admin/placement/apply', {}],
    ['POST', '/admin/placement/move', {}],
    ['POST', '/admin/placement/pin', {}],
    ['POST', '/admin/nodes/s1/drain', {}],
    ['DELETE', '/admin/nodes/s1/drain', undefined],
  ] as const;
  for (const [method, url, body] of asked) {
    for (const authorization of ['', 'Bearer key']) {
      const { statusCode } = await node.send(method, url, body, { authorization });
      expect([url, authorization, statusCode]).toEqual([url, authorization, 401]);
    }
    const admitted = await node.send(method, url, body, { authorization: 'Bearer admin' });
    expect([url, admitted.statusCode]).not.toEqual([url, 401]);
  }
});
