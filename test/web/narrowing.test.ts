import { describe, expect, test } from 'vitest';
import { CHROMIUM_MISSING } from './chromium.js';
import { replyWith } from './shop-products.js';
import { boxOf, openShop, usePage } from './use-page.js';

describe.skipIf(CHROMIUM_MISSING !== undefined)('narrowing the results', () => {
  const opened = usePage();
  const open = (address?: string): Promise<void> => openShop(opened, address);
  const count = () => opened.page.locator('#count');
  const cards = () => opened.page.locator('#results .card');
  const lastSent = () => opened.shop.searches.at(-1);
  const search = () => new URL(opened.page.url()).search;
  const box = (facet: string, value: string) => boxOf(opened.page, facet, value);
  const titles = () => opened.page.locator('#results .card-open').allInnerTexts();

  test('a value gives as many products as it says, whichever is ticked', async () => {
    await open('/?q=gift');
    for (const facet of ['category', 'brand', 'attributes.Colour']) {
      const group = opened.page.locator(`.facet[data-field="${facet}"]`);
      await group.waitFor();
      const label = group.locator('label').first();
      const shown = await label.locator('.facet-count').innerText();
      await label.locator('input').check();
      const products = shown === '1' ? 'product' : 'products';
      await expect.poll(() => count().innerText()).toBe(`${shown} ${products} for “gift”`);
    }
    const chosen = Object.keys(lastSent()?.filter ?? {});
    expect(chosen).toEqual(['category', 'brand', 'attributes.Colour']);
    expect(opened.complaints).toEqual([]);
  });

  test('several values of one facet are "or", and its other counts stay', async () => {
    await open('/?q=gift');
    await box('category', 'Mice').check();
    await expect.poll(() => count().innerText()).toBe('10 products for “gift”');
    await box('category', 'Toys').check();
    await expect.poll(() => count().innerText()).toBe('20 products for “gift”');
    expect(lastSent()?.filter).toEqual({ category: ['Mice', 'Toys'] });
    expect(
      await opened.page.locator('.facet[data-field=category] .facet-count').allInnerTexts(),
    ).toEqual(Array(4).fill('10'));
    // The keyboard stays where it was.
    expect(await opened.page.evaluate('document.activeElement.dataset.value')).toBe('"Toys"');
  });

  test('an answer that comes while a price is typed leaves it', async () => {
    await open('/?q=gift');
    const { page } = opened;
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    await page.route('**/search/text', async (route) => {
      await held;
      await route.continue();
    });
    await box('category', 'Mice').check();
    await page.locator('#max').fill('80');
    letGo();
    await expect.poll(() => count().innerText()).toBe('10 products for “gift”');
    expect(await page.locator('#max').inputValue()).toBe('80');
    await page.locator('#max').press('Enter');
    await expect.poll(search).toContain('max=80');
    await page.unroute('**/search/text');
  });

  test('values keep their types in the address', async () => {
    await open('/?q=gift&attributes.Size=2&attributes.Colour=Red');
    expect(lastSent()?.filter).toEqual({ 'attributes.Size': [2], 'attributes.Colour': ['Red'] });
    expect(await count().innerText()).toBe('4 products for “gift”');
    expect(await box('attributes.Size', '2').isChecked()).toBe(true);
    await open('/?q=gift&attributes.Size="2"');
    expect(lastSent()?.filter).toEqual({ 'attributes.Size': ['2'] });
  });

  test('an attribute with a value of its own for each product is no facet', async () => {
    await open('/?q=gift');
    await opened.page.locator('.facet[data-field="attributes.Colour"]').waitFor();
    expect(await opened.page.locator('.facet[data-field="attributes.Serial"]').count()).toBe(0);
  });

  test('counts that are incomplete are not shown', async () => {
    const missing = [{ part: 'shard', shard: 's2', reason: 'timeout' }];
    opened.shop.answer = ({ per_page }) =>
      replyWith(
        [
          { id: 'a', attributes: { Colour: 'Red' } },
          { id: 'b', attributes: { Colour: 'Blue' } },
          { id: 'c', attributes: { Colour: 'Blue' } },
        ],
        { facets: {}, partial: per_page === 0 ? { missing } : null },
      );
    await open('/?q=gift');
    await expect.poll(() => opened.shop.counts.length).toBe(1);
    await opened.page.waitForLoadState('networkidle');
    expect(await opened.page.locator('[data-field="attributes.Colour"]').isHidden()).toBe(true);
  });

  test('in an incomplete answer all can be chosen from, without counts', async () => {
    await open('/?q=gift');
    expect(
      await opened.page.locator('[data-field=category] .facet-count').first().innerText(),
    ).toBe('10');
    const missing = [{ part: 'shard', shard: 's2', reason: 'timeout' }];
    opened.shop.answer = () => replyWith([{ id: 'a', title: 'found' }], { partial: { missing } });
    await opened.page.getByRole('switch').check();
    await expect.poll(titles).toEqual(['found']);
    const counts = opened.page.locator('.facet-count');
    expect(new Set(await counts.allInnerTexts())).toEqual(new Set(['']));
    await box('category', 'Mice').check();
    await expect.poll(search).toBe('?q=gift&category=Mice&stock=1');
    expect(await opened.page.locator('#max').isVisible()).toBe(true);
  });

  test('the slider and its numbers set the price', async () => {
    await open('/?q=gift');
    const lowest = opened.page.getByRole('slider', { name: 'Lowest price' });
    expect(await lowest.getAttribute('aria-valuetext')).toBe('10.00');
    await lowest.focus();
    for (let step = 0; step < 10; step++) await lowest.press('ArrowRight');
    await expect.poll(() => lastSent()?.filter).toEqual({ price: { gte: 20 } });
    expect(await lowest.getAttribute('aria-valuetext')).toBe('20.00');
    await opened.page.getByLabel('Highest price, typed').fill('30');
    await opened.page.keyboard.press('Enter');
    await expect.poll(() => lastSent()?.filter).toEqual({ price: { gte: 20, lte: 30 } });
    await expect.poll(() => count().innerText()).toBe('11 products for “gift”');
    await opened.page.getByRole('button', { name: 'Remove the filter Price' }).click();
    await expect.poll(() => count().innerText()).toBe('40 products for “gift”');
  });

  test('filters that are on are named, and go one by one or all at once', async () => {
    await open('/?q=gift&category=Mice&attributes.Colour=Blue&max=40&stock=1');
    const chosen = opened.page.locator('#chosen');
    expect(await chosen.locator('.chip-text').allInnerTexts()).toEqual([
      'Mice',
      'Colour: Blue',
      'Price up to 40.00',
      'In stock',
    ]);
    await chosen.getByRole('button', { name: 'Remove the filter Mice' }).click();
    await expect.poll(search).toBe('?q=gift&attributes.Colour=Blue&max=40&stock=1');
    await chosen.getByRole('button', { name: 'Clear filters' }).click();
    await expect.poll(search).toBe('?q=gift');
    expect(lastSent()?.filter).toBeUndefined();
    await chosen.waitFor({ state: 'hidden' });
  });

  test('a list can be sorted, and keeps its order from page to page', async () => {
    await open('/?q=gift');
    await opened.page.getByLabel('Sort by').selectOption('Price, highest first');
    await expect.poll(search).toBe('?q=gift&sort=price-desc');
    await expect.poll(titles).toContain('Toys number 39');
    expect(await cards().count()).toBe(24);
    await opened.page.getByRole('link', { name: 'Next page' }).click();
    await expect.poll(search).toBe('?q=gift&sort=price-desc&page=2');
    await expect.poll(() => count().innerText()).toBe('40 products for “gift”, page 2 of 2');
    expect((await titles())[0]).toBe('Toys number 15');
    expect(await cards().count()).toBe(16);
    await box('category', 'Mice').check();
    await expect.poll(search).toBe('?q=gift&category=Mice&sort=price-desc');
  });

  test('Back and Forward go through every state, and a link shares it', async () => {
    await open('/?q=gift&tenant=north');
    await box('category', 'Mice').check();
    await expect.poll(() => cards().count()).toBe(10);
    await opened.page.getByLabel('Sort by').selectOption('Price, highest first');
    await expect.poll(titles).toContain('Mice number 37');
    await box('brand', 'Ovale').check();
    await expect.poll(() => cards().count()).toBe(4);
    const address = opened.page.url();
    const shared = await titles();

    await opened.page.goBack();
    await expect.poll(() => cards().count()).toBe(10);
    await opened.page.goBack();
    await expect.poll(async () => (await titles())[0]).toBe('Mice number 1');
    await opened.page.goBack();
    await expect.poll(() => cards().count()).toBe(24);
    expect(await box('category', 'Mice').isChecked()).toBe(false);
    for (let steps = 0; steps < 3; steps++) await opened.page.goForward();
    await expect.poll(() => opened.page.url()).toBe(address);
    await expect.poll(titles).toEqual(shared);

    const other = await opened.page.context().newPage();
    await other.goto(address);
    await other.locator('.card').first().waitFor();
    expect(await other.locator('#results .card-open').allInnerTexts()).toEqual(shared);
    expect(await boxOf(other, 'brand', 'Ovale').isChecked()).toBe(true);
    expect(await other.getByLabel('Sort by').inputValue()).toBe('price-desc');
    expect(new Set(opened.shop.tenants)).toEqual(new Set(['north']));
  });

  test('a hierarchy of categories is gone into and out of', async () => {
    const facets = (level: number, names: readonly string[]): object => ({
      [`categories.lvl${level}`]: {
        values: names.map((value, at) => ({ value, count: 9 - at })),
        other: 0,
      },
    });
    opened.shop.answer = ({ filter = {} }) =>
      replyWith([{ id: 'a', title: 'Boots' }], {
        facets:
          'categories.lvl0' in filter
            ? facets(1, ['Clothes > Shoes', 'Clothes > Coats'])
            : 'categories.lvl1' in filter
              ? facets(2, [])
              : facets(0, ['Clothes', 'Tools']),
      });
    await open('/?q=gift');
    const group = opened.page.locator('.facet[data-field=categories]');
    await group.getByRole('button', { name: 'Clothes 9' }).click();
    await expect.poll(() => lastSent()?.filter).toEqual({ 'categories.lvl0': ['Clothes'] });
    expect(lastSent()?.facets).toContainEqual(
      expect.objectContaining({ field: 'categories.lvl1', prefix: 'Clothes > ' }),
    );
    await group.getByRole('button', { name: 'Shoes 9' }).click();
    await expect.poll(() => lastSent()?.filter).toEqual({ 'categories.lvl1': ['Clothes > Shoes'] });
    expect(await group.locator('[aria-current]').innerText()).toBe('Shoes');
    await group.getByRole('button', { name: 'Clothes' }).click();
    await expect.poll(() => lastSent()?.filter).toEqual({ 'categories.lvl0': ['Clothes'] });
    await group.getByRole('button', { name: 'All' }).click();
    await expect.poll(() => lastSent()?.filter).toBeUndefined();
  });

  test('hits that are only near stand apart, and are in no count', async () => {
    opened.shop.answer = () =>
      replyWith(
        [
          { id: 'a', title: 'found' },
          { id: 'b', title: 'nearby', widened: true },
        ],
        {
          total: 1,
        },
      );
    await open('/?q=gift');
    expect(await count().innerText()).toBe('1 product for “gift”');
    expect(await titles()).toEqual(['found']);
    const near = opened.page.getByRole('region', { name: 'Also near what you asked for' });
    expect(await near.locator('.card-open').allInnerTexts()).toEqual(['nearby']);
  });

  test('warnings about what was asked are shown', async () => {
    opened.shop.answer = () =>
      replyWith([], {
        warnings: [
          { code: 'unknown_value', field: 'filter.category', message: 'did you mean "Shoes"?' },
          { code: 'unknown_field', field: 'facets[0]', message: 'no product has it' },
        ],
      });
    await open('/?q=gift&category=shoes');
    expect(await opened.page.locator('#says').innerText()).toBe('did you mean "Shoes"?');
  });

  test('a rule leads elsewhere once the query is sent, not while it is typed', async () => {
    opened.shop.answer = () =>
      replyWith([{ id: 'a', title: 'found' }], {
        redirect: '/?q=sale',
        data: [{ title: 'Summer sale', text: 'All shoes', url: 'javascript:alert(1)' }],
      });
    await open('/');
    await opened.page.getByRole('combobox', { name: 'Search' }).pressSequentially('sales');
    await opened.page.getByRole('link', { name: '/?q=sale' }).waitFor();
    const says = await opened.page.locator('#says').innerText();
    expect(says).toContain('Summer sale');
    expect(says).not.toContain('See more');
    await opened.page.keyboard.press('Enter');
    await opened.page.waitForURL((url) => url.search === '?q=sale');
  });
});
