import {
  nodeField,
  readOnnx,
  tensorField,
  TensorType,
  type Attributes,
  type OnnxFile,
  type OnnxNode,
  type OnnxTensor,
} from './onnx-graph.js';

/** From here on `QuantizeLinear` takes a scale a row. */
const LEAST_OPSET = 13;
/** From here on `ReduceMax` takes its axes as an input. */
const AXES_AS_INPUT_OPSET = 18;
/** What makes a value of [texts, tokens, width]; after others the tokens may be gone already. */
const KEEPS_TOKENS = new Set(['LayerNormalization', 'Add', 'Mul', 'Div', 'Reshape']);

const ZERO = 'per_text/zero';
const LEVELS = 'per_text/levels';
const TINY = 'per_text/tiny';
const LIST = 'per_text/list';
const AXES = { withTokens: 'per_text/axes-1-2', without: 'per_text/axes-1' };

/**
 * Rewrites a dynamically quantized model so that every text of a batch has a scale and a zero point
 * of its own, as if it were alone in it. Undefined when the file is not of the kind that
 * onnxruntime's `quantize_dynamic` writes.
 *
 *     x ─DynamicQuantizeLinear─> q, scale, zero ─MatMulInteger(q, W, zero)─> Cast ─> Mul(scale · w)
 *
 * becomes, with the extremes of each text taken by ReduceMin and ReduceMax,
 *
 *     x ─QuantizeLinear, a scale a text─> q ─MatMulInteger(q, W)─> Sub(zero · column sums of W) ─> …
 *
 * In integers that is the same, so that the vectors are those of single runs. Texts of one batch
 * must have equal lengths: what fills up a shorter one would count for its extremes.
 */
export function quantizePerText(bytes: Uint8Array): Uint8Array | undefined {
  const file = readOnnx(bytes);
  if (file.opset < LEAST_OPSET) return undefined;
  const rewrite = new Rewrite(file);
  return rewrite.run() ? file.with(rewrite.nodes, rewrite.tensors) : undefined;
}

class Rewrite {
  readonly nodes: Uint8Array[] = [];
  readonly tensors: Uint8Array[] = [];
  private readonly producers = new Map<string, OnnxNode>();
  private readonly consumers = new Map<string, OnnxNode[]>();

  constructor(private readonly file: OnnxFile) {
    for (const node of file.nodes) {
      for (const output of node.outputs) this.producers.set(output, node);
      for (const input of node.inputs) {
        this.consumers.set(input, [...(this.consumers.get(input) ?? []), node]);
      }
    }
  }

  /** False when something is not as expected. */
  run(): boolean {
    this.constants();
    let found = false;
    for (const node of this.file.nodes) {
      if (node.op === 'DynamicQuantizeLinear') {
        found = true;
        if (!this.quantize(node)) return false;
      } else if (node.op === 'MatMulInteger') {
        if (!this.multiply(node)) return false;
      } else if (node.op === 'Mul' && this.scaleOf(node) !== undefined) {
        this.scale(node);
      } else if (node.op !== 'Add' || !this.addBias(node)) {
        this.nodes.push(node.raw);
      }
    }
    return found;
  }

  private constants(): void {
    const float = (name: string, value: number): unknown =>
      this.tensors.push(tensorField(name, TensorType.float, [], Float32Array.of(value)));
    float(ZERO, 0);
    float(LEVELS, 255);
    float(TINY, 1e-30);
    this.int64(LIST, [-1]);
    this.int64(AXES.withTokens, [1, 2]);
    this.int64(AXES.without, [1]);
  }

  /** Scale and zero point of each text, computed as `DynamicQuantizeLinear` does for a batch. */
  private quantize(node: OnnxNode): boolean {
    const [x = ''] = node.inputs;
    const [q = ''] = node.outputs;
    const products = this.consumers.get(q) ?? [];
    if (products.some((product) => product.op !== 'MatMulInteger')) return false;
    const most = this.add('Max', [this.extreme('ReduceMax', x, q), ZERO], `${q}/most`);
    const least = this.add('Min', [this.extreme('ReduceMin', x, q), ZERO], `${q}/least`);
    const range = this.add('Sub', [most, least], `${q}/range`);
    const step = this.add('Div', [range, LEVELS], `${q}/step`);
    const scales = this.add('Max', [step, TINY], `${q}/scales`);
    const below = this.add('Neg', [least], `${q}/below`);
    const shift = this.add('Div', [below, scales], `${q}/shift`);
    const zeros = this.add('Round', [shift], `${q}/round`);
    this.add('Cast', [zeros], `${q}/zeros`, { to: TensorType.int32 });
    const scale = this.add('Reshape', [scales, LIST], `${q}/scale`);
    const bytes = this.add('Cast', [zeros], `${q}/bytes`, { to: TensorType.uint8 });
    const zero = this.add('Reshape', [bytes, LIST], `${q}/zero`);
    this.add('QuantizeLinear', [x, scale, zero], q, { axis: 0 });
    return true;
  }

  /** [texts, 1, 1], or [texts, 1]: a shape whose first name the runtime goes on knowing. */
  private extreme(op: 'ReduceMin' | 'ReduceMax', x: string, q: string): string {
    const withTokens = this.keepsTokens(x);
    if (this.file.opset >= AXES_AS_INPUT_OPSET) {
      const axes = withTokens ? AXES.withTokens : AXES.without;
      return this.add(op, [x, axes], `${q}/${op}`, { keepdims: 1 });
    }
    return this.add(op, [x], `${q}/${op}`, { axes: withTokens ? [1, 2] : [1], keepdims: 1 });
  }

