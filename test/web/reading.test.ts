import { afterEach, describe, expect, test } from 'vitest';
import { CHROMIUM_MISSING } from './chromium.js';
import { replyWith } from './shop-products.js';
import { openShop, usePage } from './use-page.js';

const MOUSE = { id: 'm', title: 'Wireless Mouse' };

describe.skipIf(CHROMIUM_MISSING !== undefined)('how the page shows that it was understood', () => {
  const opened = usePage();
  afterEach(() => {
    expect(opened.complaints).toEqual([]);
  });

  const open = (address: string): Promise<void> => openShop(opened, address);
  const box = () => opened.page.getByRole('combobox', { name: 'Search' });
  const reading = () => opened.page.locator('#understanding');
  const empty = () => opened.page.locator('#empty');
  const lastSent = () => opened.shop.searches.at(-1);

  test('a word that is being typed is the beginning of one, until it is sent', async () => {
    await open('/?q=gift');
    expect(lastSent()).toMatchObject({ query: 'gift', highlight: ['title', 'description'] });
    expect(lastSent()?.prefix).toBeUndefined();
    await box().fill('kens');
    await expect.poll(lastSent).toMatchObject({ query: 'kens', prefix: true });
    const before = opened.shop.searches.length;
    await opened.page.getByRole('switch').check();
    await expect.poll(() => opened.shop.searches.length).toBe(before + 1);
    expect(lastSent()?.prefix).toBe(true);
    await box().press('Enter');
    await expect.poll(() => opened.shop.searches.length).toBe(before + 2);
    expect(lastSent()?.prefix).toBeUndefined();
  });

  test('without words it looks around', async () => {
    await open('/');
    expect(lastSent()).toMatchObject({ browse: true });
    expect(lastSent()?.query).toBeUndefined();
    expect(lastSent()?.highlight).toBeUndefined();
  });

  test('a correction is shown, with a way back to what was typed', async () => {
    opened.shop.answer = ({ query }) =>
      replyWith(
        [MOUSE],
        query?.includes('"') ? {} : { rewritten: { from: 'wireles mouse', to: 'wireless mouse' } },
      );
    await open('/?q=wireles+mouse');
    expect(await reading().innerText()).toBe(
      'Showing results for wireless mouse. Search instead for wireles mouse.',
    );
    await reading().getByRole('button', { name: 'wireles mouse' }).click();
    await expect.poll(() => lastSent()?.query).toBe('"wireles" mouse');
    await reading().waitFor({ state: 'hidden' });
    expect(await box().inputValue()).toBe('"wireles" mouse');
    await opened.page.goBack();
    await reading().waitFor();
  });

  test('other texts that may have been meant are one click away', async () => {
    opened.shop.answer = () => replyWith([MOUSE], { did_you_mean: ['green mouse', 'grey mouse'] });
    await open('/?q=grene+mouse');
    expect(await reading().innerText()).toBe('Did you mean green mouse or grey mouse?');
    await reading().getByRole('button', { name: 'grey mouse' }).click();
    await expect.poll(() => lastSent()?.query).toBe('grey mouse');
  });

  test('what became a filter can be switched off, and on again', async () => {
    const understood = [{ text: 'under 50', filter: { price: { lt: 50 } } }, { text: 'not hp' }];
    opened.shop.answer = ({ understand }) =>
      replyWith([MOUSE], understand === false ? {} : { understood });
    await open('/?q=mouse+under+50+not+hp');
    const chips = reading().locator('.chip');
    await expect.poll(() => chips.count()).toBe(2);
    expect(await chips.allInnerTexts()).toEqual([
      expect.stringContaining('price below 50'),
      expect.stringContaining('left out'),
    ]);
    await chips.first().click();
    await expect.poll(() => lastSent()?.understand).toBe(false);
    await opened.page.waitForURL(/literal=1/);
    await expect.poll(() => chips.count()).toBe(0);
    await opened.page.reload();
    await reading().waitFor();
    expect(lastSent()?.understand).toBe(false);
    await reading().getByRole('button', { name: 'Read prices and exclusions' }).click();
    await expect.poll(() => chips.count()).toBe(2);
    expect(lastSent()?.understand).toBeUndefined();
    await chips.first().click();
    await opened.page.waitForURL(/literal=1/);
    await box().fill('keyboard under 50');
    await expect.poll(() => lastSent()?.query).toBe('keyboard under 50');
    expect(lastSent()?.understand).toBeUndefined();
  });

  test('words of a title that fit are marked, and markup in it stays text', async () => {
    const highlight = {
      title: '<mark>Mouse</mark> &lt;b onload=&quot;x&quot;&gt; &amp;amp; <i>5&#39;</i>',
    };
    opened.shop.answer = () => replyWith([{ ...MOUSE, highlight }]);
    await open('/?q=mouse');
    const title = opened.page.locator('.card-open');
    expect(await title.locator('mark').allInnerTexts()).toEqual(['Mouse']);
    expect(await title.innerText()).toBe('Mouse <b onload="x"> &amp; <i>5\'</i>');
    expect(await title.locator('b, i').count()).toBe(0);
  });

  test('an empty answer says that nothing fits, and what may help', async () => {
    opened.shop.answer = ({ understand, filter }) =>
      understand === false && filter === undefined
        ? replyWith([MOUSE])
        : replyWith([], { understood: [{ text: 'under 5', filter: { price: { lt: 5 } } }] });
    await open('/?q=mouse+under+5&stock=1');
    expect(await empty().innerText()).toContain('Nothing in this shop fits “mouse under 5”');
    expect(await opened.page.locator('.card').count()).toBe(0);
    await empty().getByRole('button', { name: 'Search without filters' }).click();
    await expect.poll(() => lastSent()?.filter).toBeUndefined();
    await empty().getByRole('button', { name: 'Take my words as they are' }).click();
    await opened.page.locator('.card').waitFor();
    expect(await empty().isHidden()).toBe(true);
  });

  test('a shop without products says so', async () => {
    opened.shop.answer = () => replyWith([]);
    await open('/');
    expect(await empty().innerText()).toContain('This shop has no products yet.');
  });
});
