import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHROMIUM_MISSING, openChromium } from '../web/chromium.js';
import { Cluster } from './cluster.js';

if (CHROMIUM_MISSING !== undefined) console.warn(`page test is skipped: ${CHROMIUM_MISSING}`);

describe.skipIf(CHROMIUM_MISSING !== undefined)('the page on a real node', () => {
  let cluster: Cluster;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    cluster = await Cluster.start({ args: ['--demo'] });
    browser = await openChromium();
    page = await browser.newPage();
    page.setDefaultTimeout(30_000);
    // What counts is what is shown, however busy the machine is.
    await page.route('**/search/text', async (route) => {
      const body = route.request().postDataJSON() as object;
      await route.continue({ postData: JSON.stringify({ ...body, timeout_ms: 20_000 }) });
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
  });
  afterAll(async () => {
    await browser.close();
    await cluster.stop();
    cluster.remove();
  });

  const cards = () => page.locator('.card');

  test('finds as one types, with pictures, prices, facets and timings', async () => {
    await page.goto(cluster.url);
    await page.getByText('3,110 products').first().waitFor();
    await page
      .getByRole('combobox', { name: 'Search' })
      .pressSequentially('red running shoes', { delay: 5 });
    await page.locator('.card', { hasText: 'Running Shoes' }).first().waitFor();
    await page.getByText('embedding computed').waitFor();
    for (const step of ['embed', 'search', 'join']) await page.getByText(step).first().waitFor();
    await page.waitForFunction('document.querySelector(".card img").naturalWidth > 0');
    expect(await cards().first().innerText()).toMatch(/\d+\.\d\d/);

    // A facet's count is what ticking it gives.
    const shoes = page.locator('.facet[data-field=category] label', { hasText: 'Shoes' }).first();
    const count = Number(await shoes.locator('.facet-count').innerText());
    await shoes.locator('input').check();
    await page.locator('#count', { hasText: `${count} products for` }).waitFor();
    await page.locator('#max').fill('80');
    await page.locator('#max').press('Enter');
    await page.waitForURL(/max=80/);
    await page.waitForFunction(
      '[...document.querySelectorAll("#results .card")].every((card) => /Shoes/.test(card.innerText))',
    );
    await page.getByText('embedding cached').waitFor();
    expect(await cards().count()).toBeGreaterThan(3);
    expect(complaints).toEqual([]);
  });

  const reading = () => page.locator('#understanding');
  const pricesAbove = (limit: number): string =>
    `[...document.querySelectorAll(".price-tag")].filter((tag) => Number(tag.innerText.replace(",", "")) >= ${limit}).length`;

  test('shows how it read the words: a beginning, a typo, a price, and nothing at all', async () => {
    await page.goto(cluster.url);
    await page.getByRole('combobox', { name: 'Search' }).pressSequentially('kess', { delay: 5 });
    await page.locator('.card mark', { hasText: 'Kessel' }).first().waitFor();

    await page.goto(`${cluster.url}/?q=fryng+pan`);
    await page.getByText('Showing results for frying pan.').waitFor();
    await page.locator('.card mark', { hasText: 'Frying' }).first().waitFor();
    await reading().getByRole('button', { name: 'fryng pan' }).click();
    await page.locator('#empty', { hasText: 'Nothing in this shop fits' }).waitFor();

    await page.goto(`${cluster.url}/?q=frying+pan+under+40`);
    const chip = reading().locator('.chip', { hasText: 'price below 40' });
    await chip.waitFor();
    expect(await cards().count()).toBeGreaterThan(3);
    expect(await page.evaluate(pricesAbove(40))).toBe(0);
    await chip.click();
    await page.getByText('Your words are searched for as they are.').waitFor();
    await page.waitForFunction(`${pricesAbove(40)} > 0`);

    await page.goto(`${cluster.url}/?q=xqzvw+kjhgt`);
    await page.locator('#empty', { hasText: 'Nothing in this shop fits' }).waitFor();
    expect(await cards().count()).toBe(0);
    await page.getByRole('button', { name: 'Look around the shop' }).click();
    await cards().first().waitFor();
    expect(complaints).toEqual([]);
  });
});
