import { describe, expect, test } from 'vitest';
import { CHROMIUM_MISSING } from './chromium.js';
import { replyWith } from './shop-products.js';
import { boxOf, openShop, usePage } from './use-page.js';

describe.skipIf(CHROMIUM_MISSING !== undefined)('the page', () => {
  const opened = usePage();
  const open = (address?: string): Promise<void> => openShop(opened, address);
  const box = () => opened.page.getByRole('combobox', { name: 'Search' });
  const cards = () => opened.page.locator('.card');
  const notice = () => opened.page.locator('#notice');
  async function shown(text: string): Promise<void> {
    await opened.page.getByText(text).first().waitFor();
  }

  test('welcomes with examples and products, and complains of nothing', async () => {
    await open();
    await shown('Say it in your own words');
    await shown('40 products in 4 categories');
    expect(await cards().count()).toBe(24);
    await opened.page.locator('.example').first().click();
    await opened.page.locator('#welcome').waitFor({ state: 'hidden' });
    expect(await box().inputValue()).not.toBe('');
    expect(opened.complaints).toEqual([]);
  });

  test('searches while typing, in one request for a burst of keys', async () => {
    await opened.page.clock.install({ time: 0 });
    await open();
    await opened.page.clock.pauseAt(3_600_000);
    const before = opened.shop.searches.length;
    await box().pressSequentially('wireless mouse');
    await expect.poll(() => opened.page.url()).toContain('/?q=wireless+mouse');
    await opened.page.clock.runFor(200);
    await shown('40 products for “wireless mouse”');
    expect(opened.shop.searches.slice(before).map(({ query }) => query)).toEqual([
      'wireless mouse',
    ]);
    expect(await cards().first().innerText()).toContain('Shoes number 0');
    expect(await cards().first().innerText()).toContain('10.00');
    expect(await cards().first().innerText()).toContain('Sold out');
    expect(opened.complaints).toEqual([]);
  });

  test('tells the time of each step, the embedding and the model', async () => {
    await open('/?q=again');
    await shown('embedding cached');
    const trace = await opened.page.locator('#trace').innerText();
    for (const part of ['3.1 ms', 'embed 0.1 ms', 'search 1.9 ms', 'join 0.6 ms', 'starter@1f3a']) {
      expect(trace).toContain(part);
    }
  });

  test('never shows a stale reply', async () => {
    await open();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    opened.shop.answer = async ({ query }) => {
      if (query === 'slow') await held;
      return replyWith([{ id: 'x', title: `answer to ${query}` }]);
    };
    await box().fill('slow');
    await expect.poll(() => opened.shop.searches.at(-1)?.query).toBe('slow');
    await box().fill('fast');
    await shown('answer to fast');
    release();
    // A later round trip is over: so is the slow one, had anybody waited for it.
    for (let trip = 0; trip < 3; trip++) {
      await opened.page.evaluate("fetch('/categories').then((reply) => reply.text())");
    }
    expect(await cards().allInnerTexts()).toEqual([expect.stringContaining('answer to fast')]);
    expect(opened.complaints).toEqual([]);
  });

  test('says what is missing from a partial answer', async () => {
    opened.shop.answer = () => {
      const missing = [{ part: 'shard', category: 'Mice', shard: 's2', reason: 'timeout' }];
      return replyWith([{ id: 'x', title: 'found' }], { partial: { missing } });
    };
    await open('/?q=gift');
    expect(await notice().innerText()).toBe(
      'Some products may be missing: Mice (shard s2 did not answer in time).',
    );
    expect(await cards().count()).toBe(1);
    expect(await opened.page.locator('#count').innerText()).toBe('At least 1 product for “gift”');
  });

  test('shows an error kindly, with a way on', async () => {
    opened.shop.answer = (_, reply) => {
      const error = { code: 'deadline_exceeded', message: 'spent', request_id: 'r-7' };
      return reply.code(504).send({ error });
    };
    await open('/?q=gift');
    expect(await notice().innerText()).toContain('The search took too long.');
    expect(await notice().innerText()).toContain('r-7');
    opened.shop.answer = undefined;
    await opened.page.getByRole('button', { name: 'Try again' }).click();
    await shown('40 products for “gift”');
    expect(await notice().isHidden()).toBe(true);
  });

  test('asks a busy shop again after the time it names', async () => {
    let refusals = 1;
    opened.shop.answer = (_, reply) => {
      if (refusals-- <= 0) return replyWith([{ id: 'x', title: 'found' }]);
      const error = { code: 'rate_limited', message: 'slow down', request_id: 'r' };
      return reply.code(429).header('retry-after', '1').send({ error });
    };
    await open('/?q=gift');
    expect(await notice().innerText()).toContain('Trying again in 1 s');
    await shown('found');
    expect(await notice().isHidden()).toBe(true);
  });

  test("a product's fields are text, and only safe pictures are loaded", async () => {
    const markup = '<img src=x onerror="window.broken=1"><script>window.broken=1</script>';
    opened.shop.answer = () =>
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
    const sources = await opened.page.evaluate(
      "[...document.querySelectorAll('.card img')].map((image) => image.src)",
    );
    expect(sources).toEqual(
      Array(3).fill(expect.stringMatching(/\/web\/assets\/placeholder\.\w+\.svg$/)),
    );
    expect(await opened.page.evaluate('window.broken')).toBeUndefined();
    expect(opened.complaints).toEqual([]);
  });

  test('a picture that cannot be loaded gives way to the neutral drawing', async () => {
    opened.shop.answer = () =>
      replyWith([{ id: 'a', title: 'no picture', image_url: '/web/none.png' }]);
    await open('/?q=gift');
    await opened.page.locator('.card img[src*="/web/assets/placeholder."]').waitFor();
  });

  describe('in a shop with a key', () => {
    const field = () => opened.page.getByLabel('Key, kept until this tab is closed');
    const use = () => opened.page.getByRole('button', { name: 'Use this key' });

    test('asks for it once, and again only when it is wrong', async () => {
      opened.shop.key = 'right-key';
      await opened.page.goto(`${opened.shop.address}/?q=gift`);
      await field().fill('wrong-key');
      await use().click();
      await shown('The shop does not take that key.');
      await field().fill('right-key');
      await use().click();
      await shown('40 products');
      await shown('40 products in 4 categories');
      await boxOf(opened.page, 'category', 'Mice').check();
      await shown('10 products');
      await opened.page.reload();
      await shown('10 products');
      expect(await field().isVisible()).toBe(false);
    });

    test('who has none is told so, and not asked at every letter', async () => {
      opened.shop.key = 'right-key';
      await opened.page.goto(`${opened.shop.address}/?q=gift`);
      await opened.page.getByRole('button', { name: 'Go on without' }).click();
      await shown('This shop asks for a key.');
      await box().pressSequentially('s and more');
      await expect.poll(() => opened.page.url()).toContain('more');
      expect(await field().isVisible()).toBe(false);
    });
  });
});