  /** The product without its zero point, less what the zero point would have added. */
  private multiply(node: OnnxNode): boolean {
    const [q = '', weight = '', , weightZero] = node.inputs;
    const [output = ''] = node.outputs;
    const sums = columnSums(this.file.tensors.get(weight), this.tensorOf(weightZero));
    const quantized = this.producers.get(q)?.op === 'DynamicQuantizeLinear';
    if (sums === undefined || !quantized) return false;
    const column = `${output}/column-sums`;
    this.tensors.push(tensorField(column, TensorType.int32, [sums.length], sums));
    const zeroPoints = weightZero === undefined || weightZero === '' ? [] : ['', weightZero];
    const raw = this.add('MatMulInteger', [q, weight, ...zeroPoints], `${output}/raw`);
    const excess = this.add('Mul', [`${q}/zeros`, column], `${output}/excess`);
    this.add('Sub', [raw, excess], output);
    return true;
  }

  private scale(node: OnnxNode): void {
    const scale = this.scaleOf(node);
    const q = this.producers.get(scale ?? '')?.outputs[0] ?? '';
    const other = node.inputs.find((input) => input !== scale) ?? '';
    this.nodes.push(nodeField('Mul', [`${q}/scales`, other], node.outputs));
  }

  /**
   * A bias as the subtraction of its negative: the same to the last bit, but not what the runtime
   * looks for to add it in another order together with what follows. A difference in the last bit
   * grows where the next quantization rounds. False when `node` adds something else.
   */
  private addBias(node: OnnxNode): boolean {
    const bias = node.inputs.find((input) => this.file.tensors.has(input));
    const product = node.inputs.find((input) => input !== bias) ?? '';
    const source = this.producers.get(product);
    const values = floatValues(this.tensorOf(bias));
    if (bias === undefined || values === undefined || source?.op !== 'Mul') return false;
    if (this.productOf(source) === undefined) return false;
    const negative = `${node.outputs[0] ?? ''}/negative`;
    const dims = this.tensorOf(bias)?.dims ?? [];
    const negated = values.map((value) => -value);
    this.tensors.push(tensorField(negative, TensorType.float, dims, negated));
    this.nodes.push(nodeField('Sub', [product, negative], node.outputs));
    return true;
  }

  /** The input of `node` that is a scale of `DynamicQuantizeLinear`. */
  private scaleOf(node: OnnxNode): string | undefined {
    return node.inputs.find((input) => {
      const producer = this.producers.get(input);
      return producer?.op === 'DynamicQuantizeLinear' && producer.outputs[1] === input;
    });
  }

  /** The integer product that `node` scales. */
  private productOf(node: OnnxNode): OnnxNode | undefined {
    const casts = node.inputs.map((input) => this.producers.get(input));
    return casts
      .filter((cast) => cast?.op === 'Cast')
      .map((cast) => this.producers.get(cast?.inputs[0] ?? ''))
      .find((product) => product?.op === 'MatMulInteger');
  }

  private keepsTokens(value: string): boolean {
    return KEEPS_TOKENS.has(this.producers.get(value)?.op ?? '');
  }

  private tensorOf(name: string | undefined): OnnxTensor | undefined {
    return name === undefined ? undefined : this.file.tensors.get(name);
  }

  private add(
    op: string,
    inputs: readonly string[],
    output: string,
    attributes?: Attributes,
  ): string {
    this.nodes.push(nodeField(op, inputs, [output], attributes));
    return output;
  }

  private int64(name: string, values: readonly number[]): void {
    const data = BigInt64Array.from(values, BigInt);
    this.tensors.push(tensorField(name, TensorType.int64, [values.length], data));
  }
}

/** Sums over the rows of a weight [depth, width] of bytes, each less its zero point. */
function columnSums(
  weight: OnnxTensor | undefined,
  zeroPoint: OnnxTensor | undefined,
): Int32Array | undefined {
  const [depth, width] = weight?.dims ?? [];
  const values = byteValues(weight);
  if (values === undefined || depth === undefined || width === undefined) return undefined;
  if (values.length !== depth * width) return undefined;
  const zeros = byteValues(zeroPoint) ?? Int8Array.of(0);
  const sums = new Int32Array(width);
  for (let row = 0, at = 0; row < depth; row++) {
    for (let column = 0; column < width; column++, at++) {
      sums[column] = (sums[column] ?? 0) + (values[at] ?? 0);
    }
  }
  return sums.map((sum, column) => sum - depth * (zeros[zeros.length === 1 ? 0 : column] ?? 0));
}

function byteValues(tensor: OnnxTensor | undefined): Int8Array | Uint8Array | undefined {
  if (tensor?.data === undefined) return undefined;
  const { buffer, byteOffset, byteLength } = tensor.data;
  if (tensor.type === TensorType.uint8) return tensor.data;
  return tensor.type === TensorType.int8
    ? new Int8Array(buffer, byteOffset, byteLength)
    : undefined;
}

function floatValues(tensor: OnnxTensor | undefined): Float32Array | undefined {
  if (tensor?.data === undefined || tensor.type !== TensorType.float) return undefined;
  // Copied, because the bytes need not lie at a multiple of four.
  return new Float32Array(Uint8Array.from(tensor.data).buffer);
}
