import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeMark } from '../../src/store/position.js';
import { openLmdbReader } from '../../src/store/lmdb/open.js';
import { makeProducts, seeded } from './catalogue.js';
import { Cluster } from './cluster.js';
import { MAIN } from './command.js';

/** Imports that workers of their own write, which are killed again and again. */

const DIMENSIONS = 16;
const MODEL = ['--model', 'none', '--dimensions', String(DIMENSIONS)];
const KILLS = Number(process.env['OMNISEARCH_TEST_KILLS'] ?? 3);
const ROWS = 4_000;
const TENANTS = 12;
const IMPORTS_A_TENANT = 5;
const ROWS_AN_IMPORT = 20;
/** A dead worker's jobs are taken over when its lease has stood still. */
const LIMIT_MS = 240_000;

let at: Cluster;
let workers: ChildProcess[] = [];
beforeAll(async () => {
  at = await Cluster.start({ shards: 1, args: [...MODEL, '--jobs', '0'] });
}, 120_000);
afterAll(async () => {
  for (const worker of workers) worker.kill('SIGKILL');
  await at.stop();
  at.remove();
});

/** A worker beside the others, once it is ready. */
async function startWorker(): Promise<ChildProcess> {
  const args = [
    'worker',
    '--data-dir',
    at.dataDir,
    '--concurrency',
    '4',
    '--log-level',
    'info',
    ...MODEL,
  ];
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      if (log.includes('the worker is ready')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`the worker ended with ${code}: ${log}`)));
  });
  workers.push(child);
  return child;
}

async function kill(worker: ChildProcess): Promise<void> {
  const ended = once(worker, 'exit');
  worker.kill('SIGKILL');
  await ended;
  workers = workers.filter((one) => one !== worker);
}

async function take(rows: readonly object[], tenant = 'default', query = ''): Promise<string> {
  const body = rows.map((row) => JSON.stringify(row)).join('\n');
  const headers = { 'x-omnisearch-tenant': tenant };
  const { status, json } = await at.post(`/imports${query}`, body, headers);
  expect(status, JSON.stringify(json)).toBe(202);
  return String(json['id']);
}

const shown = async (id: string, tenant = 'default') =>
  (await at.send('GET', `/imports/${id}`, undefined, { 'x-omnisearch-tenant': tenant })).json;

const stateOf = async (id: string, tenant?: string) => (await shown(id, tenant))['state'];

/** How many writes changed something: each gives the tenant one more version. */
async function writesOf(tenant: string): Promise<number | undefined> {
  const reader = await openLmdbReader({ dir: `${at.dataDir}/store` });
  try {
    return decodeMark(await reader.head(tenant));
  } finally {
    await reader.close();
  }
}

test(
  'an import goes on with another worker when its own is killed, and writes each row once',
  async () => {
    const products = makeProducts(ROWS, DIMENSIONS);
    const id = await take(products, 'default', '?prune=true');
    expect(await stateOf(id)).toBe('queued');
    const first = await startWorker();
    const rows = async (): Promise<number> => Number((await shown(id))['rows']);
    await expect.poll(rows, { timeout: 60_000, interval: 20 }).toBeGreaterThan(0);
    await kill(first);
    const before = await shown(id);
    expect(before['state']).toBe('running');
    expect(before['rows']).toBeLessThan(ROWS);
    await startWorker();
    await expect.poll(() => stateOf(id), { timeout: LIMIT_MS, interval: 200 }).toBe('done');
    expect(await shown(id)).toMatchObject({
      ...{ rows: ROWS, accepted: ROWS, rejected_count: 0, pruned: 0 },
    });
    expect(await writesOf('default')).toBe(ROWS);
  },
  LIMIT_MS + 90_000,
);

test(
  `of many small imports none is lost or done twice, whoever of their workers dies (${KILLS} kills)`,
  async () => {
    const random = seeded(7);
    await startWorker();
    const asked: { id: string; tenant: string }[] = [];
    const products = makeProducts(IMPORTS_A_TENANT * ROWS_AN_IMPORT, DIMENSIONS, 3);
    const taking = (async () => {
      for (let i = 0; i < IMPORTS_A_TENANT; i++) {
        const rows = products.slice(i * ROWS_AN_IMPORT, (i + 1) * ROWS_AN_IMPORT);
        for (let n = 0; n < TENANTS; n++) {
          const tenant = `t${n}`;
          asked.push({ id: await take(rows, tenant), tenant });
        }
      }
    })();
    for (let i = 0; i < KILLS; i++) {
      await new Promise((resolve) => setTimeout(resolve, 100 + 600 * random()));
      const one = workers[Math.floor(random() * workers.length)];
      if (one !== undefined) await kill(one);
      await startWorker();
    }
    await taking;
    for (const { id, tenant } of asked) {
      const state = () => stateOf(id, tenant);
      await expect.poll(state, { timeout: LIMIT_MS, interval: 100 }).toBe('done');
      expect(await shown(id, tenant)).toMatchObject({ accepted: ROWS_AN_IMPORT });
    }
    for (let n = 0; n < TENANTS; n++) {
      expect(await writesOf(`t${n}`)).toBe(IMPORTS_A_TENANT * ROWS_AN_IMPORT);
    }
  },
  LIMIT_MS + 120_000,
);

test(
  'a worker that is to stop leaves its import to the next',
  async () => {
    const id = await take(makeProducts(ROWS, DIMENSIONS, 5), 'stops');
    await expect
      .poll(() => stateOf(id, 'stops'), { timeout: 30_000, interval: 20 })
      .toBe('running');
    for (const worker of workers) {
      const ended = once(worker, 'exit');
      worker.kill('SIGTERM');
      expect((await ended)[0]).toBe(0);
    }
    workers = [];
    const { accepted } = await shown(id, 'stops');
    expect(accepted).toBeLessThan(ROWS);
    await startWorker();
    await expect
      .poll(() => stateOf(id, 'stops'), { timeout: LIMIT_MS, interval: 200 })
      .toBe('done');
    expect(await writesOf('stops')).toBe(ROWS);
  },
  LIMIT_MS + 90_000,
);
