import { workerData } from 'node:worker_threads';
import { move } from 'piscina';
import { OnnxModel, type OnnxModelOptions, type OnnxModelShape } from './onnx-model.js';
import type { TokenBatch, TokenIds } from './token-ids.js';

/** What a worker is started with. */
export interface WorkerSetup {
  model: OnnxModelOptions;
  /** Tokens of a short text, to run once before the first request. */
  sample: TokenIds;
}

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
