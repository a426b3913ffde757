import { readFile } from 'node:fs/promises';
import type * as Ort from 'onnxruntime-node';
import { normalise } from '../core/vector.js';
import { inputRows } from './input-rows.js';
import { quantizePerText } from './per-text-quantization.js';
import { poolTokens, type Pooling } from './token-pooling.js';
import { packTokens, type TokenBatch, type TokenIds } from './token-ids.js';

/** What a session needs to know of its folder; plain data, so that it can cross to a worker. */
export interface OnnxModelOptions {
  modelFile: string;
  /** Fills short rows of a batch; masked, or behind a causal model's end token. */
  padId: number;
  /** For models whose output is a vector a token. */
  pooling: Pooling;
  /**
   * The model takes its scale over the whole batch, so that a text's vector would depend on its
   * neighbours: texts run one by one, or in a session rewritten to take a scale a text.
   */
  dynamicallyQuantized: boolean;
}

/** What the session itself says of the model. */
export interface OnnxModelShape {
  dimensions: number;
  /** The output that is read, e.g. `text_embeds`; with the pooling it determines the vectors. */
  output: string;
  pooled: boolean;
}

/** Outputs in order of preference, and whether each is a vector a text or a vector a token. */
const OUTPUTS = [
  { name: 'text_embeds', pooled: false },
  { name: 'sentence_embedding', pooled: false },
  { name: 'last_hidden_state', pooled: true },
] as const;

const INPUTS = ['input_ids', 'attention_mask', 'token_type_ids', 'position_ids'] as const;

/**
 * Fusions that the runtime finds in a quantized model but not in the one rewritten, or the other way
 * round: they add in another order, and one bit of difference grows where values are rounded.
 */
const SAME_FUSIONS = {
  optimization: { disable_specified_optimizers: 'SkipLayerNormFusion;BiasSkipLayerNormFusion' },
};

/** One ONNX session and how to ask it: token ids in, vectors of length 1 out. */
export class OnnxModel {
  readonly shape: OnnxModelShape;

  private constructor(
    private readonly ort: typeof Ort,
    private readonly session: Ort.InferenceSession,
    private readonly options: OnnxModelOptions,
    private readonly fixedLength: number | undefined,
    shape: OnnxModelShape,
    /** The same model with a scale a text, for texts of equal length. */
    private readonly perText?: Ort.InferenceSession,
  ) {
    this.shape = shape;
  }

