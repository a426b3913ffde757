import { openBareEncoder, type BareEncoder } from '../lib/bare-encoder.js';
import type { BenchRun } from '../lib/bench.js';
import { loadCatalogue } from '../lib/catalogue.js';
import { ingest, waitUntilQuiet } from '../lib/ingest.js';
import { OmniServer } from '../lib/omni-server.js';
import { Progress } from '../lib/progress.js';
import { mustSearch } from '../lib/search.js';
import { rowOf, type VectorSet } from '../lib/synthetic.js';
import { loadTraffic } from '../lib/traffic.js';
import { rowId, vectorJson } from '../lib/vector-json.js';
import { JUDGED, K, measure, type Floor } from './case.js';
import type { FLAGS, Floors } from './flags.js';
import { ANY_INSPECTOR_PORT } from './inspector.js';
import { Ledgers } from './ledger.js';

type Request = (round: number) => Buffer;

/** A catalogue with its titles' vectors: queries in words, new ones and cached ones, and all of it to browse. */
export async function floorsOfTexts(run: BenchRun<typeof FLAGS>): Promise<Floors> {
  const { flags } = run;
  const encoder = await run.start(openBareEncoder(flags.model));
  const catalogue = await loadCatalogue(flags.catalogue);
  const products = flags.quick ? catalogue.products.slice(0, 2000) : catalogue.products;
  const base = await embedAll(
    encoder,
    products.map(({ title }) => title),
  );
  run.say('starting OmniSearch with a catalogue');
  const { shards, model } = flags;
  const env = { NODE_OPTIONS: ANY_INSPECTOR_PORT };
  const server = await run.start(OmniServer.start({ shards, model, env }));
  await ingest(server.client, products.length, (row) => {
    const product = JSON.parse(products[row]?.line ?? '') as object;
    const head = JSON.stringify({ ...product, id: rowId(row) });
    return `${head.slice(0, -1)},"vector":${vectorJson(rowOf(base, row)).toString()}}`;
  });
  await waitUntilQuiet(() => server.processes());

  const traffic = await loadTraffic(catalogue, flags.seed);
  const known = traffic.log.slice(0, 500).map(({ query }) => query);
  // Each new query may be asked once: warm-up and rounds of the whole, and those that are judged.
  const fresh = Array.from({ length: 4000 }, () => traffic.next(1));
  const body = (request: object): Buffer =>
    Buffer.from(JSON.stringify({ top_k: K, timeout_ms: flags.timeout, ...request }));
  const cached = unkept((tags) => (round) => body({ query: known[round % known.length], tags }));
  const asNew: Request = (round) => body({ query: fresh[round % fresh.length] });
  const vectorsOf = async (list: readonly string[]): Promise<Float32Array[]> => {
    const set = await embedAll(encoder, list.slice(0, JUDGED));
    return Array.from({ length: set.count }, (_, i) => rowOf(set, i));
  };
  const common = { server, base, route: '/search/text' as const };
  for (const i of known.keys()) await mustSearch(server.client, '/search/text', cached(i));
  const floors: Floor[] = [
    await measure(run, {
      ...common,
      name: 'text, cached',
      queries: await vectorsOf(known),
      request: cached,
    }),
    await measure(run, {
      ...common,
      name: 'text, new',
      queries: await vectorsOf(fresh.toReversed()),
      request: asNew,
      more: { 'ONNX session': (round) => encoder.embed(fresh[round % fresh.length] ?? '') },
    }),
  ];
  const requests: Record<string, Request> = {
    'hybrid, cached': cached,
    'hybrid, new': () => body({ query: traffic.next(1) }),
    'hybrid, answer kept': (round) => body({ query: known[round % known.length] }),
    browse: unkept((tags) => () => body({ browse: true, tags })),
  };
  const ledgers = await Ledgers.of(run, server);
  const measured = [];
  for (const [name, request] of Object.entries(requests)) {
    measured.push(await ledgers.measure(name, '/search/text', request));
  }
  await ledgers.close();
  await run.release(server);
  return { floors, ledgers: measured };
}

/** With a tag that no rule asks for, another each time: no answer is kept that could be given again. */
function unkept(requestOf: (tags: string[]) => Request): Request {
  let asked = 0;
  return (round) => requestOf([`t${String(asked++)}`])(round);
}

async function embedAll(encoder: BareEncoder, texts: readonly string[]): Promise<VectorSet> {
  const progress = new Progress('embedding titles', texts.length, 'texts');
  const dimensions = (await encoder.embed('x')).length;
  const vectors = new Float32Array(texts.length * dimensions);
  for (const [i, text] of texts.entries()) {
    const vector = await encoder.embed(text);
    vectors.set(
      vector.map((value) => Math.round(value * 1e6) / 1e6),
      i * dimensions,
    );
    progress.add();
  }
  progress.done();
  return { count: texts.length, dimensions, vectors, categories: new Uint8Array(texts.length) };
}
