import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cachePath, REPOSITORY, sharedFile } from './paths.js';

const SCRIPTS = join(REPOSITORY, 'scripts', 'test-models');

/**
 * A text tower of CLIP B/32's shape with random weights, made once by `scripts/test-models` and kept
 * in the cache. Needs Python; what the script imports is installed beside it unless `python` names an
 * interpreter that has it.
 */
export async function clipModel(python: string): Promise<string> {
  const folder = cachePath('clip-b32');
  if (existsSync(join(folder, 'onnx', 'text_model_quantized.onnx'))) return folder;
  const interpreter = python === '' ? await ownPython() : python;
  const merges = sharedFile('clip/bpe_simple_vocab_16e6.txt.gz');
  const vocabulary = merges === undefined ? [] : ['--vocabulary', merges];
  const script = join(SCRIPTS, 'make_models.py');
  await runLoud(interpreter, [script, 'clip-b32', folder, ...vocabulary]);
  return folder;
}

async function ownPython(): Promise<string> {
  const folder = cachePath('python');
  const interpreter = join(folder, 'bin', 'python');
  if (existsSync(interpreter)) return interpreter;
  await runLoud('python3', ['-m', 'venv', folder]);
  await runLoud(interpreter, ['-m', 'pip', 'install', '-r', join(SCRIPTS, 'requirements.txt')]);
  return interpreter;
}

/** Runs a command with its output on standard error. */
async function runLoud(command: string, args: readonly string[]): Promise<void> {
  process.stderr.write(`• ${command} ${args.join(' ')}\n`);
  const child = spawn(command, args, { stdio: ['ignore', 2, 2] });
  const code = await new Promise((resolve) => {
    child.on('error', () => resolve(undefined)).on('close', resolve);
  });
  if (code !== 0) throw new Error(`${command} failed: a CLIP model can also be named by --model`);
}
