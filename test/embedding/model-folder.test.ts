import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  modelFingerprint,
  readModelFolder,
  sessionOptions,
  type Precision,
} from '../../src/embedding/model-folder.js';
import { OnnxModel } from '../../src/embedding/onnx-model.js';
import { tinyModel, withTempDir } from './harness.js';

async function fingerprint(dir: string, precision: Precision = 'fp32'): Promise<string> {
  const folder = await readModelFolder(dir, precision);
  const { options, fileDigest } = await sessionOptions(folder);
  const model = await OnnxModel.open(options, folder.tokenizer.encode('a'));
  await model.close();
  return modelFingerprint(folder, fileDigest, model.shape);
}

async function withCopy<T>(work: (dir: string) => Promise<T>): Promise<T> {
  return withTempDir(async (parent) => {
    const dir = join(parent, 'copied');
    await cp(tinyModel('tiny-bert').dir, dir, { recursive: true });
    return work(dir);
  });
}

describe('a model folder', () => {
  it('says what its session needs', async () => {
    const clip = await readModelFolder(tinyModel('tiny-clip').dir, 'fp32');
    expect(clip).toMatchObject({
      name: 'tiny-clip',
      config: { maxTokens: 77, denseAfterPooling: false },
    });
    const bert = await readModelFolder(tinyModel('tiny-bert').dir, 'fp32');
    expect(bert.config).toMatchObject({ maxTokens: 64, pooling: 'mean', padId: 0 });
    expect((await sessionOptions(bert)).options.dynamicallyQuantized).toBe(false);
  });

  it('runs a dynamically quantized model one text at a time', async () => {
    const folder = await readModelFolder(tinyModel('tiny-clip').dir, 'int8');
    expect(folder.modelFile).toMatch(/text_model_quantized\.onnx$/);
    expect((await sessionOptions(folder)).options.dynamicallyQuantized).toBe(true);
  });

  it.each([
    ['tokenizer.json', undefined, 'is missing'],
    ['tokenizer.json', '{"added_tokens": ', 'is not usable JSON'],
    ['tokenizer.json', '[]', 'has no added_tokens'],
    ['tokenizer.json', '{"added_tokens": [], "model": {"type": "Nonsense"}}', 'cannot be used'],
    ['config.json', undefined, 'is missing'],
    ['config.json', 'null', 'is not usable JSON'],
    ['onnx/model.onnx', undefined, 'is missing'],
    [
      '1_Pooling/config.json',
      '{"pooling_mode_mean_tokens": true, "pooling_mode_cls_token": true}',
      'exactly one of',
    ],
  ])('is refused when %s is %s', async (file, content, why) => {
    await withCopy(async (dir) => {
      if (content === undefined) await rm(join(dir, file));
      else await writeFile(join(dir, file), content);
      const error: unknown = await readModelFolder(dir, 'fp32').catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'unavailable' });
      const { message } = error as Error;
      expect(message).toContain(join(dir, file));
      expect(message).toContain(why);
      expect(message).not.toContain('\n');
    });
  });

  it('takes the shortest of the lengths that its files name', async () => {
    await withCopy(async (dir) => {
      await writeFile(join(dir, 'tokenizer_config.json'), '{"model_max_length": 1e30}');
      expect((await readModelFolder(dir, 'fp32')).config.maxTokens).toBe(64);
      await writeFile(join(dir, 'sentence_bert_config.json'), '{"max_seq_length": 20}');
      const { tokenizer } = await readModelFolder(dir, 'fp32');
      expect(tokenizer.encode('mouse '.repeat(50))).toHaveLength(20);
    });
  });
});

describe('the fingerprint', () => {
  it('is that of the content, not of the place', async () => {
    const original = await fingerprint(tinyModel('tiny-bert').dir);
    expect(original).toMatch(/^[0-9a-f]{32}$/);
    expect(await withCopy(fingerprint)).toBe(original);
  });

  it('changes with everything that the vectors depend on', async () => {
    const fingerprints = [await fingerprint(tinyModel('tiny-bert').dir)];
    const changed = async (
      change: (dir: string) => Promise<void>,
      precision?: Precision,
    ): Promise<void> => {
      fingerprints.push(
        await withCopy(async (dir) => {
          await change(dir);
          return fingerprint(dir, precision);
        }),
      );
    };
    await changed(async () => undefined, 'int8');
    await changed(async (dir) => {
      await writeFile(join(dir, '1_Pooling/config.json'), '{"pooling_mode_cls_token": true}');
    });
    await changed(async (dir) => {
      await writeFile(join(dir, 'sentence_bert_config.json'), '{"max_seq_length": 32}');
    });
    await changed(async (dir) => {
      const file = join(dir, 'tokenizer.json');
      await writeFile(
        file,
        (await readFile(file, 'utf8')).replace(/"lowercase":\s*true/, '"lowercase":false'),
      );
    });
    expect(new Set(fingerprints).size).toBe(5);
  });
});
