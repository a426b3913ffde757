import { describe, expect, test } from 'vitest';
import { CHROMIUM_MISSING } from './chromium.js';
import { openShop, usePage } from './use-page.js';

describe.skipIf(CHROMIUM_MISSING !== undefined)("a product's page", () => {
  const opened = usePage();
  const open = (address?: string): Promise<void> => openShop(opened, address);
  const view = () => opened.page.locator('#product');
  const search = () => new URL(opened.page.url()).search;
  const openFirst = async (): Promise<void> => {
    await opened.page.locator('#results .card-open').first().click();
    await view().getByText('Stitched by hand.').waitFor();
  };

  test('has an address of its own, similar products, and the list is where it was', async () => {
    await open('/?q=gift&category=Mice');
    const before = opened.shop.searches.length;
    await openFirst();
    expect(search()).toBe('?q=gift&category=Mice&product=p-1');
    expect(await view().innerText()).toContain('snow, rain');
    expect(await opened.page.locator('#shop').isHidden()).toBe(true);
    expect(await opened.page.locator('.product-link').count()).toBe(0);
    expect(await view().locator('.alike .card').count()).toBe(6);
    await expect.poll(() => opened.page.title()).toContain('Mice number 1');
    await opened.page.goBack();
    await opened.page.locator('#results .card').first().waitFor();
    expect(search()).toBe('?q=gift&category=Mice');
    expect(opened.shop.searches.length).toBe(before);
    expect(await opened.page.evaluate('document.activeElement.textContent')).toBe('Mice number 1');
    await opened.page.goForward();
    await view().getByText('Stitched by hand.').waitFor();
    expect(opened.complaints).toEqual([]);
  });

  test('a link to it opens it alone, and leads to its list', async () => {
    await opened.page.goto(`${opened.shop.address}/?q=gift&product=p-3`);
    await view().getByText('Stitched by hand.').waitFor();
    expect(opened.shop.searches).toEqual([]);
    await view().getByRole('button', { name: 'Back to the results' }).click();
    await opened.page.locator('#results .card').first().waitFor();
    expect(search()).toBe('?q=gift');
  });

  test('the scroll of a list is found again', async () => {
    await opened.page.setViewportSize({ width: 900, height: 500 });
    await open('/?q=gift');
    const card = opened.page.locator('#results .card-open').nth(15);
    await card.scrollIntoViewIfNeeded();
    const before = await opened.page.evaluate<number>('window.scrollY');
    expect(before).toBeGreaterThan(300);
    await card.click();
    await view().getByText('Stitched by hand.').waitFor();
    expect(await opened.page.evaluate('window.scrollY')).toBe(0);
    await view().getByRole('button', { name: 'Back to the results' }).click();
    await expect.poll(() => opened.page.evaluate('window.scrollY')).toBe(before);
  });

  test('going to one from the list is an event of its search, at its place in the whole list', async () => {
    await open('/?q=gift&page=2');
    await opened.page.locator('#results .card-open').nth(2).click();
    await view().getByText('Stitched by hand.').waitFor();
    expect(opened.shop.events).toEqual([
      {
        type: 'click',
        query_id: '0b7c1d2e-3f40-8a5b-9c6d-7e8f90a1b2c3',
        id: 'p-26',
        position: 27,
      },
    ]);
    await view().locator('.alike .card-open').first().click();
    await expect.poll(search).toContain('product=p-0');
    expect(opened.shop.events).toHaveLength(1);
  });

  test('one that is gone says so', async () => {
    await opened.page.goto(`${opened.shop.address}/?product=none`);
    await view().getByText('The shop does not have this.').waitFor();
  });

  test('markup in a description is not shown, and does nothing', async () => {
    opened.shop.description =
      '<style>p{color:red}</style><p>Warm &amp; <b>soft</b></p><ul><li>red<li>blue</ul>' +
      '<img src="/products/p-1?spy" onerror="window.broken=1"><script>window.broken=1</script>';
    const asked: string[] = [];
    opened.page.on('request', (request) => asked.push(request.url()));
    await open('/?q=gift');
    await opened.page.locator('.card-open').first().click();
    await view().getByText('Warm & soft').waitFor();
    expect(await opened.page.locator('.description').innerText()).toBe('Warm & soft\nred\nblue');
    expect(asked.some((url) => url.includes('spy'))).toBe(false);
    expect(await opened.page.evaluate('window.broken')).toBeUndefined();
    // The browser says that it ran none of it.
    const others = opened.complaints.filter((text) => !text.includes('Content Security Policy'));
    expect(others).toEqual([]);
  });
});
