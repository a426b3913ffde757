import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CHROMIUM_MISSING, openChromium } from './chromium.js';
import { openShopServer, replyWith, type ShopServer } from './shop-server.js';

if (CHROMIUM_MISSING !== undefined) console.warn(`page tests are skipped: ${CHROMIUM_MISSING}`);

describe.skipIf(CHROMIUM_MISSING !== undefined)('the page', () => {
  let browser: Browser;
  let shop: ShopServer;
  let context: BrowserContext;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    browser = await openChromium();
  });
  afterAll(async () => {
    await browser.close();
  });
  beforeEach(async () => {
    shop = await openShopServer();
    context = await browser.newContext({ reducedMotion: 'reduce' });
    page = await context.newPage();
    page.setDefaultTimeout(5_000);
    complaints = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
  });
  afterEach(async () => {
    await context.close();
    await shop.close();
  });

  async function open(address = '/'): Promise<void> {
    await page.goto(shop.address + address);
    await page.locator('.card, .notice:not([hidden])').first().waitFor();
  }
  const box = () => page.getByRole('searchbox');
  const cards = () => page.locator('.card');
  const chip = (name: string) => page.locator('.chip', { hasText: name });
  const notice = () => page.locator('#notice');
  const focused = () => page.evaluate<string>('document.activeElement.textContent');
  async function shown(text: string): Promise<void> {
    await page.getByText(text).first().waitFor();
  }

  test('welcomes with examples and products, and complains of nothing', async () => {
    await open();
    await shown('Say it in your own words');
    await shown('40 products in 4 categories');
    expect(await cards().count()).toBe(24);
    await page.locator('.example').first().click();
    await page.locator('#welcome').waitFor({ state: 'hidden' });
    expect(await box().inputValue()).not.toBe('');
    expect(complaints).toEqual([]);
  });

  test('searches while typing, in one request for a burst of keys', async () => {
    await page.clock.install({ time: 0 });
    await open();
    await page.clock.pauseAt(3_600_000);
    const before = shop.searches.length;
    await box().pressSequentially('wireless mouse');
    await expect.poll(() => page.url()).toContain('/?q=wireless+mouse');
    await page.clock.runFor(200);
    await shown('24 best matches');
    expect(shop.searches.slice(before).map(({ query }) => query)).toEqual(['wireless mouse']);
    expect(await cards().first().innerText()).toContain('Shoes number 0');
    expect(await cards().first().innerText()).toContain('10.00');
    expect(await cards().first().innerText()).toContain('Sold out');
    expect(complaints).toEqual([]);
  });

  test('tells the time of each step, the embedding and the model', async () => {
    await open('/?q=again');
    await shown('embedding cached');
    const trace = await page.locator('#trace').innerText();
    for (const part of ['3.1 ms', 'embed 0.1 ms', 'search 1.9 ms', 'join 0.6 ms', 'starter@1f3a']) {
      expect(trace).toContain(part);
    }
  });

  test('never shows a stale reply', async () => {
    await open();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    shop.answer = async ({ query }) => {
      if (query === 'slow') await held;
      return replyWith([{ id: 'x', title: `answer to ${query}` }]);
    };
    await box().fill('slow');
    await expect.poll(() => shop.searches.at(-1)?.query).toBe('slow');
    await box().fill('fast');
    await shown('answer to fast');
    release();
    // A later round trip is over: so is the slow one, had anybody waited for it.
    for (let trip = 0; trip < 3; trip++) {
      await page.evaluate("fetch('/categories').then((reply) => reply.text())");
    }
    expect(await cards().allInnerTexts()).toEqual([expect.stringContaining('answer to fast')]);
    expect(complaints).toEqual([]);
  });

  test('category chips, price and stock narrow the search', async () => {
    await open('/?q=gift');
    await chip('Mice').click();
    await shown('10 best matches');
    await page.getByLabel('Highest price').fill('30');
    await page.getByLabel('Lowest price').fill('12');
    await page.getByRole('switch').check();
    await expect
      .poll(() => shop.searches.at(-1)?.filter)
      .toEqual({
        category: ['Mice'],
        price: { gte: 12, lte: 30 },
        in_stock: true,
      });
    await shown('3 best matches');
    await expect.poll(() => page.url()).toContain('?q=gift&category=Mice&min=12&max=30&stock=1');
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await shown('24 best matches');
    expect(shop.searches.at(-1)?.filter).toBeUndefined();
    expect(complaints).toEqual([]);
  });

  test('the address holds the search, and Back returns to the one before', async () => {
    await open('/?q=gift&category=Toys&max=20&tenant=north');
    expect(shop.searches[0]?.filter).toEqual({ category: ['Toys'], price: { lte: 20 } });
    expect(shop.tenants[0]).toBe('north');
    expect(await box().inputValue()).toBe('gift');
    await chip('Toys').click();
    await page.waitForURL((url) => !url.search.includes('category'));
    await page.goBack();
    await page.locator('.chip[aria-pressed=true]').waitFor();
    await expect.poll(() => shop.searches.at(-1)?.filter?.category).toEqual(['Toys']);
    await expect.poll(() => page.url()).toContain('tenant=north');
  });

  test('Show more asks for more and keeps the place', async () => {
    await open('/?q=gift');
    await page.getByRole('button', { name: 'Show more' }).click();
    await shown('40 best matches');
    expect(shop.searches.at(-1)?.top_k).toBe(48);
    expect(await focused()).toBe('Shoes number 24');
    expect(await page.locator('#more').isHidden()).toBe(true);
  });

  test('says what is missing from a partial answer', async () => {
    shop.answer = () => {
      const missing = [{ part: 'shard', category: 'Mice', shard: 's2', reason: 'timeout' }];
      return replyWith([{ id: 'x', title: 'found' }], { partial: { missing } });
    };
    await open('/?q=gift');
    expect(await notice().innerText()).toBe(
      'Some products may be missing: Mice (shard s2 did not answer in time).',
    );
    expect(await cards().count()).toBe(1);
  });

  test('shows an error kindly, with a way on', async () => {
    shop.answer = (_, reply) => {
      const error = { code: 'deadline_exceeded', message: 'spent', request_id: 'r-7' };
      return reply.code(504).send({ error });
    };
    await open('/?q=gift');
    expect(await notice().innerText()).toContain('The search took too long.');
    expect(await notice().innerText()).toContain('r-7');
    shop.answer = undefined;
    await page.getByRole('button', { name: 'Try again' }).click();
    await shown('24 best matches');
    expect(await notice().isHidden()).toBe(true);
  });

  test('asks a busy shop again after the time it names', async () => {
    let refusals = 1;
    shop.answer = (_, reply) => {
      if (refusals-- <= 0) return replyWith([{ id: 'x', title: 'found' }]);
      const error = { code: 'rate_limited', message: 'slow down', request_id: 'r' };
      return reply.code(429).header('retry-after', '1').send({ error });
    };
    await open('/?q=gift');
    expect(await notice().innerText()).toContain('Trying again in 1 s');
    await shown('found');
    expect(await notice().isHidden()).toBe(true);
  });

  test('works by keyboard', async () => {
    await open('/?q=gift');
    await page.keyboard.press('/');
    expect(await page.evaluate('document.activeElement.id')).toBe('query');
    await page.keyboard.press('ArrowDown');
    expect(await focused()).toBe('Shoes number 0');
    await page.keyboard.press('ArrowRight');
    expect(await focused()).toBe('Mice number 1');
    await page.keyboard.press('ArrowDown');
    expect(await focused()).not.toBe('Mice number 1');
    await page.keyboard.press('ArrowUp');
    expect(await focused()).toBe('Mice number 1');
    await page.keyboard.press('Enter');
    await shown('Stitched by hand.');
    await shown('snow, rain');
    expect(await page.locator('.detail-link').count()).toBe(0);
    await page.keyboard.press('Escape');
    expect(await focused()).toBe('Mice number 1');
    await page.keyboard.press('Escape');
    await shown('Say it in your own words');
    expect(await box().inputValue()).toBe('');
    expect(complaints).toEqual([]);
  });

  test("a product's fields are text, and only safe pictures are loaded", async () => {
    const markup = '<img src=x onerror="window.broken=1"><script>window.broken=1</script>';
    shop.answer = () =>
      replyWith([
        {
          id: 'a',
          title: markup,
          brand: markup,
          category: markup,
          image_url: 'javascript:broken=1',
        },
        { id: 'b', title: 7, price: '1', in_stock: 'no', image_url: '//elsewhere.example/a.png' },
        { id: 'c', title: 'gone', image_url: 'data:image/svg+xml,<svg/>' },
      ]);
    await open('/?q=gift');
    expect(await cards().first().innerText()).toContain(markup);
    expect(await cards().nth(1).innerText()).toContain('No price');
    const sources = await page.evaluate(
      "[...document.querySelectorAll('.card img')].map((image) => image.src)",
    );
    expect(sources).toEqual(Array(3).fill(`${shop.address}/web/placeholder.svg`));
    expect(await page.evaluate('window.broken')).toBeUndefined();
    expect(complaints).toEqual([]);
  });

  test('a picture that cannot be loaded gives way to the neutral drawing', async () => {
    shop.answer = () => replyWith([{ id: 'a', title: 'no picture', image_url: '/web/none.png' }]);
    await open('/?q=gift');
    await page.locator('.card img[src$="/web/placeholder.svg"]').waitFor();
  });

  test.each([375, 320])('fits a screen of %i px, also with a dialog open', async (width) => {
    await page.setViewportSize({ width, height: 700 });
    const title = 'Donaudampfschifffahrtsgesellschaftskapitaen'.repeat(3);
    shop.answer = () =>
      replyWith([
        { id: 'p-1', title },
        { id: 'p-2', title: 'short' },
      ]);
    await open();
    const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
    expect(await page.evaluate(overflow)).toBe(0);
    await page.locator('.card-open').first().click();
    await shown('Stitched by hand.');
    expect(await page.evaluate(overflow)).toBe(0);
  });

  describe('in a shop with a key', () => {
    const field = () => page.getByLabel('Key, kept until this tab is closed');
    const use = () => page.getByRole('button', { name: 'Use this key' });

    test('asks for it once, and again only when it is wrong', async () => {
      shop.key = 'right-key';
      await page.goto(`${shop.address}/?q=gift`);
      await field().fill('wrong-key');
      await use().click();
      await shown('The shop does not take that key.');
      await field().fill('right-key');
      await use().click();
      await shown('24 best matches');
      await shown('40 products in 4 categories');
      await chip('Mice').click();
      await shown('10 best matches');
      await page.reload();
      await shown('10 best matches');
      expect(await field().isVisible()).toBe(false);
    });

    test('who has none is told so, and not asked at every letter', async () => {
      shop.key = 'right-key';
      await page.goto(`${shop.address}/?q=gift`);
      await page.getByRole('button', { name: 'Go on without' }).click();
      await shown('This shop asks for a key.');
      await box().pressSequentially('s and more');
      await expect.poll(() => page.url()).toContain('more');
      expect(await field().isVisible()).toBe(false);
    });
  });

  describe('Back', () => {
    const dialog = () => page.locator('#detail');
    const entries = () => page.evaluate<number>('history.length');
    const openFirst = async (): Promise<void> => {
      await page.locator('.card-open').first().click();
      await shown('Stitched by hand.');
    };

    test('closes the dialog and leaves the list as it is', async () => {
      await open('/?q=gift');
      await box().fill('gifts');
      await page.waitForURL((url) => url.search === '?q=gifts');
      await expect.poll(() => shop.searches.at(-1)?.query).toBe('gifts');
      await openFirst();
      const before = shop.searches.length;
      await page.goBack();
      await dialog().waitFor({ state: 'hidden' });
      expect(new URL(page.url()).search).toBe('?q=gifts');
      expect(shop.searches.length).toBe(before);
      await page.goBack();
      await page.waitForURL((url) => url.search === '?q=gift');
    });

    test('passes over a dialog that was closed in another way', async () => {
      await open('/?q=gift');
      await chip('Toys').click();
      await page.waitForURL((url) => url.search.includes('Toys'));
      for (let times = 0; times < 3; times++) {
        await openFirst();
        await page.getByRole('button', { name: 'Close' }).click();
      }
      await page.goBack();
      await page.waitForURL((url) => url.search === '?q=gift');
    });

    test('dialogs leave no more than one entry behind', async () => {
      await open('/?q=gift');
      const before = await entries();
      await openFirst();
      await page.keyboard.press('Escape');
      await chip('Toys').click();
      await page.waitForURL((url) => url.search.includes('Toys'));
      expect(await entries()).toBe(before + 1);
    });
  });

  test('in forced colours what is on looks other than what is off', async () => {
    await page.emulateMedia({ forcedColors: 'active' });
    await open('/?q=gift&category=Toys&stock=1');
    const backgroundOf = async (selector: string): Promise<string> =>
      page.evaluate(
        `getComputedStyle(document.querySelector(${JSON.stringify(selector)})).backgroundColor`,
      );
    const pressed = await backgroundOf('.chip[aria-pressed=true]');
    expect(pressed).not.toBe(await backgroundOf('.chip[aria-pressed=false]'));
    const on = await backgroundOf('#stock');
    await page.getByRole('switch').uncheck();
    await expect.poll(() => backgroundOf('#stock')).not.toBe(on);
  });

  test('markup in a description is not shown, and does nothing', async () => {
    shop.description =
      '<style>p{color:red}</style><p>Warm &amp; <b>soft</b></p><ul><li>red<li>blue</ul>' +
      '<img src="/products/p-1?spy" onerror="window.broken=1"><script>window.broken=1</script>';
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await open('/?q=gift');
    await page.locator('.card-open').first().click();
    await shown('Warm & soft');
    expect(await page.locator('.description').innerText()).toBe('Warm & soft\nred\nblue');
    expect(asked.some((url) => url.includes('spy'))).toBe(false);
    expect(await page.evaluate('window.broken')).toBeUndefined();
    // The browser says that it ran none of it.
    expect(complaints.filter((text) => !text.includes('Content Security Policy'))).toEqual([]);
  });
});
