import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tokenizers from '@huggingface/tokenizers';
import { InferenceSession, Tensor } from 'onnxruntime-node';

// The library's own types name files in a way that TypeScript cannot follow.
const { Tokenizer } = tokenizers as unknown as {
  Tokenizer: new (json: object, config: object) => { encode(text: string): { ids: number[] } };
};

/** Tokenizer and ONNX session with nothing around them: what embedding costs at least. */
export interface BareEncoder {
  /** One text, one run, one thread; the vector as the model gives it. */
  embed(text: string): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Opens a model folder that gives one vector a text (`text_embeds` or `sentence_embedding`). */
export async function openBareEncoder(folder: string): Promise<BareEncoder> {
  const file = ['onnx/text_model.onnx', 'onnx/model.onnx']
    .map((name) => join(folder, name))
    .find((path) => existsSync(path));
  if (file === undefined) throw new Error(`no ONNX file in ${folder}`);
  const json = JSON.parse(await readFile(join(folder, 'tokenizer.json'), 'utf8')) as object;
  const tokenizer = new Tokenizer(json, {});
  const session = await InferenceSession.create(file, { intraOpNumThreads: 1 });
  const output = ['text_embeds', 'sentence_embedding'].find((name) =>
    session.outputNames.includes(name),
  );
  if (output === undefined) throw new Error(`${file} gives no vector a text`);

  const embed = async (text: string): Promise<Float32Array> => {
    const ids = BigInt64Array.from(tokenizer.encode(text).ids, BigInt);
    const shape = [1, ids.length];
    const inputs: Record<string, Tensor> = {
      input_ids: new Tensor('int64', ids, shape),
      attention_mask: new Tensor('int64', ids.slice().fill(1n), shape),
      token_type_ids: new Tensor('int64', ids.slice().fill(0n), shape),
    };
    const wanted = session.inputNames.map((name) => [name, inputs[name]]);
    const results = await session.run(Object.fromEntries(wanted) as Record<string, Tensor>);
    return results[output]?.data as Float32Array;
  };
  return { embed, close: () => session.release() };
}
