import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { runPlacement } from '../../src/cli/placement-command.js';
import { withoutLeaving, withServing, withUnasked } from '../../src/placement/replica-steps.js';
import { statusOf } from '../cluster/desk-fixture.js';
import { openHttp, type HttpHarness } from '../http/harness.js';

let node: HttpHarness;
let config: Parameters<typeof runPlacement>[0];
let out: string;
let err: string;

beforeEach(async () => {
  node = await openHttp({ adminKey: 'secret' });
  const port = await node.server.listen({ port: 0, host: '127.0.0.1' });
  const nothing = { tenant: undefined, to: undefined, partition: undefined, category: undefined };
  const usual = { json: false, dryRun: false, wait: false };
  config = { url: `http://127.0.0.1:${port}`, adminKey: 'secret', ...nothing, ...usual };
  for (const category of ['Mice', 'Keyboards']) {
    await node.send('POST', '/products', { id: category, title: 'x', category });
  }
  out = '';
  err = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => (out += String(text)) !== '');
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => (err += String(text)) !== '');
});
afterEach(async () => {
  vi.restoreAllMocks();
  await node.close();
});

/** Ends what moves, as the background work does once all is built. */
async function settle(): Promise<void> {
  const { partitions, counter } = await node.store.placement('default');
  const built = ['s1', 's2', 's3'].reduce(
    (all, name) => withServing(all, name, partitions),
    [...partitions],
  );
  await node.store.replacePlacement('default', withoutLeaving(withUnasked(built)), counter);
}

const nodesOf = async (): Promise<string[][]> =>
  (await node.store.placement('default')).partitions.map(({ replicas }) =>
    replicas.map((replica) => replica.node),
  );

