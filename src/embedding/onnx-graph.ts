import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** An operator of a graph. */
export interface OnnxNode {
  op: string;
  inputs: readonly string[];
  outputs: readonly string[];
  /** The whole field as it stands in the file. */
  raw: Uint8Array;
}

/** A constant of a graph. */
export interface OnnxTensor {
  dims: readonly number[];
  /** As in `TensorProto.DataType`. */
  type: number;
  /** Little-endian values; undefined where they are kept in another way. */
  data: Uint8Array | undefined;
}

/** What an attribute of the operators made here can be. */
export type Attributes = Record<string, number | readonly number[]>;

export const TensorType = { float: 1, uint8: 2, int8: 3, int32: 6, int64: 7 } as const;

/** Field numbers of onnx.proto, which are frozen. */
const MODEL = { graph: 7, opset: 8 };
const OPSET = { domain: 1, version: 2 };
const GRAPH = { node: 1, initializer: 5, valueInfo: 13 };
const NODE = { input: 1, output: 2, op: 4, attribute: 5 };
const TENSOR = { dims: 1, type: 2, int32Data: 5, name: 8, rawData: 9 };
const ATTRIBUTE = { name: 1, int: 3, ints: 8, type: 20, intType: 2, intsType: 7 };

/** An ONNX file taken apart as far as replacing operators needs; the rest is kept as bytes. */
export interface OnnxFile {
  /** Version of the standard operators. */
  opset: number;
  nodes: readonly OnnxNode[];
  tensors: ReadonlyMap<string, OnnxTensor>;
  /** The same file with other operators and some more constants (`tensorField`). */
  with(nodes: readonly Uint8Array[], tensors: readonly Uint8Array[]): Uint8Array;
}

/** Reads an ONNX file. Throws when the bytes are not protobuf. */
export function readOnnx(bytes: Uint8Array): OnnxFile {
  const outside: Uint8Array[] = [];
  const inside: Uint8Array[] = [];
  const nodes: OnnxNode[] = [];
  const tensors = new Map<string, OnnxTensor>();
  let opset = 0;
  eachField(bytes, (field, value, raw) => {
    if (field === MODEL.graph) {
      eachField(value, (inner, content, rawInner) => {
        if (inner === GRAPH.node) nodes.push(readNode(content, rawInner));
        if (inner === GRAPH.initializer) readTensor(content, tensors);
        // Shapes of values on the way may not hold any more, and nothing needs them.
        if (inner !== GRAPH.node && inner !== GRAPH.valueInfo) inside.push(rawInner);
      });
      return;
    }
    if (field === MODEL.opset) opset = Math.max(opset, standardOpset(value));
    outside.push(raw);
  });
  return {
    opset,
    nodes,
    tensors,
    with: (newNodes, newTensors) => {
      const graph = Buffer.concat([...newNodes, ...inside, ...newTensors]);
      return Buffer.concat([...outside, lengthDelimited(MODEL.graph, graph)]);
    },
  };
}

/** An operator as a field of its graph. */
export function nodeField(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Attributes = {},
): Uint8Array {
  const writer = new BinaryWriter();
  for (const input of inputs) text(writer, NODE.input, input);
  for (const output of outputs) text(writer, NODE.output, output);
  text(writer, NODE.op, op);
  for (const [name, value] of Object.entries(attributes)) {
    writer.tag(NODE.attribute, WireType.LengthDelimited).fork();
    text(writer, ATTRIBUTE.name, name);
    const values = typeof value === 'number' ? [value] : value;
    const [field, type] =
      typeof value === 'number'
        ? [ATTRIBUTE.int, ATTRIBUTE.intType]
        : [ATTRIBUTE.ints, ATTRIBUTE.intsType];
    for (const each of values) writer.tag(field, WireType.Varint).int64(each);
    writer.tag(ATTRIBUTE.type, WireType.Varint).int32(type).join();
  }
  return lengthDelimited(GRAPH.node, writer.finish());
}

/** A constant as a field of its graph; a number has no dimensions. */
export function tensorField(
  name: string,
  type: number,
  dims: readonly number[],
  values: ArrayBufferView,
): Uint8Array {
  const writer = new BinaryWriter();
  for (const size of dims) writer.tag(TENSOR.dims, WireType.Varint).int64(size);
  writer.tag(TENSOR.type, WireType.Varint).int32(type);
  text(writer, TENSOR.name, name);
  const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  writer.tag(TENSOR.rawData, WireType.LengthDelimited).bytes(data);
  return lengthDelimited(GRAPH.initializer, writer.finish());
}

/** Calls back with every field: its number, its value (without a length), and all its bytes. */
function eachField(
  bytes: Uint8Array,
  visit: (field: number, value: Uint8Array, raw: Uint8Array) => void,
): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [field, type] = reader.tag();
    const value = type === WireType.LengthDelimited ? reader.bytes() : reader.skip(type, field);
    visit(field, value, bytes.subarray(start, reader.pos));
  }
}

function readNode(bytes: Uint8Array, raw: Uint8Array): OnnxNode {
  const inputs: string[] = [];
  const outputs: string[] = [];
  let op = '';
  eachField(bytes, (field, value) => {
    if (field === NODE.input) inputs.push(utf8(value));
    else if (field === NODE.output) outputs.push(utf8(value));
    else if (field === NODE.op) op = utf8(value);
  });
  return { op, inputs, outputs, raw };
}

function readTensor(bytes: Uint8Array, tensors: Map<string, OnnxTensor>): void {
  const dims: number[] = [];
  const small: number[] = [];
  let [name, type, data] = ['', 0, undefined as Uint8Array | undefined];
  eachField(bytes, (field, value) => {
    if (field === TENSOR.dims) dims.push(...varints(value));
    else if (field === TENSOR.type) [type = 0] = varints(value);
    else if (field === TENSOR.int32Data) small.push(...varints(value));
    else if (field === TENSOR.name) name = utf8(value);
    else if (field === TENSOR.rawData) data = value;
  });
  // Small constants of bytes may be written as numbers.
  const bytewise = type === TensorType.int8 || type === TensorType.uint8;
  if (data === undefined && bytewise && small.length > 0) data = Uint8Array.from(small);
  tensors.set(name, { dims, type, data });
}

function standardOpset(bytes: Uint8Array): number {
  let [domain, version] = ['', 0];
  eachField(bytes, (field, value) => {
    if (field === OPSET.domain) domain = utf8(value);
    else if (field === OPSET.version) [version = 0] = varints(value);
  });
  return domain === '' || domain === 'ai.onnx' ? version : 0;
}

function varints(bytes: Uint8Array): number[] {
  const reader = new BinaryReader(bytes);
  const values: number[] = [];
  while (reader.pos < reader.len) values.push(Number(reader.int64()));
  return values;
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

function text(writer: BinaryWriter, field: number, value: string): void {
  writer.tag(field, WireType.LengthDelimited).string(value);
}

function lengthDelimited(field: number, content: Uint8Array): Uint8Array {
  const head = new BinaryWriter().tag(field, WireType.LengthDelimited).uint32(content.length);
  return Buffer.concat([head.finish(), content]);
}
