import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Product } from '../core/product.js';
import { score } from '../core/vector.js';
import {
  modelFingerprint,
  readModelFolder,
  SAMPLE_TEXT,
  sessionOptions,
  type ModelFolder,
} from './model-folder.js';
import { OnnxModel } from './onnx-model.js';
import { productText } from './product-text.js';
import { packTokens } from './token-ids.js';

/** What `models check` found. Times are of one thread of this machine, at this moment. */
export interface ModelReport {
  name: string;
  fingerprint: string;
  dimensions: number;
  maxTokens: number;
  output: string;
  /** Median of a query of a few words alone. */
  queryMs: number;
  /** Texts a second in batches of 32 such queries. */
  batchTextsPerSecond: number;
  /** How far the quantized file's vectors turn away, when there is one. */
  int8?: { meanCosine: number; leastCosine: number; queryMs: number };
  /** Greatest absolute difference to the vectors in `reference.json`, when there is one. */
  reference?: { texts: number; greatestDifference: number };
  /** The same to vectors that a store holds, when it was asked for and has any of this model. */
  stored?: { texts: number; greatestDifference: number };
}

/** A product and the vector that is stored of it. */
export interface StoredVector {
  product: Product;
  vector: ArrayLike<number>;
}

/** Short texts of a shop, to time and to compare with. */
const SAMPLES = [
  'wireless mouse with usb receiver',
  'red summer dress for women',
  'non-stick frying pan',
  'usb-c charging cable 2 m',
  'wooden toy train for children',
  '27 inch monitor',
  'running shoes size 42',
  'noise cancelling headphones',
];
const TIMED_RUNS = 15;
const BATCH_TEXTS = 32;

/**
 * Loads a model folder, times it and compares it. `readStored` brings products with their vectors of
 * the model of that fingerprint. Errors as for `openEncoder`, and those of `readStored`.
 */
export async function checkModel(
  dir: string,
  readStored?: (fingerprint: string) => Promise<readonly StoredVector[]>,
): Promise<ModelReport> {
  const folder = await readModelFolder(dir, 'fp32');
  const { options, fileDigest } = await sessionOptions(folder);
  const samples = SAMPLES.map((text) => folder.tokenizer.encode(text));
  const model = await OnnxModel.open(options, folder.tokenizer.encode(SAMPLE_TEXT));
  const queryMs = await timeQuery(model, folder);
  const batch = packTokens(
    Array.from({ length: BATCH_TEXTS }, (_, i) => samples[i % samples.length] ?? []),
  );
  const batchMs = await medianMs(5, async () => model.embed(batch));
  const report: ModelReport = {
    name: folder.name,
    fingerprint: modelFingerprint(folder, fileDigest, model.shape),
    dimensions: model.shape.dimensions,
    maxTokens: folder.tokenizer.maxTokens,
    output: model.shape.output,
    queryMs,
    batchTextsPerSecond: (BATCH_TEXTS / batchMs) * 1000,
  };
  const int8 = await compareQuantized(dir, model);
  if (int8 !== undefined) report.int8 = int8;
  const reference = await compareReference(dir, folder, model);
  if (reference !== undefined) report.reference = reference;
  if (readStored !== undefined) {
    const rows = (await readStored(report.fingerprint)).map(({ product, vector }) => ({
      text: productText(product),
      vector,
    }));
    report.stored = await compareVectors(rows, folder, model);
  }
  await model.close();
  return report;
}

async function compareQuantized(dir: string, model: OnnxModel): Promise<ModelReport['int8']> {
  const folder = await readModelFolder(dir, 'int8').catch(() => undefined);
  if (folder === undefined) return undefined;
  const { options } = await sessionOptions(folder);
  const quantized = await OnnxModel.open(options, folder.tokenizer.encode(SAMPLE_TEXT));
  const cosines = [];
  for (const text of SAMPLES) {
    const batch = packTokens([folder.tokenizer.encode(text)]);
    cosines.push(score(await model.embed(batch), await quantized.embed(batch)));
  }
  const queryMs = await timeQuery(quantized, folder);
  await quantized.close();
  const meanCosine = cosines.reduce((sum, cosine) => sum + cosine, 0) / cosines.length;
  return { meanCosine, leastCosine: Math.min(...cosines), queryMs };
}

async function compareReference(
  dir: string,
  folder: ModelFolder,
  model: OnnxModel,
): Promise<ModelReport['reference']> {
  const json = await readFile(join(dir, 'reference.json'), 'utf8').catch(() => undefined);
  if (json === undefined) return undefined;
  return compareVectors(JSON.parse(json) as { text: string; vector: number[] }[], folder, model);
}

async function compareVectors(
  rows: readonly { text: string; vector: ArrayLike<number> }[],
  folder: ModelFolder,
  model: OnnxModel,
): Promise<NonNullable<ModelReport['reference']>> {
  let greatestDifference = 0;
  for (const { text, vector } of rows) {
    const ours = await model.embed(packTokens([folder.tokenizer.encode(text)]));
    for (let i = 0; i < vector.length; i++) {
      const difference = Math.abs((vector[i] ?? NaN) - (ours[i] ?? NaN));
      greatestDifference = Math.max(greatestDifference, difference);
    }
  }
  return { texts: rows.length, greatestDifference };
}

async function timeQuery(model: OnnxModel, folder: ModelFolder): Promise<number> {
  const query = packTokens([folder.tokenizer.encode(SAMPLES[0] ?? '')]);
  return medianMs(TIMED_RUNS, async () => model.embed(query));
}

async function medianMs(runs: number, work: () => Promise<unknown>): Promise<number> {
  const times = [];
  for (let i = 0; i < runs; i++) {
    const startMs = performance.now();
    await work();
    times.push(performance.now() - startMs);
  }
  return times.sort((a, b) => a - b)[Math.floor(runs / 2)] ?? 0;
}
