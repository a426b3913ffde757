import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readModelFolder, SAMPLE_TEXT, sessionOptions } from '../../src/embedding/model-folder.js';
import { readOnnx } from '../../src/embedding/onnx-graph.js';
import { OnnxModel } from '../../src/embedding/onnx-model.js';
import { quantizePerText } from '../../src/embedding/per-text-quantization.js';
import { packTokens, type TokenIds } from '../../src/embedding/token-ids.js';
import { tinyModel } from './harness.js';

const FILES = {
  'tiny-clip': 'onnx/text_model_quantized.onnx',
  'tiny-bert': 'onnx/model_quantized.onnx',
};

async function bytesOf(name: 'tiny-clip' | 'tiny-bert'): Promise<Buffer> {
  return readFile(join(tinyModel(name).dir, FILES[name]));
}

describe.each(['tiny-clip', 'tiny-bert'] as const)('%s in int8', (name) => {
  let model: OnnxModel;
  let frame: TokenIds;
  beforeAll(async () => {
    const folder = await readModelFolder(tinyModel(name).dir, 'int8');
    const { options } = await sessionOptions(folder);
    model = await OnnxModel.open(options, folder.tokenizer.encode(SAMPLE_TEXT));
    frame = folder.tokenizer.encode('');
  });
  afterAll(async () => model.close());

  it('runs texts of one length together', () => {
    expect(model.batches).toBe(true);
  });

  it('gives a text the same vector in any company, bit for bit', async () => {
    const word = fc.integer({ min: 10, max: 150 });
    const text = fc
      .array(word, { minLength: 1, maxLength: 4 })
      .map((ids) => [frame[0]!, ...ids, frame.at(-1)!]);
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 2, maxLength: 10 }), async (texts) => {
        const together = await model.embed(packTokens(texts));
        const { dimensions } = model.shape;
        for (const [i, each] of texts.entries()) {
          const vector = together.subarray(i * dimensions, (i + 1) * dimensions);
          expect(vector).toEqual(await model.embed(packTokens([each])));
        }
      }),
      { numRuns: 40 },
    );
  });

  it('is the same file but for its quantization', async () => {
    const before = readOnnx(await bytesOf(name));
    const after = readOnnx(quantizePerText(await bytesOf(name))!);
    const count = (file: typeof before, op: string): number =>
      file.nodes.filter((node) => node.op === op).length;
    expect(count(before, 'DynamicQuantizeLinear')).toBeGreaterThan(0);
    expect(count(after, 'DynamicQuantizeLinear')).toBe(0);
    expect(count(after, 'QuantizeLinear')).toBe(count(before, 'DynamicQuantizeLinear'));
    expect(count(after, 'MatMulInteger')).toBe(count(before, 'MatMulInteger'));
    for (const [tensor, content] of before.tensors)
      expect(after.tensors.get(tensor)).toEqual(content);
  });
});

describe('what cannot be rewritten', () => {
  it('is left alone: a model that is not quantized', async () => {
    const file = await readFile(join(tinyModel('tiny-clip').dir, 'onnx/text_model.onnx'));
    expect(quantizePerText(file)).toBeUndefined();
  });

  it('is left alone: operators too old for a scale a row', async () => {
    const bytes = await bytesOf('tiny-bert');
    const { opset } = readOnnx(bytes);
    // The version stands in the file as field 2 of an operator set: tag 0x10, then the number.
    const at = bytes.lastIndexOf(Buffer.from([0x10, opset]));
    bytes[at + 1] = 11;
    expect(readOnnx(bytes).opset).toBe(11);
    expect(quantizePerText(bytes)).toBeUndefined();
  });

  it('throws for bytes that are no ONNX file', () => {
    expect(() => quantizePerText(Buffer.alloc(100, 0xff))).toThrow();
  });
});
