import axe from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AlertsView } from '../../src/metrics/firing-alerts.js';
import { openHttp, type HttpHarness } from '../http/harness.js';
import { CHROMIUM_MISSING, openChromium } from './chromium.js';
import { liveReply } from './live-reply.js';
import { builtPages } from './shop-server.js';

const FIRING: AlertsView = {
  ...{ state: 'ok', count: 2 },
  alerts: [
    {
      ...{ name: 'ReplicaDown', severity: 'critical', summary: 'A replica is away' },
      ...{ since: '2026-11-30T08:00:00.000Z', labels: { shard: 's2' }, isSilenced: false },
      runbook: 'https://wiki.example/replica-down',
    },
    {
      ...{ name: 'DiskFull', severity: 'warning', summary: 'Nearly full', labels: {} },
      ...{ since: '2026-11-30T08:00:00.000Z', isSilenced: true, runbook: null },
    },
  ],
};
const LATER = { timeout: 10_000 };
const SERIOUS = ['serious', 'critical'];
const OVERFLOW = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';

describe.skipIf(CHROMIUM_MISSING !== undefined)("what goes on, on the operator's page", () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let node: HttpHarness;
  let address: string;
  let alerts: AlertsView;
  const complaints: string[] = [];
  beforeAll(async () => {
    browser = await openChromium();
    node = await openHttp({ webDir: builtPages(), alerts: { read: async () => alerts } });
    await node.send('POST', '/products', { id: 'a', title: 'a mouse', category: 'Mice' });
    await node.send('POST', '/admin/placement/split', { tenant: 'default', category: 'Mice' });
    address = `http://127.0.0.1:${await node.server.listen({ port: 0, host: '127.0.0.1' })}`;
  });
  afterAll(async () => {
    await browser.close();
    await node.close();
  });
  beforeEach(async () => {
    alerts = FIRING;
    context = await browser.newContext({ reducedMotion: 'reduce' });
    page = await context.newPage();
    page.setDefaultTimeout(10_000);
    complaints.length = 0;
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
  });
  afterEach(() => context.close());

  const panel = (id: string) => page.locator(`#live-${id}`);
  const tile = (name: string) => panel('tiles').locator('.figure', { hasText: name });
  const chart = (name: string) => page.getByRole('slider', { name: `${name}, over time` });
  const saysOf = (name: string) => chart(name).getAttribute('aria-valuetext');
  const open = () => page.goto(`${address}/admin`);
  const answered = (searches: ReturnType<typeof liveReply>) =>
    page.route('**/admin/live', (route) => route.fulfill({ json: searches }));

  test('is what a real query node counts, knows and was told', async () => {
    // The node's own clock, five seconds on.
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    await node.send('GET', '/admin/live');
    for (let i = 0; i < 4; i++) await node.send('POST', '/search/text', { query: 'mouse' });
    vi.advanceTimersByTime(5_000);
    vi.useRealTimers();
    await open();
    expect(await page.locator('.tabs [aria-current]').innerText()).toBe('Live');
    await expect.poll(() => saysOf('Searches per second'), LATER).toMatch(/Answered [1-9]/);
    await panel('alerts').getByText('1 alert fires, 1 silenced.').waitFor();
    expect(await panel('said').innerText()).toBe('1 alert fires, 1 silenced.');
    const link = panel('alerts').getByRole('link', { name: 'What to do about ReplicaDown' });
    expect(await link.getAttribute('href')).toBe('https://wiki.example/replica-down');
    await panel('decisions')
      .getByText(/split of default: 1 partition → 2/)
      .waitFor();
    const shard = panel('shards').getByRole('row', { name: /^s1/ });
    expect(await shard.innerText()).toMatch(/answers\s+7\s.*99% \(from 97%\)/s);
    expect(await tile('Recall, live').innerText()).toContain('99%');
    await panel('tenants')
      .getByRole('row', { name: /^default/ })
      .waitFor();
    await page.getByText('Where each partition lies').click();
    await panel('partitions').getByText('Mice').first().waitFor();
    await panel('advice').getByRole('heading', { name: 'Advice' }).waitFor();
    await panel('jobs').getByText('The store does not say in time.').waitFor();
    expect(complaints).toEqual([]);
  });

  test('a time is chosen by keys or the mouse, and all charts say what was then', async () => {
    await answered(liveReply('web-1', 12));
    await open();
    await expect.poll(() => saysOf('Searches per second'), LATER).toContain('Answered 12');
    await chart('Searches per second').focus();
    for (const key of ['ArrowLeft', 'ArrowLeft']) await page.keyboard.press(key);
    expect(await saysOf('Searches per second')).toContain('Answered 10');
    expect(await saysOf('Found in caches')).toContain('Answers 25%, Embeddings –');
    await page.keyboard.press('Home');
    expect(await saysOf('Searches per second')).toContain('Answered 1,');
    expect(await saysOf('How long a search takes')).toContain('p95 8 ms, p99 –');
    expect(await chart('How long a search takes').getAttribute('aria-valuenow')).toBe('0');
    await page.keyboard.press('Tab');
    await chart('Found in caches').hover();
    const then = await saysOf('Searches per second');
    expect(then).not.toContain('Answered 12');
    expect(await page.locator('.chart-cursor line').count()).toBe(4);
    const join = panel('stages').getByRole('row', { name: /Products read/ });
    expect((await join.innerText()).split(/\s*[\t\n]\s*/).filter(Boolean)).toEqual([
      ...['Products read', '6.5', '2 ms', '4 ms'],
    ]);
    const job = panel('jobs').getByRole('row', { name: /^import/ });
    expect((await job.innerText()).split(/\s+/)).toEqual(['import', '1', '2', '1', '7', 'min']);
    expect(complaints).toEqual([]);
  });

  test('of several query nodes it shows one, says which, and the other on demand', async () => {
    let turn = 0;
    await page.clock.install();
    await page.route('**/admin/live', (route) => {
      const isFirst = turn++ % 2 === 0;
      return route.fulfill({ json: isFirst ? liveReply('web-1', 3) : liveReply('web-2', 30) });
    });
    await open();
    await page.clock.runFor(10);
    await page.getByText('Query node web-1, process 7').waitFor();
    await expect.poll(() => saysOf('Searches per second'), LATER).toContain('Answered 3');
    await page.clock.runFor(6_000);
    const choice = page.getByLabel('Query node');
    await choice.waitFor();
    expect(await saysOf('Searches per second')).toContain('Answered 3');
    await choice.selectOption('web-2, process 7');
    expect(await saysOf('Searches per second')).toContain('Answered 30');
  });

  test('asks for nothing while it is paused, or another part is shown; then goes on', async () => {
    let asked = 0;
    await page.clock.install();
    await page.route('**/admin/live', (route) => {
      asked += 1;
      return route.fulfill({ json: liveReply('web-1', 3) });
    });
    await open();
    await page.clock.runFor(10);
    await expect.poll(() => saysOf('Searches per second'), LATER).toContain('Answered 3');
    const pause = page.getByRole('button', { name: 'Pause' });
    await pause.click();
    expect(await pause.getAttribute('aria-pressed')).toBe('true');
    await page.clock.runFor(60_000);
    expect(asked).toBe(1);
    await pause.click();
    await page.clock.runFor(10);
    await expect.poll(() => asked, LATER).toBe(2);
    await page.getByRole('link', { name: 'Rules' }).click();
    await page.clock.runFor(60_000);
    expect(asked).toBe(2);
  });

  test('says what cannot be read, and asks no more where it is not let in', async () => {
    await page.clock.install();
    let status = 500;
    let asked = 0;
    await page.route('**/admin/decisions', (route) => {
      asked += 1;
      const error = { code: 'internal', message: 'the store is away', request_id: 'r' };
      return route.fulfill({ status, json: { error } });
    });
    await open();
    await page.clock.runFor(10);
    await panel('trouble')
      .getByText(/Scaling decisions cannot be read: .*the store is away/)
      .waitFor();
    await panel('shards').getByRole('row', { name: /^s1/ }).waitFor();
    status = 403;
    await page.clock.runFor(11_000);
    await page.locator('#live-pause[aria-pressed=true]').waitFor();
    await page.clock.runFor(60_000);
    expect(asked).toBe(2);
  });

  test('says how to have alerts, and that it is not known whether any fires', async () => {
    alerts = { state: 'unset' };
    await open();
    await panel('alerts').getByText('Alerts are not shown: set ALERTMANAGER_URL').waitFor();
    alerts = { state: 'unreachable', problem: 'it answered with 500' };
    await page.reload();
    await panel('alerts')
      .getByText(/is not known.*it answered with 500/)
      .waitFor();
    alerts = { state: 'ok', count: 0, alerts: [] };
    await page.reload();
    await panel('alerts').getByText('No alert fires.').waitFor();
  });

  test.each(['light', 'dark'] as const)('everybody can use it, in %s colours', async (scheme) => {
    await page.emulateMedia({ colorScheme: scheme });
    await answered(liveReply('web-1', 12));
    await open();
    await panel('alerts').getByText('1 alert fires, 1 silenced.').waitFor();
    await panel('tenants').getByRole('row').first().waitFor();
    await panel('shards').getByRole('row').first().waitFor();
    await page.getByText('Where each partition lies').click();
    await page.evaluate(axe.source);
    interface Found {
      violations: { id: string; impact: string; nodes: { html: string }[] }[];
    }
    const { violations } = await page.evaluate<Found>('axe.run()');
    const serious = violations.filter(({ impact }) => SERIOUS.includes(impact));
    expect(serious.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
    for (const width of [375, 320]) {
      await page.setViewportSize({ width, height: 700 });
      await expect.poll(() => page.evaluate<number>(OVERFLOW), LATER).toBe(0);
    }
  });
});
