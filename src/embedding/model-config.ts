import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OmniError } from '../core/errors.js';
import type { Pooling } from './token-pooling.js';
import type { TokenizerJson } from './tokenize.js';

/** What the small JSON files of a model folder say that its vectors depend on. */
export interface ModelConfig {
  /** Tokens that the model takes, special ones included. */
  maxTokens: number;
  padId: number;
  pooling: Pooling;
  /** A `2_Dense` or the like comes after pooling: only right if the ONNX file has it inside. */
  denseAfterPooling: boolean;
  /** `cutoff` of `config.json`, which is ours: see `Encoder.cutoff`. No vector depends on it. */
  cutoff: number | undefined;
}

interface ConfigJson {
  max_position_embeddings?: number;
  model_type?: string;
  pad_token_id?: number;
  cutoff?: unknown;
  text_config?: ConfigJson;
}

interface TokenizerConfigJson {
  model_max_length?: number;
  pad_token?: string | { content: string } | null;
}

/** Model types whose positions start behind the padding id, so that two of them are never used. */
const POSITIONS_AFTER_PADDING = new Set(['roberta', 'xlm-roberta', 'camembert', 'mpnet']);

/** Longer than any text here; some configurations say 1e30 where they mean "no limit". */
const LONGEST_TOKENS = 8_192;
const DEFAULT_MAX_TOKENS = 512;

const POOLING_MODES: Record<string, Pooling> = {
  pooling_mode_mean_tokens: 'mean',
  pooling_mode_cls_token: 'cls',
  pooling_mode_max_tokens: 'max',
  pooling_mode_mean_sqrt_len_tokens: 'mean_sqrt_len',
  pooling_mode_lasttoken: 'last',
};

/** Reads the configuration of a folder. Throws `unavailable`, naming the file that is wrong. */
export async function readModelConfig(dir: string, tokenizer: TokenizerJson): Promise<ModelConfig> {
  const configFile = join(dir, 'config.json');
  const config = (await readJson(configFile)) as ConfigJson | undefined;
  if (config === undefined) throw badFolder(configFile, 'is missing');
  const tokenizerConfig = ((await readJson(join(dir, 'tokenizer_config.json'))) ??
    {}) as TokenizerConfigJson;
  return {
    maxTokens: await maximumTokens(dir, config, tokenizerConfig),
    padId: paddingId(config, tokenizerConfig, tokenizer),
    pooling: await readPooling(dir),
    denseAfterPooling: await hasDense(dir),
    cutoff: typeof config.cutoff === 'number' ? config.cutoff : undefined,
  };
}

/** The text of a file, undefined when there is none. */
export async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw badFolder(file, `cannot be read: ${firstLine(error)}`, error);
  }
}

export function parseJson(file: string, text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) throw new Error('it holds no object');
    return value;
  } catch (error) {
    throw badFolder(file, `is not usable JSON: ${firstLine(error)}`, error);
  }
}

/** An error about one file of a model folder, in one line. */
export function badFolder(file: string, what: string, cause?: unknown): OmniError {
  return new OmniError('unavailable', `model file ${file} ${what}`, { cause });
}

/** The first line of an error's message: native libraries add pages. */
export function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}

async function readJson(file: string): Promise<unknown> {
  const text = await readText(file);
  return text === undefined ? undefined : parseJson(file, text);
}

async function maximumTokens(
  dir: string,
  config: ConfigJson,
  tokenizerConfig: TokenizerConfigJson,
): Promise<number> {
  const text = config.text_config ?? config;
  const sentence = (await readJson(join(dir, 'sentence_bert_config.json'))) as
    { max_seq_length?: number } | undefined;
  const unusedPositions = POSITIONS_AFTER_PADDING.has(text.model_type ?? '') ? 2 : 0;
  const limits = [
    (text.max_position_embeddings ?? Infinity) - unusedPositions,
    sentence?.max_seq_length ?? Infinity,
    tokenizerConfig.model_max_length ?? Infinity,
  ].filter((limit) => Number.isInteger(limit) && limit > 0 && limit <= LONGEST_TOKENS);
  return limits.length === 0 ? DEFAULT_MAX_TOKENS : Math.min(...limits);
}

function paddingId(
  config: ConfigJson,
  tokenizerConfig: TokenizerConfigJson,
  tokenizer: TokenizerJson,
): number {
  const named = tokenizerConfig.pad_token;
  const content = typeof named === 'object' ? named?.content : named;
  const added = tokenizer.added_tokens.find((token) => token.content === content);
  return added?.id ?? config.text_config?.pad_token_id ?? config.pad_token_id ?? 0;
}

async function readPooling(dir: string): Promise<Pooling> {
  const file = join(dir, '1_Pooling', 'config.json');
  const config = (await readJson(file)) as Record<string, unknown> | undefined;
  if (config === undefined) return 'mean';
  const modes = Object.keys(config).filter((key) => key in POOLING_MODES && config[key] === true);
  const mode = modes.length === 1 ? POOLING_MODES[modes[0] ?? ''] : undefined;
  if (mode !== undefined) return mode;
  const known = Object.keys(POOLING_MODES).join(', ');
  throw badFolder(file, `must switch on exactly one of ${known}`);
}

async function hasDense(dir: string): Promise<boolean> {
  const modules = await readJson(join(dir, 'modules.json'));
  return (
    Array.isArray(modules) &&
    modules.some((module: { type?: string }) => module.type?.endsWith('Dense') === true)
  );
}
