import axe from 'axe-core';
import { describe, expect, test } from 'vitest';
import { CHROMIUM_MISSING } from './chromium.js';
import { PRODUCTS, replyWith } from './shop-products.js';
import { openShop, usePage } from './use-page.js';

interface Violation {
  id: string;
  impact: string;
  nodes: { html: string; failureSummary: string }[];
}

const SERIOUS = ['serious', 'critical'];
const UNDERSTOOD = { text: 'under 50', filter: { price: { lt: 50 } } };

describe.skipIf(CHROMIUM_MISSING !== undefined)('everybody can use the page', () => {
  const opened = usePage();
  const open = (address?: string): Promise<void> => openShop(opened, address);

  /** What axe finds that keeps people out, with the places. */
  async function seriousFindings(): Promise<string[]> {
    await opened.page.waitForLoadState('networkidle');
    await opened.page.evaluate(axe.source);
    const { violations } = await opened.page.evaluate<{ violations: Violation[] }>('axe.run()');
    return violations
      .filter(({ impact }) => SERIOUS.includes(impact))
      .flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
      );
  }

  describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
    async function expectFine(): Promise<void> {
      expect(await seriousFindings()).toEqual([]);
    }
    async function openIn(address?: string): Promise<void> {
      await opened.page.emulateMedia({ colorScheme });
      await open(address);
    }

    test('home', async () => {
      await openIn();
      await expectFine();
    });

    test('results that are narrowed, corrected, near and understood, with suggestions', async () => {
      opened.shop.suggestions = {
        queries: [{ text: 'gift for her', count: 3 }],
        categories: [{ category: 'Mice', count: 10 }],
        products: [{ id: 'p-1', score: 1, product: { title: 'Mice number 1' } }],
      };
      const [first, second] = PRODUCTS;
      opened.shop.answer = () =>
        replyWith(
          [
            { ...first!, highlight: { title: '<mark>Shoes</mark> number 0' } },
            { ...second!, widened: true },
          ],
          {
            ...{ total: 100, rewritten: { from: 'gfit', to: 'gift' } },
            ...{ did_you_mean: ['gifts'], understood: [UNDERSTOOD] },
            warnings: [{ code: 'x', field: 'filter', message: 'did you mean “Shoes”?' }],
            facets: {
              price: { values: [], other: 0, min: 1, max: 900 },
              brand: {
                values: [
                  { value: 'A', count: 3 },
                  { value: 'B', count: 0 },
                ],
                other: 0,
              },
            },
          },
        );
      await openIn('/?q=gfit&brand=A&min=3&page=2');
      await opened.page.getByRole('combobox', { name: 'Search' }).pressSequentially(' f');
      await opened.page.getByRole('listbox').waitFor();
      await opened.page.keyboard.press('ArrowDown');
      await expectFine();
    });

    test('nothing found, an answer in part, an error', async () => {
      opened.shop.answer = () => replyWith([], { understood: [UNDERSTOOD] });
      await openIn('/?q=gift&stock=1');
      await expectFine();
      const missing = [{ part: 'shard', category: 'Mice', shard: 's2', reason: 'timeout' }];
      opened.shop.answer = () => replyWith(PRODUCTS.slice(0, 2), { partial: { missing } });
      await openIn('/?q=gift');
      await expectFine();
      opened.shop.answer = (_, reply) =>
        reply.code(504).send({ error: { code: 'deadline_exceeded', message: 'spent' } });
      await openIn('/?q=gift');
      await expectFine();
    });

    test("a product's page", async () => {
      await opened.page.emulateMedia({ colorScheme });
      await opened.page.goto(`${opened.shop.address}/?product=p-3`);
      await opened.page.getByText('Stitched by hand.').waitFor();
      await expectFine();
    });

    test("the operator's page", async () => {
      await opened.page.emulateMedia({ colorScheme });
      opened.shop.operator.rules.set('a', { id: 'a', when: { query: 'x' }, then: {} });
      opened.shop.operator.synonyms.set('b', { id: 'b', words: ['x', 'y'] });
      for (const part of ['figures', 'rules', 'synonyms']) {
        await opened.page.goto(`${opened.shop.address}/admin#${part}`);
        await opened.page.locator(`#${part} .table`).first().waitFor();
        await expectFine();
      }
      await opened.page.goto(`${opened.shop.address}/admin#rules`);
      await opened.page.getByRole('button', { name: 'Edit a' }).click();
      await opened.page.locator('.preview-moved').first().waitFor();
      await expectFine();
    });
  });

  test('what was found is said where a screen reader hears it', async () => {
    await open('/?q=gift');
    const count = opened.page.locator('#count');
    expect(await count.getAttribute('aria-live')).toBe('polite');
    await opened.page.getByRole('switch').check();
    await expect.poll(() => count.innerText()).toBe('32 products for “gift”');
  });

  test('in forced colours what is on looks other than what is off', async () => {
    await opened.page.emulateMedia({ forcedColors: 'active' });
    await open('/?q=gift&stock=1');
    const backgroundOf = (selector: string): Promise<string> =>
      opened.page.evaluate(
        `getComputedStyle(document.querySelector(${JSON.stringify(selector)})).backgroundColor`,
      );
    const on = await backgroundOf('#stock');
    await opened.page.getByRole('switch').uncheck();
    await expect.poll(() => backgroundOf('#stock')).not.toBe(on);
    expect(await backgroundOf('.slider-fill')).not.toBe(await backgroundOf('.facet'));
  });

  describe.each([375, 320])('on a screen of %i px', (width) => {
    const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
    const overflowing = () => opened.page.evaluate<number>(overflow);

    test('nothing is wider than it', async () => {
      await opened.page.setViewportSize({ width, height: 700 });
      const title = 'Donaudampfschifffahrtsgesellschaftskapitaen'.repeat(3);
      opened.shop.answer = () =>
        replyWith(
          [
            { id: 'p-1', title },
            { id: 'p-2', title: 'short' },
          ],
          { facets: { brand: { values: [{ value: title, count: 1 }], other: 0 } }, total: 9_000 },
        );
      await open(`/?q=gift&page=100&brand=${title}`);
      expect(await overflowing()).toBe(0);
      await opened.page.locator('#results .card-open').first().click();
      await opened.page.getByText('Stitched by hand.').waitFor();
      expect(await overflowing()).toBe(0);
      for (const part of ['figures', 'rules', 'synonyms']) {
        await opened.page.goto(`${opened.shop.address}/admin#${part}`);
        await opened.page.locator(`#${part}`).waitFor();
        expect(await overflowing()).toBe(0);
      }
    });

    test('filters are in a drawer, which says what they give', async () => {
      await opened.page.setViewportSize({ width, height: 700 });
      await open('/?q=gift');
      await opened.page.getByRole('button', { name: 'Filters', exact: true }).click();
      const drawer = opened.page.getByRole('dialog', { name: 'Filters' });
      await drawer.getByLabel('Mice').check();
      await drawer.getByRole('button', { name: 'Show 10 products' }).click();
      await drawer.waitFor({ state: 'hidden' });
      await opened.page.getByRole('button', { name: 'Filters (1)' }).waitFor();
      await opened.page.setViewportSize({ width: 1_000, height: 700 });
      expect(await opened.page.locator('#aside').getByLabel('Mice').isChecked()).toBe(true);
    });
  });
});
