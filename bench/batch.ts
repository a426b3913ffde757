import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readModelFolder } from '../src/embedding/model-folder.js';
import { bench, type BenchRun } from './lib/bench.js';
import { loadCatalogue, type Catalogue } from './lib/catalogue.js';
import { JsonClient } from './lib/client.js';
import { DelayProxy } from './lib/delay-proxy.js';
import { freshTexts } from './lib/fresh-texts.js';
import { ingest, waitUntilQuiet } from './lib/ingest.js';
import { OmniServer } from './lib/omni-server.js';
import { cachePath, REPOSITORY } from './lib/paths.js';
import { Progress } from './lib/progress.js';
import { print } from './lib/report.js';
import { mustSearch } from './lib/search.js';
import { formatTable } from './lib/table.js';
import { Times } from './lib/times.js';
import { loadTraffic, type Traffic } from './lib/traffic.js';

const FLAGS = {
  catalogue: { default: '', help: 'products as NDJSON; else shared data, else the demo shop' },
  queries: { default: '', help: 'query<TAB>popularity; else shared data, else made of titles' },
  models: { default: '', help: "model folders; else the bundled one, and one of CLIP's shape" },
  shards: { default: 2, help: 'shard processes' },
  products: { default: 3000, help: 'in the index at most: what is timed is asking, not searching' },
  rounds: { default: 100, help: 'of ten queries, in each way' },
  delay: { default: 5, help: 'milliseconds each way that the proxy adds' },
};

const BATCH = 10;
/** What takes so long is seen in the times; it is no reason to end. */
const TIMEOUT_MS = 20_000;
const WARM_UP_ROUNDS = 5;
/** Tokens of a query: a start, six of text, an end. All queries cost the same. */
const QUERY_TOKENS = 8;
/** What `bench:embed` makes, as it names it in its cache. */
const CLIP = 'clip-b32';

const CLIP_IS_ABSENT =
  "A text tower of CLIP B/32's shape (12 layers, width 512, 8 heads, 63 M parameters), of which a query\n" +
  'takes milliseconds of a core, where the starter model looks words up in a table: a batch then also\n' +
  'embeds on all threads at once. `npm run bench:embed` makes one; this bench takes it from then on.';

interface Ways {
  model: string;
  path: string;
  /** Of an empty request, milliseconds. */
  round_trip_ms: number;
  one_batch_ms: number;
  ten_in_turn_ms: number;
  /** ten in turn / one batch, of the medians. */
  ratio: number;
}

await bench(
  {
    name: 'batch',
    about:
      'Ten new queries in one POST /search/batch beside ten in turn: on loopback, and farther.',
    maxMinutes: 20,
    flags: FLAGS,
  },
  async (run) => {
    const { flags } = run;
    const catalogue = await loadCatalogue(flags.catalogue);
    catalogue.products.splice(flags.quick ? 300 : flags.products);
    const traffic = await loadTraffic(catalogue, flags.seed, flags.queries);
    const clip = cachePath(CLIP);
    const own = [join(REPOSITORY, 'models', 'starter'), ...(existsSync(clip) ? [clip] : [])];
    const models = flags.models === '' ? own : flags.models.split(',');
    const results: Ways[] = [];
    for (const model of models) results.push(...(await ofModel(run, model, catalogue, traffic)));
    print('ten new queries, median ms', formatTable(results.map((ways) => ({ ...ways }))));
    if (!models.some((model) => basename(model) === CLIP)) print('not measured', CLIP_IS_ABSENT);
    return {
      data: { catalogue: catalogue.name, products: catalogue.products.length, queries: BATCH },
      results,
      figures: results.map(({ model, path, ratio }) => ({
        name: `ten new queries, ${model}, ${path}: ten in turn / one batch`,
        value: ratio,
        unit: '',
      })),
    };
  },
);

async function ofModel(
  run: BenchRun<typeof FLAGS>,
  model: string,
  { products }: Catalogue,
  traffic: Traffic,
): Promise<Ways[]> {
  const { flags } = run;
  const { tokenizer } = await readModelFolder(model, 'fp32');
  run.say(`starting OmniSearch with ${basename(model)}`);
  const server = await run.start(OmniServer.start({ shards: flags.shards, model }));
  await ingest(server.client, products.length, (row) => products[row]?.line ?? '');
  await waitUntilQuiet(() => server.processes());
  const proxy = await run.start(DelayProxy.start(server.url, flags.delay));
  const paths = { loopback: server.url, [`${String(2 * flags.delay)} ms away`]: proxy.url };
  const results: Ways[] = [];
  for (const [path, url] of Object.entries(paths)) {
    const client = new JsonClient(url, 2 * TIMEOUT_MS, 1);
    run.use(client);
    const next = () =>
      freshTexts(traffic, tokenizer, QUERY_TOKENS, BATCH).map(({ text }) => ({
        query: text,
        timeout_ms: TIMEOUT_MS,
      }));
    const step = `${basename(model)}, ${path}`;
    const ways = await run.measure(step, () =>
      timeWays(client, next, flags.quick ? 10 : flags.rounds, step),
    );
    results.push({ model: basename(model), path, ...ways });
    await run.release(client);
  }
  await run.release(proxy);
  await run.release(server);
  return results;
}

/** Both ways by turns, so that a noisy moment strikes them alike. */
async function timeWays(
  client: JsonClient,
  next: () => { query: string }[],
  rounds: number,
  step: string,
) {
  const progress = new Progress(step, rounds + WARM_UP_ROUNDS, 'rounds');
  const times = { trip: new Times(), batch: new Times(), turns: new Times() };
  for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
    if (round === 0) for (const one of Object.values(times)) one.clear();
    await times.trip.of(() => client.expect('GET', '/livez'));
    const searches = next();
    await times.batch.of(() => mustBatch(client, searches));
    const others = next();
    await times.turns.of(async () => {
      for (const search of others) await mustSearch(client, '/search/text', search);
    });
    progress.add();
  }
  progress.done();
  const [batchMs, turnsMs] = [times.batch.medianMs, times.turns.medianMs];
  return {
    round_trip_ms: times.trip.medianMs,
    one_batch_ms: batchMs,
    ten_in_turn_ms: turnsMs,
    ratio: turnsMs / batchMs,
  };
}

/** Throws where any of its searches failed. */
async function mustBatch(client: JsonClient, searches: readonly object[]): Promise<void> {
  const reply = await client.expect('POST', '/search/batch', { searches });
  const { results } = reply as { results: { error?: object }[] };
  const failed = results.find(({ error }) => error !== undefined);
  if (failed !== undefined) throw new Error(`/search/batch: ${JSON.stringify(failed.error)}`);
}
