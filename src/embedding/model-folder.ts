import { readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { digest } from '../core/ids.js';
import { OmniError } from '../core/errors.js';
import { inspectOnnxFile } from './fingerprint.js';
import type { OnnxModelOptions, OnnxModelShape } from './onnx-model.js';
import type { Pooling } from './pooling.js';
import { PRODUCT_TEXT_VERSION } from './product-text.js';
import { TextTokenizer, TOKENIZE_VERSION, type TokenizerJson } from './tokenize.js';

export type Precision = 'fp32' | 'int8';

/** A model folder as the hub lays it out, read but not yet loaded. */
export interface ModelFolder {
  /** The folder's name. */
  name: string;
  modelFile: string;
  precision: Precision;
  tokenizer: TextTokenizer;
  pooling: Pooling;
  padId: number;
  /** A `2_Dense` or the like comes after pooling: only right if the ONNX file has it inside. */
  denseAfterPooling: boolean;
  /** SHA-256 of the tokenizer's file. */
  tokenizerDigest: string;
}

interface ModelConfig {
  max_position_embeddings?: number;
  model_type?: string;
  pad_token_id?: number;
  text_config?: ModelConfig;
}

interface TokenizerConfig {
  model_max_length?: number;
  pad_token?: string | { content: string } | null;
}

/** Model types whose positions start behind the padding id, so that two of them are never used. */
const POSITIONS_AFTER_PADDING = new Set(['roberta', 'xlm-roberta', 'camembert', 'mpnet']);

/** Longer than any text here; some configurations say 1e30 where they mean "no limit". */
const LONGEST_TOKENS = 8_192;
const DEFAULT_MAX_TOKENS = 512;

/** CLIP's file first: a folder that has both towers has no `model.onnx` of the text alone. */
const MODEL_FILES: Record<Precision, readonly string[]> = {
  fp32: ['onnx/text_model.onnx', 'onnx/model.onnx'],
  int8: ['onnx/text_model_quantized.onnx', 'onnx/model_quantized.onnx'],
};

/** Reads a model folder. Throws `unavailable`, in one line that names the file that is wrong. */
export async function readModelFolder(dir: string, precision: Precision): Promise<ModelFolder> {
  const modelFile = await findModelFile(dir, precision);
  const tokenizerFile = join(dir, 'tokenizer.json');
  const tokenizerText = await readText(tokenizerFile);
  if (tokenizerText === undefined) throw badFolder(tokenizerFile, 'is missing');
  const tokenizerJson = parseJson<TokenizerJson>(tokenizerFile, tokenizerText);
  const configFile = join(dir, 'config.json');
  const config = await readJson<ModelConfig>(configFile);
  if (config === undefined) throw badFolder(configFile, 'is missing');
  const tokenizerConfig =
    (await readJson<TokenizerConfig>(join(dir, 'tokenizer_config.json'))) ?? {};
  const maxTokens = await maximumTokens(dir, config, tokenizerConfig);
  return {
    name: basename(resolve(dir)),
    modelFile,
    precision,
    tokenizer: openTokenizer(tokenizerFile, tokenizerJson, maxTokens),
    pooling: await readPooling(dir),
    padId: paddingId(config, tokenizerConfig, tokenizerJson),
    denseAfterPooling: await hasDense(dir),
    tokenizerDigest: digest(tokenizerText),
  };
}

/** What a session of this folder is opened with. Reads the model's file once. */
export async function sessionOptions(
  folder: ModelFolder,
  intraOpThreads = 1,
): Promise<{ options: OnnxModelOptions; fileDigest: string }> {
  const facts = await inspectOnnxFile(folder.modelFile);
  const { modelFile, padId, pooling } = folder;
  const oneByOne = facts.dynamicallyQuantized;
  return {
    options: { modelFile, padId, pooling, oneByOne, intraOpThreads },
    fileDigest: facts.sha256,
  };
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
    folder.precision,
    shape.output,
    shape.pooled ? folder.pooling : '',
    String(folder.tokenizer.maxTokens),
    `tokenize ${TOKENIZE_VERSION}, product text ${PRODUCT_TEXT_VERSION}`,
  );
}