  /**
   * Loads the file and runs it once over `sample`, which tells the dimensions and warms it up.
   * Throws a plain Error in one line when the file is not a text encoder of a known layout.
   */
  static async open(options: OnnxModelOptions, sample: TokenIds): Promise<OnnxModel> {
    // Loaded here and not by an import, so that a machine without the native library gets an error
    // to report instead of a worker that dies on arrival.
    const ort = await import('onnxruntime-node');
    const session = await ort.InferenceSession.create(options.modelFile, sessionSettings(options));
    const unknown = session.inputNames.find((name) => !INPUTS.some((known) => known === name));
    if (unknown !== undefined) throw new Error(`wants an input ${unknown}, which no text has`);
    const output = OUTPUTS.find(({ name }) => session.outputNames.includes(name));
    if (output === undefined) {
      const wanted = OUTPUTS.map(({ name }) => name).join(', ');
      throw new Error(`has outputs ${session.outputNames.join(', ')}, none of ${wanted}`);
    }
    const fixedLength = fixedSequenceLength(session);
    const probing = new OnnxModel(ort, session, options, fixedLength, {
      dimensions: 0,
      output: output.name,
      pooled: output.pooled,
    });
    const batch = packTokens([sample]);
    const dimensions = (await probing.#run(batch, 0, 1)).dims.at(-1) ?? 0;
    const shape = { ...probing.shape, dimensions };
    const perText = options.dynamicallyQuantized
      ? await openPerText(ort, options).catch(() => undefined)
      : undefined;
    const model = new OnnxModel(ort, session, options, fixedLength, shape, perText);
    if (perText === undefined || (await model.#agreesWithItself(sample))) return model;
    await perText.release();
    return new OnnxModel(ort, session, options, fixedLength, shape);
  }

  /** The vectors of a batch, end to end in the order of its texts. */
  async embed(batch: TokenBatch): Promise<Float32Array> {
    const texts = batch.lengths.length;
    const out = new Float32Array(texts * this.shape.dimensions);
    let first = 0;
    while (first < texts) {
      const end = this.#endOfRun(batch, first);
      const session = end - first > 1 ? (this.perText ?? this.session) : this.session;
      const result = await this.#run(batch, first, end, session);
      this.#writeVectors(result, batch.lengths, first, out);
      first = end;
    }
    return out;
  }

  /** Several texts run together; otherwise each by itself. */
  get batches(): boolean {
    return !this.options.dynamicallyQuantized || this.perText !== undefined;
  }

  async close(): Promise<void> {
    await this.session.release();
    await this.perText?.release();
  }

  /** Where the texts end that can run together with the one at `first`. */
  #endOfRun({ lengths }: TokenBatch, first: number): number {
    if (!this.options.dynamicallyQuantized) return lengths.length;
    let end = first + 1;
    while (this.perText !== undefined && lengths[end] === lengths[first]) end++;
    return end;
  }

  /**
   * Whether texts get the same vectors together as alone, tried on variants of `sample`. They do not
   * where the runtime fuses the two models in different ways: one bit of difference is enough.
   */
  async #agreesWithItself(sample: TokenIds): Promise<boolean> {
    const [first = 0, last = 0] = [sample[0], sample.at(-1)];
    const inner = sample.slice(1, -1);
    const texts = [0, 1, 2, 3].map((shift) => [
      first,
      ...inner.slice(shift),
      ...inner.slice(0, shift),
      last,
    ]);
    const together = await this.embed(packTokens(texts)).catch(() => undefined);
    const { dimensions } = this.shape;
    for (const [row, text] of texts.entries()) {
      const alone = await this.embed(packTokens([text]));
      const vector = together?.subarray(row * dimensions, (row + 1) * dimensions);
      if (vector === undefined || !alone.every((value, i) => value === vector[i])) return false;
    }
    return true;
  }

  async #run(
    batch: TokenBatch,
    from: number,
    to: number,
    session = this.session,
  ): Promise<Ort.Tensor> {
    const rows = inputRows(batch, from, to, this.options.padId, this.fixedLength);
    const feeds: Record<string, Ort.Tensor> = {};
    for (const [i, name] of session.inputNames.entries()) {
      const metadata = session.inputMetadata[i];
      const values = rows[name as (typeof INPUTS)[number]];
      feeds[name] =
        metadata?.isTensor === true && metadata.type === 'int32'
          ? new this.ort.Tensor('int32', values, rows.dims)
          : new this.ort.Tensor('int64', BigInt64Array.from(values, BigInt), rows.dims);
    }
    const { [this.shape.output]: result } = await session.run(feeds, [this.shape.output]);
    if (result === undefined) throw new Error(`gave no ${this.shape.output}`);
    return result;
  }

  #writeVectors(result: Ort.Tensor, lengths: Int32Array, first: number, out: Float32Array): void {
    const { dimensions, pooled } = this.shape;
    const texts = result.dims[0] ?? 0;
    const data = result.data as Float32Array;
    const shape = { paddedLength: pooled ? (result.dims[1] ?? 0) : 1, dimensions };
    for (let i = 0; i < texts; i++) {
      const raw = pooled
        ? poolTokens(data, shape, i, lengths[first + i] ?? 0, this.options.pooling)
        : data.subarray(i * dimensions, (i + 1) * dimensions);
      out.set(unitVector(raw), (first + i) * dimensions);
    }
  }
}

function sessionSettings(options: OnnxModelOptions): Ort.InferenceSession.SessionOptions {
  return {
    // More than one thread inside a session loses on a busy machine.
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    ...(options.dynamicallyQuantized ? { extra: SAME_FUSIONS } : {}),
  };
}

/** A second session over the model rewritten; undefined when it cannot be. */
async function openPerText(
  ort: typeof Ort,
  options: OnnxModelOptions,
): Promise<Ort.InferenceSession | undefined> {
  const rewritten = quantizePerText(await readFile(options.modelFile));
  if (rewritten === undefined) return undefined;
  return ort.InferenceSession.create(rewritten, sessionSettings(options));
}

/**
 * `raw` at length 1. A text of which nothing is left (a static encoder's empty text) has no
 * direction: it gets the same small share of every dimension, near nothing and equal to itself.
 */
function unitVector(raw: Float32Array): Float32Array {
  const unit = normalise(raw);
  if (unit !== undefined) return unit;
  if (!raw.every((value) => value === 0)) throw new Error('the model gave a vector with NaN in it');
  return new Float32Array(raw.length).fill(1 / Math.sqrt(raw.length));
}

/** The sequence length that an export was frozen at; usually it is free. */
function fixedSequenceLength(session: Ort.InferenceSession): number | undefined {
  const metadata = session.inputMetadata[session.inputNames.indexOf('input_ids')];
  const length = metadata?.isTensor === true ? metadata.shape[1] : undefined;
  return typeof length === 'number' ? length : undefined;
}
