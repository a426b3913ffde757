import type { Product } from '../../src/core/product.js';
import { readModelFolder, type Precision } from '../../src/embedding/model-folder.js';
import { openEncoder } from '../../src/embedding/open-encoder.js';
import { productText } from '../../src/embedding/product-text.js';
import { BareSession, paddedRows, type TokenRows } from './bare-session.js';
import type { BenchRun } from './bench.js';
import type { Catalogue } from './catalogue.js';
import { WORKER_FILE } from './embed-steps.js';
import type { FlagSpecs } from './flags.js';

/** Texts that a request of `POST /products` brings to the encoder at once. */
const TEXTS_A_CALL = 250;
const BARE_BATCH_TEXTS = 32;

/**
 * Tokens of product texts embedded a second by the pool, as indexing uses it, and by bare sessions over
 * the same texts sorted by length: two with a thread each, and one with two threads.
 */
export async function measureIndexing<S extends FlagSpecs>(
  run: BenchRun<S>,
  modelDir: string,
  { products }: Catalogue,
  precision: Precision,
) {
  const { tokenizer, modelFile } = await readModelFolder(modelDir, precision);
  const texts = products
    .slice(0, run.flags.quick ? 100 : 1_000)
    .map(({ line }) => productText(JSON.parse(line) as Product));
  const tokens = texts.map((text) => tokenizer.encode(text));
  const total = tokens.reduce((sum, ids) => sum + ids.length, 0);
  const perSecond = (startMs: number): number => (total * 1000) / (performance.now() - startMs);

  const sorted = [...tokens].sort((a, b) => b.length - a.length);
  const batches = chunks(sorted, precision === 'int8' ? 1 : BARE_BATCH_TEXTS).map(paddedRows);
  const single = [run.use(new BareSession(modelFile, 1)), run.use(new BareSession(modelFile, 1))];
  const wide = run.use(new BareSession(modelFile, 2));
  const timeBare = async (sessions: readonly BareSession[]): Promise<number> => {
    await Promise.all(sessions.map((session) => session.run(paddedRows(sorted.slice(-1)))));
    const left = batches.values();
    const startMs = performance.now();
    await Promise.all(sessions.map((session) => drain(session, left)));
    return perSecond(startMs);
  };
  const twoSessions = await timeBare(single);
  const twoThreads = await timeBare([wide]);
  for (const session of [wide, ...single]) await run.release(session);

  const encoder = await run.start(openEncoder({ modelDir, precision, workerFile: WORKER_FILE }));
  const startMs = performance.now();
  await Promise.all(chunks(texts, TEXTS_A_CALL).map((some) => encoder.embedTexts(some)));
  const pool = perSecond(startMs);
  await run.release(encoder);
  const best = Math.max(twoSessions, twoThreads);
  return {
    precision,
    texts: texts.length,
    tokens: total,
    'two sessions, tokens/s': twoSessions,
    'two threads inside, tokens/s': twoThreads,
    'pool, tokens/s': pool,
    'bare best / pool': best / pool,
  };
}

async function drain(session: BareSession, batches: Iterable<TokenRows>): Promise<void> {
  for (const batch of batches) await session.run(batch);
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}
