import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TENANT_HEADER, TenantDirectory } from '../../src/tenancy/tenant-directory.js';
import type { SettingsBody } from '../../src/tenancy/tenant-settings.js';
import { tenantTerms, termsKey } from '../../src/text/term-settings.js';
import { MemoryRecords } from './memory-records.js';

function open() {
  const clock = { ms: 0 };
  const records = new MemoryRecords();
  const node = () => new TenantDirectory(records, true, () => clock.ms);
  return { clock, records, node };
}

const FIELDS: Partial<SettingsBody>[] = [
  {},
  { searchable: [{ field: 'title', weight: 1 }] },
  { identifiers: ['ref'] },
  { language: 'none' },
];

describe('the settings of a tenant', () => {
  test('serve when they are told to, everywhere within a second', async () => {
    const { clock, node } = open();
    const [a, b] = [node(), node()];
    await a.ensure('shop');
    expect((await b.settings('shop')).text).toMatchObject({ generation: 0, language: 'en' });
    const changed = await a.changeSettings('shop', { language: 'none', stop_words: ['x'] });
    expect(changed).toMatchObject({ settings: { language: 'none' }, isSwitching: true });
    clock.ms += 1_000;
    // What concerns the query alone is there already, what products were analysed by is not.
    expect((await b.settings('shop')).text).toMatchObject({
      ...{ generation: 0, language: 'en', stopWords: ['x'] },
    });
    const generation = await b.comingGeneration('shop');
    expect(generation).toBe(1);
    await b.serve('shop', 1);
    clock.ms += 1_000;
    expect((await a.settings('shop')).text).toMatchObject({ generation: 1, language: 'none' });
    expect(await a.comingGeneration('shop')).toBeUndefined();
  });

  test('the stop words are those of the language that serves, unless there are own ones', async () => {
    const { clock, node } = open();
    const a = node();
    expect((await a.settings('default')).text.stopWords).toContain('the');
    await a.changeSettings('default', { language: 'none' });
    expect((await a.settings('default')).text.stopWords).toContain('the');
    await a.serve('default', 1);
    clock.ms += 1_000;
    expect((await a.settings('default')).text.stopWords).toEqual([]);
  });

  test('a generation that was overtaken does not come to serve', async () => {
    const a = open().node();
    await a.changeSettings('default', { language: 'none' });
    await a.changeSettings('default', { identifiers: [] });
    await a.serve('default', 1);
    expect((await a.settings('default')).text.generation).toBe(0);
    expect(await a.comingGeneration('default')).toBe(2);
  });

  test('cannot be had for a tenant that is not there, or is about to go', async () => {
    const { node, records } = open();
    const unknown = { code: 'not_found', field: TENANT_HEADER };
    await expect(node().readSettings('ghost')).rejects.toMatchObject(unknown);
    await expect(node().changeSettings('ghost', {})).rejects.toMatchObject(unknown);
    await node().ensure('shop');
    const { value = {}, revision = 0 } = (await records.get('tenant', 'shop')) ?? {};
    await records.put('tenant', 'shop', { ...value, state: 'dropping' }, revision);
    await expect(node().changeSettings('shop', {})).rejects.toMatchObject(unknown);
    await node().serve('ghost', 1);
    expect(await open().records.list('tenant')).toEqual([]);
  });

  test('changes of two nodes at once leave one of them whole', async () => {
    const { node } = open();
    await Promise.all(FIELDS.map((asked) => node().changeSettings('default', asked)));
    const settings = await node().readSettings('default');
    const defaults = await open().node().readSettings('default');
    const wanted = FIELDS.map((asked) => ({ ...defaults, ...asked }));
    expect(wanted).toContainEqual(settings);
  });

  test('whatever is asked for and switched, the last wish serves in the end, and no two wishes share a number', async () => {
    const step = fc.oneof(
      fc.record({ change: fc.nat(FIELDS.length - 1) }),
      fc.record({ serve: fc.nat(8) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const { records, node } = open();
        const a = node();
        const seen = new Map<number, string>();
        let wanted: Partial<SettingsBody> = {};
        for (const each of steps) {
          if ('serve' in each) await a.serve('default', each.serve);
          else await a.changeSettings('default', (wanted = FIELDS[each.change] ?? {}));
          const { serving, next } = tenantTerms((await records.get('tenant', 'default'))?.value);
          for (const terms of [serving, ...(next ? [next] : [])]) {
            const key = termsKey(terms);
            expect(seen.get(terms.generation) ?? key).toBe(key);
            seen.set(terms.generation, key);
          }
        }
        const coming = await a.comingGeneration('default');
        if (coming !== undefined) await a.serve('default', coming);
        expect(await a.comingGeneration('default')).toBeUndefined();
        const { searchable, identifiers, language } = await a.readSettings('default');
        const served = (await node().settings('default')).text;
        expect(served).toMatchObject({ searchable, identifiers, language });
        expect(await a.readSettings('default')).toMatchObject(wanted);
      }),
    );
  });
});
