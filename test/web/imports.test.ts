import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openHttp, type HttpHarness } from '../http/harness.js';
import { CHROMIUM_MISSING, openChromium } from './chromium.js';
import { builtPages } from './shop-server.js';

const product = (id: string) => ({ id, title: `title ${id}`, category: 'Mice' });
const many = (count: number) => Array.from({ length: count }, (_, i) => product(`p${i}`));

describe.skipIf(CHROMIUM_MISSING !== undefined)("imports on the operator's page", () => {
  let browser: Browser;
  let page: Page;
  let node: HttpHarness;
  let address: string;
  const complaints: string[] = [];
  beforeAll(async () => {
    browser = await openChromium();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    node = await openHttp({ webDir: builtPages() });
    const port = await node.server.listen({ port: 0, host: '127.0.0.1' });
    address = `http://127.0.0.1:${port}/admin#imports`;
    page = await browser.newPage({ acceptDownloads: true });
    page.setDefaultTimeout(10_000);
    complaints.length = 0;
    page.on('pageerror', (error) => complaints.push(String(error)));
  });
  afterEach(async () => {
    await page.close();
    await node.close();
  });

  const row = (id: string) => page.locator(`tr[data-import="${id}"]`);
  const click = (id: string, name: string) =>
    page.getByRole('button', { name: `${name} ${id}`, exact: true }).click();

  test('are shown as they go on, without a reload', async () => {
    await page.goto(address);
    await page.getByText('There are no imports.').waitFor();
    const id = await node.imports.take([product('a'), { id: 'b' }]);
    await row(id).getByText('waits', { exact: true }).waitFor();
    await node.imports.work();
    await row(id).getByText('done').waitFor();
    expect(await row(id).innerText()).toContain('2 of 2');
    const downloading = page.waitForEvent('download');
    await click(id, 'Rejected rows');
    const file = await (await downloading).path();
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ line: 2, id: 'b' });
    expect(complaints).toEqual([]);
  });

  test('are confirmed, cancelled and tried again', async () => {
    await node.imports.run(many(10));
    const id = await node.imports.take(many(2), { prune: true });
    await node.imports.work();
    await page.goto(address);
    await row(id).getByText('waits for you').waitFor();
    expect(await row(id).innerText()).toContain('8?');
    const asked: string[] = [];
    page.on('dialog', (dialog) => {
      asked.push(dialog.message());
      void dialog.accept();
    });
    await click(id, 'Confirm');
    await page.getByText(`The import ${id} deletes them.`).waitFor();
    expect(asked).toEqual(['Delete 8 products that this feed does not have?']);
    await node.imports.work();
    await row(id).getByText('done').waitFor();
    const second = await node.imports.take(many(3));
    await click(second, 'Cancel');
    await row(second).getByText('cancelled').waitFor();
    await click(second, 'Try again');
    await row(second).getByText('waits', { exact: true }).waitFor();
    await node.imports.work();
    await row(second).getByText('done').waitFor();
    expect((await node.store.usage('default')).products).toBe(3);
    expect(complaints).toEqual([]);
  });
});