describe('omnisearch placement', () => {
  test('show: nodes and partitions as tables', async () => {
    expect(await runPlacement(config, ['show'])).toBe(0);
    expect(out).toMatch(/^NODE +ZONE +STATE +SIZE +CAPACITY +USED +LOAD\ns1 +alive +0\.0 MiB\n/);
    expect(out).toMatch(/TENANT +CATEGORIES +RANGE +ROWS +NODES +PARTITION\n/);
    expect(out).toMatch(/default +Keyboards +all +1 +s1 .*\ndefault +Mice +all +1 +s1 /);
  });

  test('show --json: all pages; --tenant: of one', async () => {
    expect(await runPlacement({ ...config, json: true }, ['show'])).toBe(0);
    const { nodes, partitions } = JSON.parse(out) as { nodes: []; partitions: [] };
    expect([nodes.length, partitions.length]).toEqual([3, 2]);
    out = '';
    expect(await runPlacement({ ...config, tenant: 'other' }, ['show'])).toBe(0);
    expect(out).toContain('no partitions');
  });

  test('plan and apply --dry-run say what would move, apply has it move', async () => {
    for (const [words, dryRun] of [
      [['plan'], false],
      [['apply'], true],
    ] as const) {
      out = '';
      expect(await runPlacement({ ...config, dryRun }, words)).toBe(0);
      expect(out).toMatch(/default +\S+ +all +1 +0\.0 MiB +s1 +s[23]\n/);
      expect(out).toContain('in all 1 partition, 1 rows to build');
      expect(new Set((await nodesOf()).flat())).toEqual(new Set(['s1']));
    }
    expect(await runPlacement(config, ['apply'])).toBe(0);
    expect(new Set((await nodesOf()).flat()).size).toBe(2);
    out = '';
    expect(await runPlacement(config, ['plan'])).toBe(0);
    expect(out).toBe('nothing has to move\n');
  });

  test('apply --wait and move --wait end when nothing moves any more', async () => {
    const toEnd = async (words: readonly string[], more: object): Promise<void> => {
      out = '';
      const moving = runPlacement({ ...config, ...more, wait: true }, words);
      await vi.waitFor(() => expect(out).toMatch(/^\d partitions? moves?$/m));
      expect(out).not.toContain('everything serves');
      await settle();
      expect(await moving).toBe(0);
      expect(out).toMatch(/\neverything serves\n$/);
      expect(out).not.toContain('begun');
    };
    await toEnd(['apply'], {});
    await toEnd(['move'], { category: 'Mice', to: 's3' });
    out = '';
    expect(await runPlacement({ ...config, dryRun: true, wait: true }, ['apply'])).toBe(0);
    expect(out).not.toContain('everything serves');
  });

  test('move and pin', async () => {
    expect(await runPlacement({ ...config, category: 'Mice', to: 's2, s3' }, ['move'])).toBe(0);
    expect(out).toContain('s2 building, s3 building, s1 leaving');
    expect(out).toContain('placement pin keeps it there');
    out = '';
    expect(await runPlacement({ ...config, category: 'Mice' }, ['pin'])).toBe(0);
    expect(out).toContain('(pinned)');
    out = '';
    expect(await runPlacement({ ...config, category: 'Mice' }, ['unpin'])).toBe(0);
    expect(out).not.toContain('(pinned)');
  });

  test('--dry-run of move, pin, split: now, then, what would move; nothing changes', async () => {
    const before = await node.store.placement('default');
    const tried = { ...config, dryRun: true, category: 'Mice' };
    expect(await runPlacement({ ...tried, to: 's2' }, ['move'])).toBe(0);
    expect(out).toMatch(/^now:\nTENANT.*\ndefault +Mice +all +1 +s1 .*\n\nthen:\n/);
    expect(out).toMatch(/Mice +all +1 +s2 building, s1 leaving .*\n\nTENANT/);
    expect(out).toContain('in all 1 partition, 1 rows to build, 0.0 MiB, about 1 s');
    out = '';
    expect(await runPlacement({ ...tried, json: true }, ['split'])).toBe(0);
    const halves = JSON.parse(out) as { partitions: []; total: object };
    expect(halves).toMatchObject({ dry_run: true, before: [{ rows: 1 }], total: { moves: 0 } });
    expect(halves.partitions).toHaveLength(2);
    out = '';
    expect(await runPlacement(tried, ['pin'])).toBe(0);
    expect(out).toContain('(pinned)');
    expect(out).toContain('nothing has to move');
    expect(await runPlacement(tried, ['merge'])).toBe(1);
    expect(err).toContain('partition');
    expect(await node.store.placement('default')).toEqual(before);
  });

  test('show and plan say what would relieve a node that is too full', async () => {
    const full = { documents: 2, bytes: 900, capacityBytes: 1_000, load: 0.4 };
    node.cluster.status.set('s1', statusOf(full));
    node.cluster.status.set('s2', statusOf({ bytes: 100, capacityBytes: 1_000 }));
    for (const words of [['show'], ['plan']]) {
      out = '';
      expect(await runPlacement(config, words)).toBe(0);
      expect(out).toMatch(/s1 uses 90 % of its memory: move default \S+ all \(\S+, 1 rows\) to s2/);
    }
    out = '';
    node.cluster.status.set('s2', statusOf({ bytes: 700, capacityBytes: 1_000 }));
    expect(await runPlacement(config, ['show'])).toBe(0);
    expect(out).toMatch(/s1 +alive +0\.0 MiB +0\.0 MiB +90 % +40 %\n/);
    expect(out).toContain('add a shard node of 0.0 MiB');
    expect(await runPlacement({ ...config, json: true }, ['plan'])).toBe(0);
    expect(JSON.parse(out.split('\n').at(-2) ?? '')).toMatchObject({ advice: [{ action: 'add' }] });
  });

  test('drain ends when nothing is left there', async () => {
    const draining = runPlacement(config, ['drain', 's1']);
    await vi.waitFor(() => expect(out).toContain('s1: 2 partitions left, 2 rows'));
    await settle();
    expect(await draining).toBe(0);
    expect(out).toMatch(/^moving 2 partitions, 2 rows to build/);
    expect(out.endsWith('nothing is left on s1\n')).toBe(true);
    expect((await nodesOf()).flat()).not.toContain('s1');
    out = '';
    expect(await runPlacement(config, ['undrain', 's1'])).toBe(0);
    expect(out).toContain('partitions may be placed on s1 again');
  });

  test('drain --dry-run changes nothing, --json keeps progress off the answer', async () => {
    expect(await runPlacement({ ...config, dryRun: true }, ['drain', 's1'])).toBe(0);
    expect(out).toContain('in all 2 partitions');
    out = '';
    expect((await nodesOf()).flat()).toEqual(['s1', 's1']);
    const draining = runPlacement({ ...config, json: true }, ['drain', 's1']);
    await vi.waitFor(() => expect(err).toContain('s1: 2 partitions left'));
    await settle();
    expect(await draining).toBe(0);
    const left = { partitions: 0, rows: 0 };
    expect(JSON.parse(out)).toEqual({ node: 's1', drained: true, left });
  });

  test('Ctrl-C leaves a drain going on', async () => {
    const draining = runPlacement(config, ['drain', 's1']);
    await vi.waitFor(() => expect(out).toContain('s1: 2 partitions left'));
    process.emit('SIGINT');
    expect(await draining).toBe(1);
    expect(err).toContain('the drain of s1 goes on');
    const { statusCode } = await node.send('GET', '/admin/cluster?node=s1', undefined, {
      authorization: 'Bearer secret',
    });
    expect(statusCode).toBe(200);
    expect((await nodesOf()).flat()).toContain('s2');
  });

  test.each([
    [[], {}],
    [['list'], {}],
    [['show', 's1'], {}],
    [['drain'], {}],
    [['drain', 's1', 's2'], {}],
    [['move'], { category: 'Mice' }],
    [['move'], { to: 's2' }],
    [['pin'], {}],
    [['pin'], { category: 'Mice', partition: 'p' }],
  ])('%j %j is wrong usage', async (words, more) => {
    expect(await runPlacement({ ...config, ...more }, words)).toBe(2);
    expect(err).toMatch(/^omnisearch: /);
  });

  test('what the server refuses, and a server that is not there, is exit code 1', async () => {
    expect(await runPlacement({ ...config, category: 'Mice', to: 's9' }, ['move'])).toBe(1);
    expect(err).toContain('to[0] must be the name of a node (s1, s2, s3), got s9');
    expect(await runPlacement(config, ['drain', 's9'])).toBe(1);
    expect(await runPlacement({ ...config, adminKey: 'wrong' }, ['show'])).toBe(1);
    expect(err).toContain('unauthorized');
    expect(await runPlacement({ ...config, url: 'http://127.0.0.1:9' }, ['show'])).toBe(1);
    expect(err).toContain('http://127.0.0.1:9 does not answer');
  });
});
