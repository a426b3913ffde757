import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { browserKey, type BrowserKeyOptions } from '../../../src/client/browser-key.js';
import type { OmniError } from '../../../src/core/errors.js';
import { RATES, type Grant } from '../../../src/tenancy/keys/key.js';
import type { SecretBody } from '../../../src/tenancy/keys/key-desk.js';
import { MemoryRecords } from '../memory-records.js';
import { keyedNode } from './keyed-node.js';

const RUNS = 10_000;
const expiresAt = Math.floor(Date.now() / 1_000) + 3_600;
const PARENT = {
  kind: 'search' as const,
  tenants: ['shop', 'second'],
  filter: { brand: 'Acme' },
  fields: { exclude: ['cost'] },
  limits: { max_top_k: 20, max_page_depth: 200, searches_per_s: 5 },
  price_list: 'trade',
  origins: ['https://shop.example'],
  actions: ['documents:search'],
};
const NARROWER: BrowserKeyOptions = {
  expiresAt,
  tenant: 'shop',
  filter: { price: { lt: 5 } },
  exclude: ['margin'],
  limits: { max_top_k: 10, exact: false },
};

let node: ReturnType<typeof keyedNode>;
let parent: SecretBody;
beforeEach(async () => {
  node = keyedNode(new MemoryRecords());
  parent = await node.desk.create(PARENT, null);
});

async function grantOf(token: string): Promise<Grant | undefined> {
  const admission = await node.ring.admit(token);
  return typeof admission === 'object' && 'grant' in admission ? admission.grant : undefined;
}

/** Why `inner` lets its bearer do more than `outer`; undefined: it does not. */
function widened(inner: Grant, outer: Grant): string | undefined {
  const [a, b] = [inner.narrowing, outer.narrowing];
  const [own = {}, bound = {}] = [inner.rates.at(-1), outer.rates.at(-1)];
  const isSubset = (some: readonly string[] | undefined, of: readonly string[] | undefined) =>
    of === undefined || some?.every((one) => of.includes(one)) === true;
  const texts = (filters: readonly object[] | undefined) =>
    (filters ?? []).map((filter) => JSON.stringify(filter));
  const isWithin = (limit: number | undefined, bound: number | undefined) =>
    bound === undefined || (limit !== undefined && limit <= bound);
  const holds = {
    kind: inner.kind === 'search',
    tenants: isSubset(inner.tenants, outer.tenants),
    actions: isSubset(inner.actions, outer.actions),
    origins: isSubset(inner.origins, outer.origins),
    filters: isSubset(texts(b?.filters), texts(a?.filters)),
    exclude: isSubset(b?.exclude, a?.exclude ?? []),
    topK: isWithin(a?.maxTopK, b?.maxTopK),
    depth: isWithin(a?.maxPageDepth, b?.maxPageDepth),
    exact: b?.exact === undefined || a?.exact === false,
    list: b?.priceList === undefined || a?.priceList === b.priceList,
    // Its parent's are counted besides.
    counted: isDeepStrictEqual(inner.rates.slice(0, outer.rates.length), outer.rates),
    rate: isWithin(own.searches_per_s, bound.searches_per_s),
    burst: bound.searches_per_s === undefined || (own.burst ?? 0) <= (bound.burst ?? 0),
    ip: isWithin(own.per_ip_per_minute, bound.per_ip_per_minute),
    whole: RATES.every((name) => own[name] === undefined || own[name] === Math.floor(own[name])),
  };
  return Object.entries(holds).find(([, is]) => !is)?.[0];
}

const NEUTRAL = Array.from('AZaz09-_.+/=%{}" \u00e9\0');

/** What somebody may make of a key without the secret. */
const mutations = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constantFrom('replace', 'insert', 'delete', 'cut', 'double'),
      at: fc.double({ min: 0, max: 0.999, noNaN: true }),
      by: fc.constantFrom(...NEUTRAL),
    }),
    fc.record({
      kind: fc.constantFrom('claim'),
      at: fc.constant(0),
      by: fc.constantFrom('filter', 'exclude', 'limits', 'tenant', 'exp', 'g', 'k', 'unsigned'),
    }),
  ),
  { minLength: 1, maxLength: 4 },
);

