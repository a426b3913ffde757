import { open, readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Config } from '../../config/settings.js';
import { Deadline } from '../../core/deadline.js';
import { reasonOf } from '../../core/errors.js';
import type { Product } from '../../core/product.js';
import { openEncoder } from '../../embedding/open-encoder.js';
import { fitCoefficients, type Measured } from '../../capacity/fit-coefficients.js';
import { packageFile, packageUrl } from '../package-file.js';
import { complain, print } from '../terminal.js';
import { measureMachine } from './measure-machine.js';
import { memoryOf } from './process-figures.js';
import { sampleOf } from './sample.js';

const TEXTS = 300;
const EMBED_LIMIT_MS = 10_000;

/**
 * `omnisearch calibrate`: measures this machine with the engine, a server of its own and the bundled model, within `--minutes`, and writes the
 * coefficients of `plan` as JSON to `--out`, or prints them. Resolves with the exit code; where `signal` aborts, once
 * nothing of it is left.
 */
export async function runCalibrate(
  { minutes, out }: Pick<Config, 'minutes' | 'out'>,
  signal: AbortSignal,
): Promise<number> {
  const endMs = performance.now() + minutes * 60_000;
  try {
    // What cannot be written is known before minutes have passed.
    if (out !== undefined) await (await open(out, 'a')).close();
    const products = await demoProducts();
    const embedding = await measureEmbedding(products);
    const { servers, segments } = await measureMachine(
      sampleOf((row) => likeOf(products, row)),
      endMs,
      signal,
    );
    const documentBytes =
      products.reduce((sum, product) => sum + JSON.stringify(product).length, 0) / products.length;
    const report = {
      measured_at: new Date().toISOString(),
      machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version },
      coefficients: fitCoefficients({ ...embedding, servers, segments, documentBytes }),
      servers,
      segments,
    };
    const json = JSON.stringify(report, undefined, 2);
    if (out === undefined) print(json);
    else await writeFile(out, `${json}\n`);
    return 0;
  } catch (error) {
    return complain(1, signal.aborted ? 'stopped' : reasonOf(error));
  }
}

/** A core's time for a text of a few words, milliseconds; and what the model takes of memory, where the system tells. */
async function measureEmbedding(
  products: readonly Product[],
): Promise<Pick<Measured, 'embedCpuMs' | 'modelBytes'>> {
  const bytes = (): Promise<number | undefined> =>
    memoryOf('self').then(
      ({ anonymous }) => anonymous,
      () => undefined,
    );
  const without = await bytes();
  const encoder = await openEncoder({
    modelDir: packageFile('models/starter'),
    threads: 1,
    workerFile: packageUrl('dist/embedding/worker.js'),
  });
  try {
    const before = process.cpuUsage();
    for (let i = 0; i < TEXTS; i++) {
      const { title } = likeOf(products, i);
      await encoder.embedQuery(`${i} ${title}`.slice(0, 40), Deadline.after(EMBED_LIMIT_MS));
    }
    const { user, system } = process.cpuUsage(before);
    const embedCpuMs = (user + system) / 1_000 / TEXTS;
    const all = await bytes();
    const isTold = without !== undefined && all !== undefined;
    return { embedCpuMs, modelBytes: isTold ? all - without : undefined };
  } finally {
    await encoder.close();
  }
}

/** The products again and again, each time with other ids. */
function likeOf(products: readonly Product[], row: number): Product {
  const like = products[row % products.length];
  if (like === undefined) throw new Error('no products to measure with');
  return { ...like, id: `${like.id}-${row}` };
}

async function demoProducts(): Promise<Product[]> {
  const packed = await readFile(packageFile('dist/demo/catalogue.ndjson.gz'));
  const lines = (await promisify(gunzip)(packed)).toString('utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Product);
}
