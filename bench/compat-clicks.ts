import { ChromiumFront } from '../test/compat/chromium-front.js';
import { CLIENT_KINDS, type ClientKind } from '../test/compat/client-kinds.js';
import { typesenseClient } from '../test/compat/clients.js';
import { SCHEMA, tourDocuments, type TourDocument } from '../test/compat/documents.js';
import { Reference } from '../test/compat/reference.js';
import { nodeFront } from '../test/compat/node-front.js';
import type { Front } from '../test/compat/shop-front.js';
import { PER_PAGE, Tour } from '../test/compat/tour.js';
import { clickAtRandom, QUERIES, walk } from '../test/compat/walk.js';
import { openChromium } from '../test/web/chromium.js';
import { bench, type BenchResult, type BenchRun } from './lib/bench.js';
import { waitUntilQuiet } from './lib/ingest.js';
import { OmniServer } from './lib/omni-server.js';
import { sharedFile } from './lib/paths.js';
import { Progress } from './lib/progress.js';
import { Random } from './lib/random.js';
import { print } from './lib/report.js';
import { formatTable } from './lib/table.js';

const FLAGS = {
  clicks: { default: 1_000, help: 'random clicks on facets with each client' },
  shards: { default: 2, help: 'shard processes' },
  browser: { default: 'jsdom', help: 'where the page runs: jsdom or chromium' },
};
const KEY = 'bench';
const INDEX = 'tour';

interface Seen {
  client: string;
  compared: number;
  differences: number;
  clicks: number;
  wrong_clicks: number;
}

await bench(
  {
    name: 'compat-clicks',
    about: 'The widgets of instantsearch.js over both compatible APIs, beside a count by hand.',
    maxMinutes: 60,
    flags: FLAGS,
  },
  async (run): Promise<BenchResult> => {
    const { flags } = run;
    const documents = tourDocuments(sharedFile('icecat-19k.ndjson.gz'));
    const server = await run.start(
      OmniServer.start({ shards: flags.shards, env: { OMNISEARCH_API_KEY: KEY } }),
    );
    await importAll(server.url, documents);
    const reference = new Reference(server.url, INDEX, documents, KEY);
    await reference.untilSearchable();
    await waitUntilQuiet(() => server.processes());

    const rows: Seen[] = [];
    for (const client of CLIENT_KINDS) {
      const [front, close] = await openFront(flags.browser, server.url, client);
      const clicks = flags.quick ? 50 : flags.clicks;
      const tour = new Tour(front, reference);
      rows.push(await shopAround(run, client.name, tour, documents, clicks));
      await close();
    }
    print(`${String(documents.length)} documents`, formatTable(rows.map((row) => ({ ...row }))));
    const wrong = rows.reduce((sum, row) => sum + row.differences + row.wrong_clicks, 0);
    return {
      data: { documents: documents.length, queries: QUERIES.length, shards: flags.shards },
      results: rows,
      figures: [{ name: 'differences of both clients', value: wrong, unit: '' }],
    };
  },
);

async function openFront(
  where: string,
  url: string,
  { clientOf, optionsOf }: ClientKind,
): Promise<[Front, () => Promise<void>]> {
  if (where === 'chromium') {
    const browser = await openChromium();
    const page = await browser.newPage();
    const front = await ChromiumFront.open(page, url, optionsOf(url, KEY), INDEX, PER_PAGE);
    return [front, () => browser.close()];
  }
  if (where !== 'jsdom') throw new Error('--browser must be jsdom or chromium');
  const front = nodeFront(clientOf(url, KEY), INDEX, PER_PAGE);
  await front.open();
  return [front, async () => front.close()];
}

async function importAll(url: string, documents: readonly TourDocument[]): Promise<void> {
  const client = typesenseClient(url, KEY);
  await client.collections().create({ ...SCHEMA, enable_nested_fields: true } as never);
  const lines = await client
    .collections(INDEX)
    .documents()
    .import([...documents], {
      action: 'create',
      batch_size: 1_000,
    });
  const failed = lines.find(({ success }) => !success);
  if (failed !== undefined) throw new Error(JSON.stringify(failed));
}

async function shopAround(
  run: BenchRun<typeof FLAGS>,
  client: string,
  tour: Tour,
  documents: readonly TourDocument[],
  clicks: number,
): Promise<Seen> {
  for (const query of QUERIES) await walk(tour, query);
  for (const one of tour.differences.slice(0, 5)) run.say(JSON.stringify(one).slice(0, 300));
  const random = new Random(run.flags.seed);
  const progress = new Progress(client, clicks, 'clicks');
  let done = 0;
  let wrong = 0;
  while (done < clicks) {
    const click = await clickAtRandom(tour, () => random.next(), documents);
    progress.update(done);
    if (click === undefined) continue;
    done += 1;
    if (click.shown === click.total) continue;
    wrong += 1;
    run.say(JSON.stringify(click));
  }
  progress.done();
  return {
    client,
    compared: tour.compared,
    differences: tour.differences.length,
    clicks: done,
    wrong_clicks: wrong,
  };
}
