import { describe, expect, test } from 'vitest';
import { CHROMIUM_MISSING } from './chromium.js';
import { usePage } from './use-page.js';

const SUMMER = {
  id: 'summer',
  when: {
    query: 'shoes',
    match: 'contains',
    tags: ['app', 'web'],
    from: '2027-06-01T00:00:00.000Z',
  },
  then: {
    pinned: [{ id: 'p 7', position: 1 }],
    hidden: ['p-9'],
    boost: [{ filter: { brand: 'Acme' }, weight: 0.2 }],
    redirect: '/?q=sale',
    data: { title: 'Sale' },
  },
};

describe.skipIf(CHROMIUM_MISSING !== undefined)("the operator's page", () => {
  const opened = usePage();
  const open = async (part: string): Promise<void> => {
    await opened.page.goto(`${opened.shop.address}/admin?tenant=north#${part}`);
    await opened.page.locator(`#${part}`).waitFor();
  };
  const notice = () => opened.page.locator('#notice');
  const field = (name: string) => opened.page.getByLabel(name, { exact: true });
  const click = (name: string) => opened.page.getByRole('button', { name, exact: true }).click();
  const rules = () => opened.shop.operator.rules;

  test('shows the five figures, top queries and those that found nothing', async () => {
    await open('figures');
    await opened.page.getByText('wireless mouse').waitFor();
    const text = await opened.page.locator('#figures-body').innerText();
    for (const part of ['1,234', '5.1%', '42%', '3.2', '3.1%', '310', 'zebra', '12']) {
      expect(text).toContain(part);
    }
    await click('Make a rule');
    await expect.poll(() => field('The query').inputValue()).toBe('wireless mouse');
    await open('figures');
    await click('Add a synonym');
    await expect.poll(() => field('Searched for (one way only)').inputValue()).toBe('zebra');
    expect(opened.complaints).toEqual([]);
  });

  test('makes a rule, and says what is wrong with one', async () => {
    await open('rules');
    await opened.page.getByText('There are no rules yet.').waitFor();
    await click('New rule');
    await field('The query').fill('shoes');
    await field('Pin').fill('p-7');
    await click('Save');
    await opened.page.getByText('“p-7” is not.').waitFor();
    expect(await field('Pin').getAttribute('aria-invalid')).toBe('true');
    await field('Pin').fill('1 p-7');
    await click('Save');
    await opened.page.getByText('A rule needs a name.').waitFor();
    await field('Name of the rule').fill('first');
    await field('Lead to').fill('no address');
    await click('Save');
    await expect.poll(() => notice().innerText()).toContain('then.redirect must be an address');
    await field('Lead to').fill('');
    await click('Save');
    await expect.poll(() => notice().innerText()).toBe('The rule first is saved.');
    expect(rules().get('first')).toEqual({
      id: 'first',
      when: { query: 'shoes', match: 'exact' },
      then: { pinned: [{ id: 'p-7', position: 1 }] },
    });
    await opened.page.locator('#rule-list').getByText('query is “shoes”').waitFor();
  });

  test('a rule that is opened and saved is the same, and can be deleted', async () => {
    rules().set('summer', SUMMER);
    await open('rules');
    await click('Edit summer');
    await click('Save');
    await expect.poll(() => notice().innerText()).toBe('The rule summer is saved.');
    expect(rules().get('summer')).toEqual(SUMMER);
    opened.page.on('dialog', (dialog) => void dialog.accept());
    await click('Delete summer');
    await opened.page.getByText('There are no rules yet.').waitFor();
    expect(rules().size).toBe(0);
  });

  test('what a rule would change is shown as it is typed, and what was asked for most', async () => {
    await open('rules');
    await click('New rule');
    await field('The query').fill('gift');
    const after = opened.page.locator('.preview-columns section').nth(1);
    await after.getByText('Mice number 5').waitFor();
    expect(opened.shop.operator.previews.at(-1)).toEqual({
      rule: { when: { query: 'gift', match: 'exact' }, then: {} },
      queries: ['gift'],
    });
    await after.getByRole('button', { name: 'Pin p-5 at 1' }).click();
    expect(await field('Pin').inputValue()).toBe('1 p-5');
    await after.getByRole('button', { name: 'Hide p-0' }).click();
    expect(await field('Hide').inputValue()).toBe('p-0');
    await click('Try it on the 100 most frequent queries');
    await opened.page.getByText('1 of 3 queries would have another answer.').waitFor();
    expect(opened.complaints).toEqual([]);
  });

  test('synonyms go both ways, or one', async () => {
    await open('synonyms');
    await field('Name').fill('tv');
    await field('Words, separated by commas').fill('tv, television');
    await click('Save');
    await expect.poll(() => notice().innerText()).toBe('The synonym tv is saved.');
    await field('Name').fill('phone');
    await field('Searched for (one way only)').fill('phone');
    await field('Words, separated by commas').fill('smartphone');
    await click('Save');
    await opened.page.getByText('phone → smartphone').waitFor();
    expect([...opened.shop.operator.synonyms.values()]).toEqual([
      { id: 'tv', words: ['tv', 'television'] },
      { id: 'phone', from: 'phone', to: ['smartphone'] },
    ]);
    await click('Edit phone');
    expect(await field('Words, separated by commas').inputValue()).toBe('smartphone');
  });

  test('shows who is there, what each uses and costs, and what outgrows its plan', async () => {
    await open('tenants');
    const list = opened.page.locator('#tenant-list');
    await list.getByRole('row', { name: /^north/ }).waitFor();
    const row = (name: string) => list.getByRole('row', { name: new RegExp(`^${name}`) });
    const cells = async (name: string) => (await row(name).innerText()).split(/\s*[\t\n]\s*/);
    expect(await cells('north')).toEqual([
      ...['north', 'basic', '47,000 of 50,000', '12,345', '99.995%', '41.2', '1.5', '48.5'],
      '94% of max_products',
    ]);
    expect(await cells('south')).toEqual([
      ...['south', '–', '47,000', '0', '98%', '41.2', '1.5', '–', 'below 99.9%'],
    ]);
    const advice = opened.page.locator('#advice-list');
    await advice.getByText('s1').waitFor();
    const said = await advice.getByRole('listitem').allInnerTexts();
    expect(said).toEqual([
      'critical s1: memory 90% (85%). give it more memory',
      'warning north: max products 94% (80%). omnisearch tenants plan north pro',
      'shard nodes reach 80 % of their memory in 41 days, as they grew this month.',
    ]);
    await click('More tenants');
    await list.getByText('third (suspended)').waitFor();
    await expect.poll(() => opened.page.getByText('More tenants').count()).toBe(0);
    expect(await row('north').count()).toBe(1);
    expect(opened.complaints).toEqual([]);
  });

  test('fits a phone, also with all tenants', async () => {
    await opened.page.setViewportSize({ width: 360, height: 740 });
    await opened.page.emulateMedia({ colorScheme: 'dark' });
    await open('tenants');
    await opened.page.locator('#tenant-list').getByText('north').waitFor();
    const widths = await opened.page.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
    ]);
    expect(widths[0]).toBeLessThanOrEqual(widths[1] ?? 0);
  });

  test('asks for the key once', async () => {
    opened.shop.key = 'right-key';
    await open('rules');
    await opened.page.getByLabel('Key, kept until this tab is closed').fill('right-key');
    await click('Use this key');
    await opened.page.getByText('There are no rules yet.').waitFor();
    await opened.page.getByRole('link', { name: 'Synonyms' }).click();
    await opened.page.getByText('There are no synonyms yet.').waitFor();
  });

  test('says what a server lacks', async () => {
    opened.shop.operator.isMissing = true;
    await open('rules');
    await expect.poll(() => notice().innerText()).toContain('This server has no rules');
    await opened.page.getByRole('link', { name: 'Searches' }).click();
    await expect.poll(() => notice().innerText()).toContain('This server has no figures');
  });
});
