import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { SingleBar } from 'cli-progress';
import { checkModel, type ModelReport } from '../embedding/model-check.js';
import { readModelFolder } from '../embedding/model-folder.js';
import { DEFAULT_HUB_URL, HUB_MODELS } from '../embedding/model-hub.js';
import { pullModel } from '../embedding/model-pull.js';
import { packageFile } from './package-file.js';
import { storedVectors } from './stored-vectors.js';
import { complain, print, WRONG_USAGE } from './terminal.js';

const MEGABYTE = 1_000_000;
/** A model whose vectors differ by more from its own reference is not run as it was made. */
const REFERENCE_TOLERANCE = 1e-4;
/** Stored products that `check` embeds again. */
const STORED_PRODUCTS = 100;
const USAGE = 'usage: omnisearch models list | pull NAME [int8] | check DIR [DATA_DIR]';

/**
 * `omnisearch models …`. Returns the exit code: 0, 1 when it failed, 2 for wrong usage. Only `pull`
 * uses the network; `HF_ENDPOINT` names another hub.
 */
export async function runModels(args: string[]): Promise<number> {
  const [verb, ...words] = args;
  try {
    if (verb === 'list' && words.length === 0) return await list();
    if (verb === 'check' && (words.length === 1 || words.length === 2)) {
      return await check(words[0] ?? '', words[1]);
    }
    if (verb === 'pull' && (words.length === 1 || (words.length === 2 && words[1] === 'int8'))) {
      return await pull(words[0] ?? '', words.length === 2);
    }
  } catch (error) {
    return complain(1, error instanceof Error ? error.message : String(error));
  }
  return complain(WRONG_USAGE, USAGE);
}

async function list(): Promise<number> {
  const folders = [...new Set([resolve('models'), packageFile('models')])];
  for (const folder of folders) {
    const names = await readdir(folder).catch(() => []);
    for (const name of names) await describeFolder(join(folder, name));
  }
  print('');
  print('to pull:');
  for (const { name, about } of HUB_MODELS) print(`  ${name.padEnd(40)} ${about}`);
  return 0;
}

async function describeFolder(dir: string): Promise<void> {
  if (!existsSync(join(dir, 'config.json'))) return;
  const precisions = [];
  let problem = '';
  for (const precision of ['fp32', 'int8'] as const) {
    try {
      await readModelFolder(dir, precision);
      precisions.push(precision);
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
  }
  print(
    `${shownFolder(dir).padEnd(42)} ${precisions.length > 0 ? precisions.join(', ') : problem}`,
  );
}

/** The folder as `--model` takes it: from here, or as it came with the package. */
function shownFolder(dir: string): string {
  for (const root of [process.cwd(), packageFile('.')]) {
    const path = relative(root, dir);
    if (!path.startsWith('..') && !isAbsolute(path)) return path;
  }
  return dir;
}

async function check(dir: string, dataDir: string | undefined): Promise<number> {
  const report = await checkModel(
    resolve(dir),
    dataDir === undefined
      ? undefined
      : async (fingerprint) => storedVectors(resolve(dataDir), fingerprint, STORED_PRODUCTS),
  );
  for (const [name, value] of reportRows(report)) print(`${name.padEnd(16)} ${value}`);
  if (report.stored?.texts === 0) {
    return complain(1, `no product in ${dataDir} was embedded by this model`);
  }
  const compared = { 'in reference.json': report.reference, 'that are stored': report.stored };
  for (const [where, comparison] of Object.entries(compared)) {
    const difference = comparison?.greatestDifference ?? 0;
    // Written so that NaN fails too.
    if (difference <= REFERENCE_TOLERANCE) continue;
    return complain(1, `the vectors differ by ${difference} from those ${where}`);
  }
  return 0;
}

function reportRows(report: ModelReport): [string, string][] {
  const { int8, reference, stored } = report;
  const rows: [string, string][] = [
    ['model', report.name],
    ['fingerprint', report.fingerprint],
    ['dimensions', String(report.dimensions)],
    ['maximum length', `${report.maxTokens} tokens`],
    ['output', report.output],
    ['speed', `${report.queryMs.toFixed(2)} ms a query, one thread`],
    ['', `${report.batchTextsPerSecond.toFixed(0)} texts/s in batches of 32`],
  ];
  if (int8 !== undefined) {
    rows.push(['int8', `${int8.queryMs.toFixed(2)} ms a query, one thread`]);
    const { meanCosine, leastCosine } = int8;
    rows.push(['int8 drift', `cosine ${meanCosine.toFixed(4)}, least ${leastCosine.toFixed(4)}`]);
  }
  for (const [name, comparison] of Object.entries({ reference, stored })) {
    if (comparison === undefined) continue;
    const { texts, greatestDifference } = comparison;
    rows.push([name, `${texts} texts, differ by ${greatestDifference.toExponential(1)}`]);
  }
  return rows;
}

async function pull(name: string, int8: boolean): Promise<number> {
  const model = HUB_MODELS.find((known) => known.name === name);
  if (model === undefined) {
    const names = HUB_MODELS.map((known) => known.name).join(', ');
    return complain(1, `${name} is not known here: ${names}`);
  }
  const dir = resolve('models', name);
  const hubUrl = process.env['HF_ENDPOINT'] ?? DEFAULT_HUB_URL;
  const bar = new SingleBar({ format: '{bar} {percentage}% {value}/{total} MB {file}' });
  let current = '';
  try {
    await pullModel(model, {
      dir,
      hubUrl,
      int8,
      onProgress: (file, bytes, totalBytes) => {
        const total = megabytes(totalBytes ?? bytes);
        if (file !== current) {
          bar.stop();
          bar.start(total, 0, { file });
        }
        current = file;
        bar.update(megabytes(bytes), { file });
      },
    });
  } finally {
    bar.stop();
  }
  print(`${shownFolder(dir)} is complete and verified: use it with --model`);
  return 0;
}

function megabytes(bytes: number): number {
  return Math.round((bytes / MEGABYTE) * 10) / 10;
}
