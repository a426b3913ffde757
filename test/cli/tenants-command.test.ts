import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { runTenants } from '../../src/cli/tenants-command.js';
import { TENANT_KIND } from '../../src/store/record-store.js';
import { openHttp, type HttpHarness } from '../http/harness.js';

let node: HttpHarness;
let config: Parameters<typeof runTenants>[0];
let out: string;
let err: string;

beforeEach(async () => {
  node = await openHttp({ adminKey: 'secret' });
  const port = await node.server.listen({ port: 0, host: '127.0.0.1' });
  const ofMoves = { to: undefined, toAdminKey: undefined, out: undefined };
  const map = { mapFor: 'nginx', reload: 'true' } as const;
  const usual = { json: false, wait: false, settingsFrom: undefined, ...ofMoves, ...map };
  config = { url: `http://127.0.0.1:${port}`, adminKey: 'secret', ...usual };
  out = '';
  err = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => (out += String(text)) !== '');
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => (err += String(text)) !== '');
});
afterEach(async () => {
  vi.restoreAllMocks();
  await node.close();
});

async function run(...words: string[]): Promise<[code: number, out: string]> {
  out = '';
  return [await runTenants(config, words), out];
}

test('a tenant is made, changed, suspended, shown and listed', async () => {
  expect(await run('list')).toEqual([0, 'no tenants\n']);
  expect(await run('create', 'shop', 'basic')).toEqual([
    0,
    expect.stringMatching(/^TENANT +STATE +PLAN +CREATED\nshop +active +basic +20\S+\n$/),
  ]);
  await node.send('POST', '/products', { id: 'a', title: 'x', category: 'y' }, shopHeader);
  expect((await run('plan', 'shop', 'pro'))[1]).toMatch(/shop +active +pro/);
  expect((await run('suspend', 'shop'))[1]).toMatch(/shop +suspended +pro/);
  expect((await run('show', 'shop'))[1]).toMatch(/shop +suspended +pro +\S+ +1 +0\.0 MiB/);
  expect((await run('resume', 'shop'))[1]).toMatch(/shop +active +pro/);
  expect((await run('plan', 'shop', 'none'))[1]).toMatch(/shop +active +20/);
  config = { ...config, json: true };
  expect(JSON.parse((await run('list'))[1])).toMatchObject({ tenants: [{ id: 'shop' }] });
  config = { ...config, settingsFrom: 'shop' };
  await node.send('PUT', '/settings', { facets: ['brand'] }, shopHeader);
  expect(JSON.parse((await run('create', 'copy'))[1])).toMatchObject({ id: 'copy', plan: null });
  const copied = await node.send('GET', '/settings', undefined, { 'x-omnisearch-tenant': 'copy' });
  expect(copied.json()).toMatchObject({ facets: ['brand'] });
});

test('nodes of its own, and how many it lacks, are shown', async () => {
  const admin = { authorization: 'Bearer secret' };
  await node.send('PUT', '/plans/whale', { shards: 2 }, admin);
  expect((await run('create', 'big', 'whale'))[1]).toMatch(
    /NODES\nbig +active +whale +\S+ +s1, s2\n$/,
  );
  expect((await run('create', 'late', 'whale'))[1]).toMatch(/ shared, 2 missing\n$/);
  expect((await run('plan', 'big', 'none'))[1]).not.toMatch(/NODES/);
});

const shopHeader = { 'x-omnisearch-tenant': 'shop' };

test('drop --wait ends when nothing is left', async () => {
  await run('create', 'shop');
  config = { ...config, wait: true };
  const dropping = run('drop', 'shop');
  while (node.drops.length === 0) await new Promise(setImmediate);
  const record = await node.store.records.get(TENANT_KIND, 'shop');
  await node.store.records.remove(TENANT_KIND, 'shop', record?.revision ?? 0);
  expect(await dropping).toEqual([0, expect.stringMatching(/shop +dropped/)]);
});

test('what it cannot do ends with 1 and a line, wrong usage with 2', async () => {
  expect(await run('show', 'none')).toEqual([1, '']);
  expect(err).toContain('there is no tenant none');
  expect((await run('plan', 'shop', 'gold'))[0]).toBe(1);
  expect(err).toContain('there is no plan gold');
  expect((await run('drop', 'none'))[0]).toBe(1);
  config = { ...config, adminKey: 'wrong' };
  expect((await run('list'))[0]).toBe(1);
  for (const words of [
    [],
    ['other'],
    ['show'],
    ['list', 'x'],
    ['plan', 'shop'],
    ['drop', 'a', 'b'],
  ])
    expect([words, (await run(...words))[0]]).toEqual([words, 2]);
});
