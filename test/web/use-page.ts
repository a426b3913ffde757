import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { CHROMIUM_MISSING, openChromium } from './chromium.js';
import { openShopServer, type ShopServer } from './shop-server.js';

if (CHROMIUM_MISSING !== undefined) console.warn(`page tests are skipped: ${CHROMIUM_MISSING}`);

/** A shop of its own for each test, and a browser's page in front of it. */
export interface OpenedPage {
  shop: ShopServer;
  page: Page;
  /** What the page threw, or logged as an error. */
  complaints: string[];
}

/** Opens them before each test of the describe that calls this. */
export function usePage(): OpenedPage {
  const opened = {} as OpenedPage;
  let browser: Browser;
  let context: BrowserContext;
  beforeAll(async () => {
    browser = await openChromium();
  });
  afterAll(async () => {
    await browser.close();
  });
  beforeEach(async () => {
    opened.shop = await openShopServer();
    context = await browser.newContext({ reducedMotion: 'reduce' });
    opened.page = await context.newPage();
    opened.page.setDefaultTimeout(5_000);
    opened.complaints = [];
    opened.page.on('pageerror', (error) => opened.complaints.push(String(error)));
    opened.page.on('console', (message) => {
      if (message.type() === 'error') opened.complaints.push(message.text());
    });
  });
  afterEach(async () => {
    await context.close();
    await opened.shop.close();
  });
  return opened;
}

/** The storefront at an address, once its list is there. */
export async function openShop({ page, shop }: OpenedPage, address = '/'): Promise<void> {
  await page.goto(shop.address + address);
  await page.locator('#shop .card, #empty:not([hidden]), .notice:not([hidden])').first().waitFor();
}

/** The box of a facet's value. */
export function boxOf(page: Page, facet: string, value: string): Locator {
  const group = page.locator(`.facet[data-field="${facet}"]`);
  return group.locator('label', { hasText: value }).locator('input');
}
