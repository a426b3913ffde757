import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster } from './cluster.js';
import { runCommand, startCommand, type Ended } from './command.js';
import { lost, MigrateLoad, product } from '../../bench/lib/migrate-load.js';
import { FRONTS, type MovedFront } from './moved-fronts.js';

const LIMIT_MS = 120_000;
const PRODUCTS = 300;
const ARGS = ['--model', 'none', '--dimensions', '4'];
// An installation without one is given nothing.
const env = { OMNISEARCH_ADMIN_KEY: 'an-admin-key' };
const KEYS = ['--admin-key', env.OMNISEARCH_ADMIN_KEY];
const ADMIN = { authorization: `Bearer ${env.OMNISEARCH_ADMIN_KEY}` };
const [NGINX] = FRONTS;

describe('omnisearch migrate behind nginx', () => {
  let old: Cluster;
  let next: Cluster;
  let front: MovedFront;
  let dir: string;
  beforeAll(async () => {
    if (NGINX.missing) return;
    dir = mkdtempSync(join(tmpdir(), 'omnisearch-migrate-'));
    [old, next] = await Promise.all([
      Cluster.start({ args: ARGS, env, shards: 1 }),
      Cluster.start({ args: [...ARGS, '--query-nodes', '2'], env, shards: 2 }),
    ]);
    front = await NGINX.start(dir, new URL(old.url).host, KEYS);
    const rows = Array.from({ length: PRODUCTS }, (_, i) => product(i, 0));
    await old.post('/products?wait=searchable', rows);
  }, LIMIT_MS);
  afterAll(async () => {
    if (NGINX.missing) return;
    await front.stop();
    for (const cluster of [old, next]) {
      await cluster.stop();
      cluster.remove();
    }
    rmSync(dir, { recursive: true, force: true });
  }, LIMIT_MS);

  const args = (action: string, ...more: string[]) => {
    return ['migrate', action, '--url', old.url, ...KEYS, ...front.args, ...more];
  };
  const recordOf = async (cluster: Cluster) => {
    const { json } = await cluster.send('GET', '/admin/handover', undefined, ADMIN);
    return (json as { handover: { writes: string; reads: string; walk: { step?: string } } | null })
      .handover;
  };

  /** Runs a command until `isSo`, then kills it as a machine that fails does. */
  async function killedWhen(isSo: () => Promise<boolean>, words: string[]): Promise<void> {
    const { process: child, ended } = startCommand(words);
    const result: { ended?: Ended } = {};
    void ended.then((how) => (result.ended = how));
    while (!(await isSo())) {
      if (result.ended !== undefined) throw new Error(JSON.stringify(result.ended));
      await sleep(20);
    }
    child.kill('SIGKILL');
    await ended;
  }

  const run = async (words: string[]): Promise<void> => {
    const { code, stderr, stdout } = await runCommand(words);
    expect([code, stderr], stdout).toEqual([0, '']);
  };

  test.skipIf(NGINX.missing)(
    'killed, gone on with and rolled back under searches and writes: none fails, nothing is lost',
    async () => {
      const { url, headers } = front;
      const load = new MigrateLoad({
        ...{ url, headers, products: PRODUCTS, searchesPerS: 12, writesPerS: 10 },
      });
      const isAt = (step: string) => async () => (await recordOf(old))?.walk.step === step;
      await killedWhen(isAt('following'), args('start', '--to', next.url));
      const isHeld = (cluster: Cluster, step: string) => async () =>
        (await isAt(step)()) && (await recordOf(cluster))?.writes === 'held';
      const walking = killedWhen(isHeld(old, 'cutting'), args('run', '--dwell-ms', '300'));
      // Among the canaries writes go to the old one, also where somebody sends them to the new one.
      while (!(await isAt('canary-25')())) await sleep(20);
      expect(readFileSync(join(dir, 'nginx', 'tenants.conf'), 'utf8')).toMatch(/ (10|25)% http:/);
      const stray = await next.send('PATCH', '/products/p0', { in_stock: true });
      expect(stray.status).toBe(200);
      expect((await old.send('GET', '/products/p0')).json).toMatchObject({ in_stock: true });
      await walking;
      await run(args('resume', '--once'));
      expect(await recordOf(old)).toMatchObject({ walk: { step: 'cut' }, writes: 'there' });
      expect(await recordOf(next)).toMatchObject({ writes: 'here', reads: 'here' });
      // Who comes to the old one is answered by the new one.
      const late = await old.send('PATCH', '/products/p0', { in_stock: false });
      expect(late.status).toBe(200);
      expect((await next.send('GET', '/products/p0')).json).toMatchObject({ in_stock: false });
      await killedWhen(isHeld(next, 'returning'), args('rollback'));
      await run(args('rollback'));
      expect(await recordOf(old)).toMatchObject({ walk: { step: 'rolled-back' }, writes: 'here' });
      await load.stop();
      expect(load.failed).toEqual([]);
      expect(Math.min(load.searches, load.writes)).toBeGreaterThan(50);
      expect(await lost(old.url, load)).toEqual([]);
      // What comes to the new one by now is the old one's to answer.
      expect(await lost(next.url, load)).toEqual([]);
    },
    LIMIT_MS,
  );
});
