import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { digest } from '../core/ids.js';
import { inspectOnnxFile } from './fingerprint.js';
import {
  badFolder,
  firstLine,
  parseJson,
  readModelConfig,
  readText,
  type ModelConfig,
} from './model-config.js';
import type { OnnxModelOptions, OnnxModelShape } from './onnx-model.js';
import { PRODUCT_TEXT_VERSION } from './product-text.js';
import { TextTokenizer, TOKENIZE_VERSION, type TokenizerJson } from './tokenize.js';

/** Raised when a change of how quantized models are run alters their vectors. */
const INT8_VERSION = 1;

export type Precision = 'fp32' | 'int8';

/** What a session is tried on when it is opened: a query as shoppers type it. */
export const SAMPLE_TEXT = 'wireless mouse with usb receiver';

/** A model folder as the hub lays it out, read but not yet loaded. */
export interface ModelFolder {
  /** The folder's name. */
  name: string;
  modelFile: string;
  precision: Precision;
  tokenizer: TextTokenizer;
  /** SHA-256 of the tokenizer's file. */
  tokenizerDigest: string;
  config: ModelConfig;
}

/** CLIP's text tower first: a folder that has both towers has no `model.onnx` of the text alone. */
const MODEL_FILES: Record<Precision, readonly string[]> = {
  fp32: ['onnx/text_model.onnx', 'onnx/model.onnx'],
  int8: ['onnx/text_model_quantized.onnx', 'onnx/model_quantized.onnx'],
};

/** Reads a model folder. Throws `unavailable`, in one line that names the file that is wrong. */
export async function readModelFolder(dir: string, precision: Precision): Promise<ModelFolder> {
  const modelFile = await findModelFile(dir, precision);
  const file = join(dir, 'tokenizer.json');
  const text = await readText(file);
  if (text === undefined) throw badFolder(file, 'is missing');
  const json = parseJson(file, text) as TokenizerJson;
  if (!Array.isArray(json.added_tokens)) throw badFolder(file, 'has no added_tokens');
  const config = await readModelConfig(dir, json);
  return {
    name: basename(resolve(dir)),
    modelFile,
    precision,
    tokenizer: openTokenizer(file, json, config.maxTokens),
    tokenizerDigest: digest(text),
    config,
  };
}

/** What a session of this folder is opened with. Reads the model's file once. */
export async function sessionOptions({
  modelFile,
  config,
}: ModelFolder): Promise<{ options: OnnxModelOptions; fileDigest: string }> {
  const { sha256, dynamicallyQuantized } = await inspectOnnxFile(modelFile);
  const options: OnnxModelOptions = {
    modelFile,
    padId: config.padId,
    pooling: config.pooling,
    dynamicallyQuantized,
  };
  return { options, fileDigest: sha256 };
}

/**
 * Digest of everything that determines the vectors: the bytes of the model and of the tokenizer,
 * precision, which output is read and how it is pooled, truncation, and the recipes by which a text
 * becomes tokens and a product becomes a text.
 */
export function modelFingerprint(
  folder: ModelFolder,
  fileDigest: string,
  shape: OnnxModelShape,
): string {
  return digest(
    fileDigest,
    folder.tokenizerDigest,
    folder.precision === 'int8' ? `int8, arithmetic ${INT8_VERSION}` : folder.precision,
    shape.output,
    shape.pooled ? folder.config.pooling : '',
    String(folder.config.maxTokens),
    `tokenize ${TOKENIZE_VERSION}, product text ${PRODUCT_TEXT_VERSION}`,
  );
}

async function findModelFile(dir: string, precision: Precision): Promise<string> {
  const candidates = MODEL_FILES[precision].map((name) => join(dir, name));
  for (const file of candidates) {
    const stats = await stat(file).catch(() => undefined);
    if (stats?.isFile() === true) return file;
  }
  const asked = precision === 'int8' ? ' (int8 was asked for)' : '';
  throw badFolder(candidates.join(' or '), `is missing${asked}`);
}

function openTokenizer(file: string, json: TokenizerJson, maxTokens: number): TextTokenizer {
  try {
    return new TextTokenizer(json, maxTokens);
  } catch (error) {
    throw badFolder(file, `cannot be used: ${firstLine(error)}`, error);
  }
}