function mutated(token: string, { kind, at, by }: { kind: string; at: number; by: string }) {
  const i = Math.floor(at * token.length);
  switch (kind) {
    case 'replace':
      return token.slice(0, i) + by + token.slice(i + 1);
    case 'insert':
      return token.slice(0, i) + by + token.slice(i);
    case 'delete':
      return token.slice(0, i) + token.slice(i + 1);
    case 'cut':
      return token.slice(0, i);
    case 'double':
      return token.slice(0, i) + token.slice(0, i);
    default:
      return claimed(token, by);
  }
}

/** Without one of its claims, or with a greater one. */
function claimed(token: string, name: string): string {
  const [head = '', payload = '', signature = ''] = token.split('.');
  try {
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<
      string,
      unknown
    >;
    const { [name]: claim, ...rest } = claims;
    const next = typeof claim === 'number' ? { ...claims, [name]: claim + 1 } : rest;
    const encoded = Buffer.from(JSON.stringify(next)).toString('base64url');
    return name === 'unsigned' ? `${head}.${encoded}.` : `${head}.${encoded}.${signature}`;
  } catch {
    return token;
  }
}

describe('a browser key', () => {
  test('that somebody changes, whatever way, lets nobody do more', async () => {
    const token = await browserKey(parent, NARROWER);
    const own = (await grantOf(token)) as Grant;
    let good = 0;
    await fc.assert(
      fc.asyncProperty(mutations, async (steps) => {
        const asked = steps.reduce(mutated, token);
        const grant = await grantOf(asked);
        if (grant === undefined) return;
        good += 1;
        expect([asked, widened(grant, own)]).toEqual([token, undefined]);
      }),
      { numRuns: RUNS },
    );
    // Hardly any, and those only that were changed back.
    expect(good).toBeLessThan(RUNS / 100);
  });

  test('narrows, whatever its search key signs', async () => {
    const outer = (await grantOf(parent.secret)) as Grant;
    const number = fc.option(fc.oneof(fc.integer({ min: 0, max: 400 }), fc.double()), {
      nil: undefined,
    });
    const limits = fc.record({
      searches_per_s: number,
      burst: number,
      per_ip_per_minute: number,
      max_top_k: number,
      max_page_depth: number,
      exact: fc.option(fc.boolean(), { nil: undefined }),
    });
    const claims = fc.record({
      tenant: fc.constantFrom(undefined, 'shop', 'second', 'third', '*', ''),
      filter: fc.constantFrom(
        undefined,
        {},
        { price: { gt: 1 } },
        { or: [{}] },
        { not: { brand: 'Acme' } },
      ),
      exclude: fc.constantFrom(undefined, [], ['cost'], ['a', 'b']),
      priceList: fc.constantFrom(undefined, 'trade', 'gold', 'No Name'),
      limits: fc.option(limits, { nil: undefined }),
    });
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(claims, async (asked) => {
        const options = { expiresAt, ...asked } as unknown as BrowserKeyOptions;
        const token = await browserKey(parent, options);
        const grant = await grantOf(token).catch((error: unknown) => {
          seen.add((error as OmniError).code);
          return undefined;
        });
        if (grant === undefined) return;
        seen.add('in');
        expect(widened(grant, outer)).toBeUndefined();
      }),
      { numRuns: 2_000 },
    );
    expect([...seen].sort()).toEqual(['forbidden', 'in', 'invalid_field']);
  });

  test('leaves of its search key what both leave', async () => {
    const acme = { kind: 'in', field: 'brand', values: ['Acme'] };
    const cheap = { kind: 'range', field: 'price', op: 'lt', value: 5 };
    const outer = (await grantOf(parent.secret)) as Grant;
    const inner = (await grantOf(await browserKey(parent, NARROWER))) as Grant;
    const { version: outerVersion, ...ofParent } = outer.narrowing ?? { version: '' };
    expect(ofParent).toEqual({
      ...{ filters: [acme], exclude: ['cost'], priceList: 'trade' },
      ...{ maxTopK: 20, maxPageDepth: 200 },
    });
    const { version, ...narrowing } = inner.narrowing ?? { version: '' };
    expect(narrowing).toEqual({
      ...{ filters: [acme, cheap], exclude: ['cost', 'margin'], priceList: 'trade' },
      ...{ maxTopK: 10, maxPageDepth: 200, exact: false },
    });
    expect(version).not.toBe(outerVersion);
    expect(inner).toMatchObject({
      ...{ id: parent.id, kind: 'search', tenants: ['shop'], origins: PARENT.origins },
      rates: [PARENT.limits],
    });
    // Of a key that narrows nothing there is nothing to be said.
    const { secret } = await node.desk.create({ kind: 'search', tenants: ['*'] }, null);
    expect(await grantOf(secret)).toMatchObject({ narrowing: undefined, tenants: undefined });
  });

  test('fixes a price list where its search key has none, unless that shows products by their own prices', async () => {
    const create = (more: object) => node.desk.create({ kind: 'search', ...more }, null);
    const listOf = async (key: SecretBody, priceList: unknown) => {
      const options = { expiresAt, priceList } as BrowserKeyOptions;
      return (await grantOf(await browserKey(key, options)))?.narrowing?.priceList;
    };
    expect(await listOf(parent, 'gold')).toBe('trade');
    expect(await listOf(parent, undefined)).toBe('trade');
    const plain = await create({});
    expect(await listOf(plain, 'gold')).toBe('gold');
    for (const other of ['No Name', '', 7, null]) {
      await expect(listOf(plain, other)).rejects.toMatchObject({ code: 'invalid_field' });
    }
    const byBrand = await create({ filter: { brand: 'Acme' } });
    expect(await listOf(byBrand, 'gold')).toBe('gold');
    const byPrice = await create({ filter: { or: [{ price: { lt: 5 } }, { brand: 'Acme' }] } });
    const refused = { code: 'forbidden', field: 'price_list' };
    await expect(listOf(byPrice, 'gold')).rejects.toMatchObject(refused);
    expect(await listOf(byPrice, undefined)).toBeUndefined();
  });

  test.each([
    [{ burst: 1_000 }, { searches_per_s: 5, burst: 0 }],
    [{ searches_per_s: 4.9 }, { searches_per_s: 4, burst: 0 }],
    [{ searches_per_s: 9 }, { searches_per_s: 5, burst: 0 }],
    [{ per_ip_per_minute: 7 }, { searches_per_s: 5, burst: 0, per_ip_per_minute: 7 }],
  ])('with limits of its own, %j, has its parent’s besides', async (limits, own) => {
    const grant = await grantOf(await browserKey(parent, { expiresAt, limits }));
    expect(grant?.rates).toEqual([PARENT.limits, own]);
  });

  test.each([{ searches_per_s: 0 }, { per_ip_per_minute: 0.5 }, { burst: 0 }])(
    'with a limit that lets nothing through, %j, is refused by name',
    async (limits) => {
      const token = await browserKey(parent, { expiresAt, limits });
      const [name = ''] = Object.keys(limits);
      await expect(node.ring.admit(token)).rejects.toMatchObject({
        ...{ code: 'invalid_field', field: 'Authorization' },
        message: expect.stringContaining(`limits.${name} is not a limit`) as string,
      });
    },
  );

  test.each([
    ['a text that is no key', 'os1.'],
    ['no signature', 'os1.e30'],
    ['too long a text', `os1.${'a'.repeat(9_000)}.${'a'.repeat(43)}`],
  ])('that is %s is unknown', async (_, token) => {
    expect(await node.ring.admit(token)).toBe('unknown');
  });

  test('is not made of the secret of a write key', async () => {
    const write = await node.desk.create({ kind: 'write' }, null);
    expect(await node.ring.admit(await browserKey(write, { expiresAt }))).toBe('unknown');
  });

  test('without an end is none', async () => {
    const token = await browserKey(parent, {} as BrowserKeyOptions);
    expect(await node.ring.admit(token)).toEqual({ dead: 'the browser key has no exp' });
  });
});
