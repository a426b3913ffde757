import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { CHROMIUM_MISSING, openChromium } from '../web/chromium.js';
import { Cluster } from '../e2e/cluster.js';
import { seeded } from '../e2e/catalogue.js';
import { ChromiumFront } from './chromium-front.js';
import { CLIENT_KINDS } from './client-kinds.js';
import { typesenseClient } from './clients.js';
import { SCHEMA, tourDocuments } from './documents.js';
import { Reference } from './reference.js';
import { nodeFront } from './node-front.js';
import type { ShopFront } from './shop-front.js';
import { PER_PAGE, Tour } from './tour.js';
import { clickAtRandom, QUERIES, walk } from './walk.js';

const KEY = 'secret-key';
const CLICKS = 40;
/** All rows are scanned: what graphs find of a result set changes while they are built. */
const WITHOUT_GRAPHS = { OMNISEARCH_GRAPH_MIN_ROWS: '1000000' };

describe.each(CLIENT_KINDS)(
  'the widgets of instantsearch.js over $name',
  ({ clientOf, optionsOf }) => {
    const documents = tourDocuments();
    let cluster: Cluster;
    let reference: Reference;
    let front: ShopFront;
    let tour: Tour;

    beforeAll(async () => {
      cluster = await Cluster.start({ env: { OMNISEARCH_API_KEY: KEY, ...WITHOUT_GRAPHS } });
      const client = typesenseClient(cluster.url, KEY);
      await client.collections().create({ ...SCHEMA, enable_nested_fields: true } as never);
      const rows = client.collections('tour').documents();
      const lines = await rows.import(documents, { action: 'create' });
      expect(lines.filter(({ success }) => !success)).toEqual([]);
      reference = new Reference(cluster.url, 'tour', documents, KEY);
      await reference.untilSearchable();
      front = nodeFront(clientOf(cluster.url, KEY), 'tour', PER_PAGE);
      tour = new Tour(front, reference);
      await front.open();
    });
    afterAll(async () => {
      front.close();
      await cluster.stop();
      cluster.remove();
    });

    test.each(QUERIES)('every count, page, order and highlight is true: %j', async (query) => {
      const before = tour.compared;
      await walk(tour, query);
      expect(tour.differences).toEqual([]);
      expect(tour.compared - before).toBeGreaterThan(5);
    });

    test(`${CLICKS} clicks on facets find what they showed`, async () => {
      const random = seeded(7);
      const clicks = [];
      for (let i = 0; i < CLICKS; i++) clicks.push(await clickAtRandom(tour, random, documents));
      const found = clicks.filter((click) => click !== undefined);
      expect(found.filter(({ shown, total }) => shown !== total)).toEqual([]);
      expect(found.length).toBeGreaterThan(CLICKS / 2);
    });

    describe.skipIf(CHROMIUM_MISSING !== undefined)(
      `in Chromium${CHROMIUM_MISSING === undefined ? '' : ` (${CHROMIUM_MISSING})`}`,
      () => {
        let browser: Browser;
        let inBrowser: Tour;
        beforeAll(async () => {
          browser = await openChromium();
          const page = await browser.newPage();
          const options = optionsOf(cluster.url, KEY);
          const front = await ChromiumFront.open(page, cluster.url, options, 'tour', PER_PAGE);
          inBrowser = new Tour(front, reference);
        });
        afterAll(() => browser.close());

        test('the same is shown', async () => {
          for (const query of QUERIES) await walk(inBrowser, query);
          expect(inBrowser.differences).toEqual([]);
          expect(inBrowser.compared).toBeGreaterThan(100);
        });

        test('clicks on facets find what they showed', async () => {
          const random = seeded(8);
          const clicks = [];
          for (let i = 0; i < 20; i++)
            clicks.push(await clickAtRandom(inBrowser, random, documents));
          const found = clicks.filter((click) => click !== undefined);
          expect(found.filter(({ shown, total }) => shown !== total)).toEqual([]);
          expect(found.length).toBeGreaterThan(10);
        });
      },
    );

    test('values of a facet are found by their beginning', async () => {
      await front.act(() => front.shown.searchBox.refine(''));
      const [first] = front.shown.brand.items;
      const beginning = (first?.value ?? '').slice(0, 2);
      const all = new Map(front.shown.brand.items.map(({ value, count }) => [value, count]));
      await front.findBrands(beginning.toLowerCase());
      const found = front.shown.brand.items.map(({ value, count }) => ({ value, count }));
      expect(found).toContainEqual({ value: first?.value, count: first?.count });
      for (const { value, count } of found) expect(count).toBe(all.get(value));
      await front.findBrands('');
    });
  },
);
