import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { runKeys } from '../../src/cli/keys-command.js';
import { openHttp, type HttpHarness } from '../http/harness.js';

let node: HttpHarness;
let config: Parameters<typeof runKeys>[0];
let out: string;
let err: string;

beforeEach(async () => {
  node = await openHttp({ adminKey: 'boss' });
  const port = await node.server.listen({ port: 0, host: '127.0.0.1' });
  config = {
    ...{ url: `http://127.0.0.1:${port}`, adminKey: 'boss', json: false },
    ...{ kind: 'search', compatible: false, tenants: undefined, description: undefined },
    ...{ filter: undefined, exclude: undefined, limits: undefined, origins: undefined },
    expiresAt: undefined,
  };
  out = '';
  err = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => (out += String(text)) !== '');
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => (err += String(text)) !== '');
});
afterEach(async () => {
  vi.restoreAllMocks();
  await node.close();
});

const search = async (key: string): Promise<number> => {
  const headers = { authorization: `Bearer ${key}`, 'x-omnisearch-tenant': 'default' };
  return (await node.send('POST', '/search/text', { query: 'x' }, headers)).statusCode;
};

/** With `--json`: what was printed. */
async function told(more: Partial<typeof config>, ...words: string[]) {
  out = '';
  expect([await runKeys({ ...config, json: true, ...more }, words), err]).toEqual([0, '']);
  return JSON.parse(out) as { id: string; secret: string };
}

describe('omnisearch keys', () => {
  test('create, list, rotate and disable', async () => {
    const flags = {
      tenants: 'default,shoes',
      filter: '{"in_stock": true}',
      exclude: 'cost,margin',
    };
    const more = { limits: '{"max_top_k": 5}', origins: 'https://a.example', description: 'page' };
    const made = await told({ ...flags, ...more, expiresAt: '2999-01-01T00:00:00Z' }, 'create');
    expect(made).toMatchObject({
      ...{ kind: 'search', tenants: ['default', 'shoes'], filter: { in_stock: true } },
      ...{ fields: { exclude: ['cost', 'margin'] }, limits: { max_top_k: 5 } },
      ...{ origins: ['https://a.example'], description: 'page', generation: 1 },
      expires_at: '2999-01-01T00:00:00Z',
    });
    const feed = await told({ kind: 'write' }, 'create');
    expect(await search(feed.secret)).toBe(200);
    const rotated = await told({}, 'rotate', feed.id);
    expect([await search(feed.secret), await search(rotated.secret)]).toEqual([200, 200]);
    await told({}, 'disable', feed.id);
    expect([await search(feed.secret), await search(rotated.secret)]).toEqual([401, 401]);
    out = '';
    expect(await runKeys(config, ['list'])).toBe(0);
    expect(out).toMatch(/^ID +KIND +TENANTS +GENERATION +STATE +DESCRIPTION\n/);
    expect(out).toMatch(
      new RegExp(`^${made.id} +search +default,shoes +1 +ends 2999\\S+ +page$`, 'm'),
    );
    expect(out).toMatch(new RegExp(`^${feed.id} +write +default +1 +disabled \\S+$`, 'm'));
  });

  test('shows the secret once, and says so', async () => {
    expect(await runKeys(config, ['create'])).toBe(0);
    const secret = /^omni_search_\S+$/m.exec(out)?.[0] ?? '';
    expect(err).toBe('the secret is shown this once\n');
    expect(await search(secret)).toBe(200);
    out = '';
    await runKeys(config, ['list']);
    expect(out).not.toContain(secret);
  });

  test.each([
    [[], {}, /^omnisearch: usage: omnisearch keys create/],
    [['create', 'x'], {}, /usage/],
    [['rotate'], {}, /usage/],
    [['delete', 'x'], {}, /usage/],
    [['create'], { filter: '[]' }, /--filter must be a JSON object/],
    [['create'], { limits: '{' }, /--limits must be a JSON object/],
  ])('%j with %j is wrong usage', async (words, more, message) => {
    expect(await runKeys({ ...config, ...more }, words)).toBe(2);
    expect(err).toMatch(message);
  });

  test('says what could not be done', async () => {
    expect(await runKeys({ ...config, limits: '{"top": 1}' }, ['create'])).toBe(1);
    expect(err).toMatch(/limits\.top is not a known field \(invalid_field\)/);
    expect(await runKeys(config, ['disable', 'nothing'])).toBe(1);
    expect(err).toMatch(/there is no key nothing \(not_found\)/);
    expect(await runKeys({ ...config, adminKey: 'wrong' }, ['list'])).toBe(1);
    expect(err).toMatch(/unauthorized/);
  });
});
