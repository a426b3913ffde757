import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TENANT_HEADER } from '../../src/tenancy/tenant-directory.js';
import { auditOf, openHttp, type HttpHarness } from './harness.js';

let node: HttpHarness;
beforeEach(async () => {
  node = await openHttp({ ruleLimits: { maxRulesPerTenant: 30, maxSynonymsPerTenant: 3 } });
});
afterEach(async () => node.close());

const RULE = {
  when: {
    query: 'wireless mouse',
    match: 'contains',
    category: 'Mice',
    tags: ['sale'],
    from: '2026-11-27T00:00:00Z',
    to: '2026-11-28T00:00:00+01:00',
  },
  then: {
    pinned: [{ id: 'a', position: 1 }],
    hidden: ['b'],
    boost: [{ filter: { brand: 'ACME' }, weight: 0.2 }],
    filter: { in_stock: true },
    redirect: '/sale',
    data: { banner: ['x', null, 1.5] },
  },
};
const put = (path: string, body: unknown, headers?: Record<string, string>) =>
  node.send('PUT', path, body, headers);

describe('rules', () => {
  test('are stored as they were sent, read, listed, replaced and deleted', async () => {
    const reply = await put('/rules/r1', RULE);
    expect([reply.statusCode, reply.json()]).toEqual([200, { id: 'r1', ...RULE }]);
    expect((await node.send('GET', '/rules/r1')).json()).toEqual({ id: 'r1', ...RULE });
    const other = { id: 'r1', when: {}, then: { hidden: ['c'] } };
    expect((await put('/rules/r1', other)).json()).toEqual(other);
    expect((await node.send('GET', '/rules')).json()).toEqual({ rules: [other] });
    expect((await node.send('DELETE', '/rules/r1')).statusCode).toBe(200);
    for (const method of ['GET', 'DELETE'] as const) {
      const gone = await node.send(method, '/rules/r1');
      expect([gone.statusCode, gone.json().error.code]).toEqual([404, 'not_found']);
    }
  });

  test('are listed by id, a page after the other', async () => {
    for (const id of ['b', 'a/1', 'é', 'c%', 'a']) {
      const { statusCode } = await put(`/rules/${encodeURIComponent(id)}`, { when: {}, then: {} });
      expect(statusCode).toBe(200);
    }
    const ids: string[][] = [];
    let url: string | undefined = '/rules?limit=2';
    while (url !== undefined) {
      const page = (await node.send('GET', url)).json() as unknown as {
        rules: { id: string }[];
        next_cursor?: string;
      };
      ids.push(page.rules.map(({ id }) => id));
      url = page.next_cursor && `/rules?limit=2&cursor=${page.next_cursor}`;
    }
    expect(ids).toEqual([['a', 'a/1'], ['b', 'c%'], ['é']]);
  });

  test('are of one tenant, which must have been written to', async () => {
    const unknown = await put('/rules/r1', RULE, { [TENANT_HEADER]: 'b' });
    expect([unknown.statusCode, unknown.json().error.field]).toEqual([404, TENANT_HEADER]);
    await node.directory.ensure('b');
    await node.directory.ensure('b-');
    const headers = { [TENANT_HEADER]: 'b' };
    expect((await put('/rules/r1', RULE, headers)).statusCode).toBe(200);
    expect((await node.send('GET', '/rules')).json()).toEqual({ rules: [] });
    const beside = await node.send('GET', '/rules', undefined, { [TENANT_HEADER]: 'b-' });
    expect(beside.json()).toEqual({ rules: [] });
    const own = await node.send('GET', '/rules', undefined, headers);
    expect(own.json()['rules']).toHaveLength(1);
  });

  const then = (member: object) => ({ ...RULE, then: member });
  const when = (member: object) => ({ ...RULE, when: member });
  test.each<[string, unknown, string]>([
    ['no conditions', { then: {} }, 'when'],
    ['no effects', { when: {} }, 'then'],
    ['another id', { ...RULE, id: 'r2' }, 'id'],
    ['an unknown member', { ...RULE, enabled: true }, 'enabled'],
    ['an unknown condition', when({ querry: 'x' }), 'when.querry'],
    ['an unknown effect', then({ pin: [] }), 'then.pin'],
    ['an empty query', when({ query: '' }), 'when.query'],
    ['a query without words', when({ query: ' !? ' }), 'when.query'],
    ['match without a query', when({ match: 'exact' }), 'when.query'],
    ['another match', when({ query: 'x', match: 'prefix' }), 'when.match'],
    ['no tags', when({ tags: [] }), 'when.tags'],
    ['a tag that is no text', when({ tags: [1] }), 'when.tags[0]'],
    ['a day without time', when({ from: '2026-11-27' }), 'when.from'],
    ['a day that is not', when({ to: '2026-02-30T00:00:00Z' }), 'when.to'],
    ['a time that is not', when({ to: '2026-02-20T24:00:01Z' }), 'when.to'],
    ['an end before its beginning', when({ ...RULE.when, to: '2026-11-27T00:00:00Z' }), 'when.to'],
    ['position 0', then({ pinned: [{ id: 'a', position: 0 }] }), 'then.pinned[0].position'],
    [
      'position 10001',
      then({ pinned: [{ id: 'a', position: 10_001 }] }),
      'then.pinned[0].position',
    ],
    [
      'a position twice',
      then({
        pinned: [
          { id: 'a', position: 2 },
          { id: 'b', position: 2 },
        ],
      }),
      'then.pinned[1].position',
    ],
    [
      'a product twice',
      then({
        pinned: [
          { id: 'a', position: 1 },
          { id: 'a', position: 2 },
        ],
      }),
      'then.pinned[1].id',
    ],
    ['a pin as text', then({ pinned: ['a'] }), 'then.pinned[0]'],
    ['too many hidden', then({ hidden: Array<string>(1_001).fill('x') }), 'then.hidden'],
    ['a boost without weight', then({ boost: [{ filter: {} }] }), 'then.boost[0].weight'],
    [
      'a boost with a wrong filter',
      then({ boost: [{ filter: { price: { lte: 'x' } }, weight: 1 }] }),
      'then.boost[0].filter.price.lte',
    ],
    ['a weight beyond', then({ boost: [{ filter: {}, weight: 1e9 }] }), 'then.boost[0].weight'],
    ['a filter as text', then({ filter: 'brand:x' }), 'then.filter'],
    [
      'a wrong filter',
      then({ filter: { or: [{ price: { lt: true } }] } }),
      'then.filter.or[0].price.lt',
    ],
    ['a script to go to', then({ redirect: 'JavaScript:alert(1)' }), 'then.redirect'],
    ['a blank in an address', then({ redirect: 'java\tscript:x' }), 'then.redirect'],
    ['a list', [], 'body'],
  ])('%s is refused by name, and nothing changes', async (_, body, field) => {
    const reply = await put('/rules/r1', body);
    expect([reply.statusCode, reply.json().error]).toMatchObject([
      400,
      { code: 'invalid_field', field },
    ]);
    expect((await node.send('GET', '/rules')).json()).toEqual({ rules: [] });
    expect(await auditOf(node)).toEqual([]);
  });

  test('digits that would be lost and half characters are refused', async () => {
    for (const raw of ['{"n": 1e400}', '{"n": 9007199254740993}', '"\\ud800"']) {
      const reply = await put('/rules/r1', `{"when": {}, "then": {"data": ${raw}}}`);
      expect([raw, reply.statusCode]).toEqual([raw, 400]);
    }
  });

  test.each(['limit=0', 'limit=1001', 'limit=x', 'cursor=!', 'after=a'])(
    'a list with %s is refused',
    async (query) => {
      expect((await node.send('GET', `/rules?${query}`)).statusCode).toBe(400);
    },
  );

  test('are bounded in number and size; the refusal names bound and setting', async () => {
    const few = { when: {}, then: {} };
    for (let i = 0; i < 30; i++) expect((await put(`/rules/${i}`, few)).statusCode).toBe(200);
    const beyond = (await put('/rules/x', few)).json().error;
    expect(beyond.message).toMatch(/30 rules \(MAX_RULES_PER_TENANT\)/);
    expect((await put('/rules/1', RULE)).statusCode).toBe(200);
    expect((await node.send('DELETE', '/rules/0')).statusCode).toBe(200);
    expect((await put('/rules/x', few)).statusCode).toBe(200);
    const large = await put('/rules/x', { when: {}, then: { data: 'x'.repeat(600_000) } });
    expect(large.statusCode).toBe(413);
  });

  test('twenty writers of one rule leave one, and an entry each in the audit', async () => {
    const writes = Array.from({ length: 20 }, (_, i) =>
      put('/rules/r1', { when: {}, then: { data: i } }),
    );
    const replies = await Promise.all(writes);
    expect(new Set(replies.map(({ statusCode }) => statusCode))).toEqual(new Set([200]));
    const entries = await auditOf(node);
    expect(entries).toHaveLength(20);
    const last = (await node.send('GET', '/rules/r1')).json();
    expect(entries.at(-1)?.after).toEqual(last);
    for (let i = 1; i < 20; i++) expect(entries[i]?.before).toEqual(entries[i - 1]?.after);
  });
});

