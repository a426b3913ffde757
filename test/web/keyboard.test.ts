import { describe, expect, test } from 'vitest';
import { CHROMIUM_MISSING } from './chromium.js';
import { openShop, usePage } from './use-page.js';

const SUGGESTIONS = {
  queries: [
    { text: 'wireless mouse', count: 9 },
    { text: 'wireless headphones', count: 4 },
  ],
  categories: [{ category: 'Mice', count: 10 }],
  products: [{ id: 'p-1', score: 1, product: { title: 'Mice number 1' } }],
};

describe.skipIf(CHROMIUM_MISSING !== undefined)('keyboard and suggestions', () => {
  const opened = usePage();
  const open = (address?: string): Promise<void> => openShop(opened, address);
  const focused = () => opened.page.evaluate<string>('document.activeElement.textContent');
  const box = () => opened.page.getByRole('combobox', { name: 'Search' });
  const list = () => opened.page.getByRole('listbox', { name: 'Suggestions' });
  const press = (key: string) => opened.page.keyboard.press(key);
  const active = () =>
    opened.page.evaluate<string | undefined>(
      'document.getElementById(document.activeElement.getAttribute("aria-activedescendant"))?.innerText',
    );
  async function type(text: string): Promise<void> {
    await box().pressSequentially(text);
    await list().waitFor();
    // What was shown first may be of a part of the text: a pause is enough for a server to be asked.
    await expect.poll(() => opened.shop.suggested.at(-1)).toBe(text);
  }

  test('the whole list goes by keyboard', async () => {
    await open('/?q=gift');
    await press('/');
    expect(await opened.page.evaluate('document.activeElement.id')).toBe('query');
    await press('ArrowDown');
    expect(await focused()).toBe('Shoes number 0');
    await press('ArrowRight');
    expect(await focused()).toBe('Mice number 1');
    await press('ArrowDown');
    expect(await focused()).not.toBe('Mice number 1');
    await press('ArrowUp');
    expect(await focused()).toBe('Mice number 1');
    await press('Enter');
    await opened.page.getByText('Stitched by hand.').waitFor();
    expect(await focused()).toBe('Mice number 1');
    await press('Escape');
    await opened.page.locator('#results .card').first().waitFor();
    await expect.poll(focused).toBe('Mice number 1');
    await press('Escape');
    await opened.page.getByText('Say it in your own words').waitFor();
    expect(await box().inputValue()).toBe('');
    expect(opened.complaints).toEqual([]);
  });

  test('suggestions are a list that arrows go through, and Enter takes', async () => {
    opened.shop.suggestions = SUGGESTIONS;
    await open();
    await type('wire');
    expect(await box().getAttribute('aria-expanded')).toBe('true');
    expect(await active()).toBeUndefined();
    await press('ArrowDown');
    expect(await active()).toBe('wireless mouse');
    await press('ArrowDown');
    expect(await active()).toBe('wireless headphones');
    await press('ArrowUp');
    await press('ArrowUp');
    expect(await active()).toBeUndefined();
    await press('ArrowUp');
    expect(await active()).toContain('Mice number 1');
    for (let steps = 0; steps < 2; steps++) await press('ArrowDown');
    await press('Enter');
    await expect.poll(() => box().inputValue()).toBe('wireless mouse');
    expect(await list().isHidden()).toBe(true);
    await expect.poll(() => opened.shop.searches.at(-1)?.query).toBe('wireless mouse');
    expect(opened.shop.searches.at(-1)?.prefix).toBeUndefined();
  });

  test('a late reply takes no place from who goes through the list', async () => {
    opened.shop.suggestions = SUGGESTIONS;
    await open();
    await type('wire');
    let release = (): void => undefined;
    opened.shop.held = new Promise((resolve) => (release = resolve));
    await box().pressSequentially('l');
    await expect.poll(() => opened.shop.suggested.at(-1)).toBe('wirel');
    await press('ArrowDown');
    expect(await active()).toBe('wireless mouse');
    opened.shop.suggestions = { queries: [], categories: [], products: [] };
    release();
    await opened.page.waitForTimeout(200);
    expect(await active()).toBe('wireless mouse');
    await press('Enter');
    await expect.poll(() => box().inputValue()).toBe('wireless mouse');
  });

  test('Escape closes the list first, and clears the box only then', async () => {
    opened.shop.suggestions = SUGGESTIONS;
    await open();
    await type('wire');
    await press('Escape');
    await list().waitFor({ state: 'hidden' });
    expect(await box().inputValue()).toBe('wire');
    await press('Escape');
    await expect.poll(() => box().inputValue()).toBe('');
  });

  test('a category or a product is gone to', async () => {
    opened.shop.suggestions = SUGGESTIONS;
    await open();
    await type('mi');
    await list().getByRole('option', { name: 'Mice category, 10' }).click();
    await expect.poll(() => new URL(opened.page.url()).search).toBe('?category=Mice');
    await type('mi');
    await list().getByRole('option', { name: 'Mice number 1' }).click();
    await opened.page.getByText('Stitched by hand.').waitFor();
    expect(new URL(opened.page.url()).searchParams.get('product')).toBe('p-1');
  });

  test('a shop without suggestions is asked once', async () => {
    opened.shop.suggestions = undefined;
    await open();
    const asked: string[] = [];
    opened.page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await box().pressSequentially('w');
    await expect.poll(() => asked).toContain('/suggest');
    await expect.poll(() => opened.shop.searches.at(-1)?.query).toBe('w');
    await box().pressSequentially('ireless');
    await expect.poll(() => opened.shop.searches.at(-1)?.query).toBe('wireless');
    expect(asked.filter((path) => path === '/suggest')).toHaveLength(1);
  });
});
