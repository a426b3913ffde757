import { workerData } from 'node:worker_threads';
import { move } from 'piscina';
import { beNice, NICENESS } from '../core/niceness.js';
import { OnnxModel, type OnnxModelOptions, type OnnxModelShape } from './onnx-model.js';
import type { ProductInputs } from './product-inputs.js';
import { productText } from './product-text.js';
import type { TokenBatch, TokenIds } from './token-ids.js';

/** What a worker is started with. */
export interface WorkerSetup {
  model: OnnxModelOptions;
  /** Tokens of a short text, to run once before the first request. */
  sample: TokenIds;
}

beNice(NICENESS.embedding);

let opening: Promise<OnnxModel> | undefined;

/** One session a worker, opened by its first task, so that a failure is that task's to report. */
async function model(): Promise<OnnxModel> {
  const setup = workerData as WorkerSetup;
  opening ??= OnnxModel.open(setup.model, setup.sample);
  return opening;
}

/** Task `describe`: loads the model and says what it is. */
export async function describe(): Promise<OnnxModelShape> {
  return (await model()).shape;
}

/** Task `embed`: the vectors of a batch, end to end; the buffer is handed over, not copied. */
export async function embed(batch: TokenBatch): Promise<Float32Array> {
  const vectors = await (await model()).embed(batch);
  return move(vectors) as unknown as Float32Array;
}

/** Task `prepare`: the texts of products, free of markup. */
export function prepare(products: readonly ProductInputs[]): string[] {
  return products.map((inputs) => productText({ id: '', ...inputs }));
}