describe('synonyms', () => {
  test('are two-way or one-way', async () => {
    const two = { words: ['couch', 'sofa'] };
    const one = { from: 'cell phone', to: ['mobile phone', 'smartphone'] };
    expect((await put('/synonyms/a', two)).json()).toEqual({ id: 'a', ...two });
    expect((await put('/synonyms/b', one)).json()).toEqual({ id: 'b', ...one });
    const both = [
      { id: 'a', ...two },
      { id: 'b', ...one },
    ];
    expect((await node.send('GET', '/synonyms')).json()).toEqual({ synonyms: both });
    expect((await node.send('GET', '/synonyms/b')).json()).toEqual(both[1]);
    expect((await node.send('DELETE', '/synonyms/a')).statusCode).toBe(200);
    expect((await node.send('GET', '/synonyms')).json()).toEqual({ synonyms: [both[1]] });
  });

  test.each<[string, unknown, string]>([
    ['nothing', {}, 'words'],
    ['one word', { words: ['a'] }, 'words'],
    ['both forms', { words: ['a', 'b'], from: 'c' }, 'from'],
    ['no source', { to: ['a'] }, 'words'],
    ['no target', { from: 'a' }, 'to'],
    ['an empty target', { from: 'a', to: [] }, 'to'],
    ['no word in a phrase', { words: ['a', '--'] }, 'words[1]'],
    ['no word in the source', { from: '?', to: ['a'] }, 'from'],
    ['no word in a target', { from: 'a', to: ['b', '!'] }, 'to[1]'],
    ['a member that is not known', { words: ['a', 'b'], weight: 1 }, 'weight'],
  ])('%s is refused by name', async (_, body, field) => {
    const reply = await put('/synonyms/a', body);
    expect([reply.statusCode, reply.json().error.field]).toEqual([400, field]);
  });

  test('are bounded; the refusal names bound and setting', async () => {
    const body = { words: ['a', 'b'] };
    for (let i = 0; i < 3; i++) await put(`/synonyms/${i}`, body);
    const { message } = (await put('/synonyms/x', body)).json().error;
    expect(message).toMatch(/3 synonyms \(MAX_SYNONYMS_PER_TENANT\)/);
  });
});

