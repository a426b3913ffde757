import { open, readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Config } from '../../config/settings.js';
import { Deadline } from '../../core/deadline.js';
import { reasonOf } from '../../core/errors.js';
import type { Product } from '../../core/product.js';
import { openEncoder } from '../../embedding/open-encoder.js';
import { fitCoefficients } from '../../capacity/fit-coefficients.js';
import { packageFile, packageUrl } from '../package-file.js';
import { complain, print } from '../terminal.js';
import { measureSegment, type MeasuredSegment } from './measure-segment.js';

/** In the order in which they are measured, as far as the time goes. */
const SIZES: readonly (readonly [rows: number, dimensions: number])[] = [
  [2_500, 512],
  [2_500, 128],
  [10_000, 512],
  [10_000, 128],
  [30_000, 512],
  [100_000, 128],
  [100_000, 512],
];
const TEXTS = 300;
const EMBED_LIMIT_MS = 10_000;

/**
 * `omnisearch calibrate`: measures this machine with the engine and the bundled model, within `--minutes`, and writes the
 * coefficients of `plan` as JSON to `--out`, or prints them. Resolves with the exit code.
 */
export async function runCalibrate({
  minutes,
  out,
}: Pick<Config, 'minutes' | 'out'>): Promise<number> {
  const endMs = performance.now() + minutes * 60_000;
  try {
    // What cannot be written is known before minutes have passed.
    if (out !== undefined) await (await open(out, 'a')).close();
    const products = await demoProducts();
    const embedCpuMs = await measureEmbedding(products);
    const segments = await measureSegments(products, endMs);
    const documentBytes =
      products.reduce((sum, product) => sum + JSON.stringify(product).length, 0) / products.length;
    const report = {
      measured_at: new Date().toISOString(),
      machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version },
      coefficients: fitCoefficients({ segments, embedCpuMs, documentBytes }),
      segments,
    };
    const json = JSON.stringify(report, undefined, 2);
    if (out === undefined) print(json);
    else await writeFile(out, `${json}\n`);
    return 0;
  } catch (error) {
    return complain(1, reasonOf(error));
  }
}

/** Larger and larger ones, none that would not be done in time. */
async function measureSegments(
  products: readonly Product[],
  endMs: number,
): Promise<MeasuredSegment[]> {
  const segments: MeasuredSegment[] = [];
  for (const [rows, dimensions] of SIZES) {
    const last = segments.at(-1);
    const expectedS = last === undefined ? 0 : last.buildS * growthFrom(last, rows, dimensions);
    // What is not building, reading products and searching, takes less than that again.
    if (last !== undefined && performance.now() + 2_000 * expectedS > endMs) break;
    process.stderr.write(`omnisearch: measuring ${rows} rows of ${dimensions} dimensions\n`);
    segments.push(await measureSegment(products, rows, dimensions));
  }
  return segments;
}

/** A build takes a search for each row, in a graph that has so many. */
function growthFrom(last: MeasuredSegment, rows: number, dimensions: number): number {
  const work = (of: { rows: number; dimensions: number }): number =>
    of.rows * Math.log(of.rows) * (of.dimensions + 64);
  return work({ rows, dimensions }) / work(last);
}

/** A core's time for a text of a few words, milliseconds. */
async function measureEmbedding(products: readonly Product[]): Promise<number> {
  const encoder = await openEncoder({
    modelDir: packageFile('models/starter'),
    threads: 1,
    workerFile: packageUrl('dist/embedding/worker.js'),
  });
  try {
    const before = process.cpuUsage();
    for (let i = 0; i < TEXTS; i++) {
      const title = products[i % products.length]?.title ?? '';
      await encoder.embedQuery(`${i} ${title}`.slice(0, 40), Deadline.after(EMBED_LIMIT_MS));
    }
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000 / TEXTS;
  } finally {
    await encoder.close();
  }
}

async function demoProducts(): Promise<Product[]> {
  const packed = await readFile(packageFile('dist/demo/catalogue.ndjson.gz'));
  const lines = (await promisify(gunzip)(packed)).toString('utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Product);
}