/** An error about one file of a model folder. */
export function badFolder(file: string, what: string, cause?: unknown): OmniError {
  return new OmniError('unavailable', `model file ${file} ${what}`, { cause });
}

async function findModelFile(dir: string, precision: Precision): Promise<string> {
  const candidates = MODEL_FILES[precision].map((name) => join(dir, name));
  for (const file of candidates) {
    const stats = await stat(file).catch(() => undefined);
    if (stats?.isFile() === true) return file;
  }
  const shown = candidates.join(' or ');
  const asked = precision === 'int8' ? ' (precision int8 was asked for)' : '';
  throw badFolder(shown, `is missing${asked}`);
}

function openTokenizer(file: string, json: TokenizerJson, maxTokens: number): TextTokenizer {
  try {
    return new TextTokenizer(json, maxTokens);
  } catch (error) {
    throw badFolder(file, `cannot be used: ${firstLine(error)}`, error);
  }
}

async function maximumTokens(
  dir: string,
  config: ModelConfig,
  tokenizerConfig: TokenizerConfig,
): Promise<number> {
  const text = config.text_config ?? config;
  const sentence = await readJson<{ max_seq_length?: number }>(
    join(dir, 'sentence_bert_config.json'),
  );
  const unusedPositions = POSITIONS_AFTER_PADDING.has(text.model_type ?? '') ? 2 : 0;
  const limits = [
    (text.max_position_embeddings ?? Infinity) - unusedPositions,
    sentence?.max_seq_length ?? Infinity,
    tokenizerConfig.model_max_length ?? Infinity,
  ].filter((limit) => Number.isInteger(limit) && limit > 0 && limit <= LONGEST_TOKENS);
  return limits.length === 0 ? DEFAULT_MAX_TOKENS : Math.min(...limits);
}

function paddingId(
  config: ModelConfig,
  tokenizerConfig: TokenizerConfig,
  tokenizerJson: TokenizerJson,
): number {
  const named = tokenizerConfig.pad_token;
  const content = typeof named === 'object' ? named?.content : named;
  const added = tokenizerJson.added_tokens.find((token) => token.content === content);
  return added?.id ?? config.text_config?.pad_token_id ?? config.pad_token_id ?? 0;
}

const POOLING_MODES: Record<string, Pooling> = {
  pooling_mode_mean_tokens: 'mean',
  pooling_mode_cls_token: 'cls',
  pooling_mode_max_tokens: 'max',
  pooling_mode_mean_sqrt_len_tokens: 'mean_sqrt_len',
  pooling_mode_lasttoken: 'last',
};

async function readPooling(dir: string): Promise<Pooling> {
  const file = join(dir, '1_Pooling', 'config.json');
  const config = await readJson<Record<string, unknown>>(file);
  if (config === undefined) return 'mean';
  const modes = Object.keys(config).filter(
    (key) => config[key] === true && key.startsWith('pooling_'),
  );
  const mode = modes.length === 1 ? POOLING_MODES[modes[0] ?? ''] : undefined;
  if (mode === undefined)
    throw badFolder(file, `asks for a pooling that is not known: ${modes.join(' + ')}`);
  return mode;
}

async function hasDense(dir: string): Promise<boolean> {
  const modules = await readJson<{ type?: string }[]>(join(dir, 'modules.json'));
  return (
    Array.isArray(modules) && modules.some((module) => module.type?.endsWith('Dense') === true)
  );
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw badFolder(file, `cannot be read: ${firstLine(error)}`, error);
  }
}

async function readJson<T>(file: string): Promise<T | undefined> {
  const text = await readText(file);
  return text === undefined ? undefined : parseJson<T>(file, text);
}

function parseJson<T>(file: string, text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw badFolder(file, `is not JSON: ${firstLine(error)}`, error);
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