describe('a preview', () => {
  const preview = (body: unknown) => node.send('POST', '/rules/preview', body);
  const rule = { when: { query: 'mouse' }, then: { redirect: '/mice' } };

  test('says of given queries, or of those asked for, which answers would change', async () => {
    const reply = await preview({ rule, queries: ['mice', 'pad'] });
    expect([reply.statusCode, reply.json()]).toEqual([
      200,
      {
        ...{ queries: 2, changed: 1, unknown: 0 },
        results: [{ query: 'mice', before: [], after: [], rules: ['draft'], redirect: '/mice' }],
      },
    ]);
    const asked = await preview({ rules: [{ ...rule, id: 'r' }], limit: 5 });
    expect(asked.json()).toEqual({ queries: 0, changed: 0, unknown: 0, results: [] });
    expect((await node.send('GET', '/rules')).json()).toEqual({ rules: [] });
  });

  test.each<[string, unknown, string]>([
    ['nothing', {}, 'rule'],
    ['both', { rule, rules: [{ ...rule, id: 'a' }] }, 'rule'],
    ['no rules', { rules: [] }, 'rules'],
    ['rules without ids', { rules: [rule] }, 'rules[0].id'],
    ['a wrong rule', { rule: { ...rule, when: { match: 'exact' } } }, 'rule.when.query'],
    [
      'a wrong filter of one',
      { rules: [{ id: 'a', when: {}, then: { filter: { price: 'x' } } }] },
      'rules[0].then.filter.price',
    ],
    ['no queries', { rule, queries: [] }, 'queries'],
    ['a blank query', { rule, queries: ['a', ' '] }, 'queries[1]'],
    ['limit 0', { rule, limit: 0 }, 'limit'],
    ['a wrong filter', { rule, filter: { price: 'x' } }, 'filter.price'],
    ['a day without time', { rule, at: '2026-11-27' }, 'at'],
    ['a member that is not known', { rule, query: 'x' }, 'query'],
  ])('%s is refused by name', async (_, body, field) => {
    const reply = await preview(body);
    expect([reply.statusCode, reply.json().error.field]).toEqual([400, field]);
  });
});
