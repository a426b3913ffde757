import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Deadline } from '../../src/core/deadline.js';
import type { Encoder } from '../../src/embedding/encoder.js';
import { readModelFolder, type Precision } from '../../src/embedding/model-folder.js';
import { openEncoder } from '../../src/embedding/open-encoder.js';
import { LatencyHistogram } from '../load/histogram.js';
import { BareSession, paddedRows } from './bare-session.js';
import type { BenchRun } from './bench.js';
import type { FlagSpecs } from './flags.js';
import { freshTexts, type FreshText } from './fresh-texts.js';
import { REPOSITORY } from './paths.js';
import type { Traffic } from './traffic.js';

/** Tokens of the query that is timed: a start, six of text, an end. */
const QUERY_TOKENS = 8;
const BATCH_TEXTS = 10;
/** The compiled worker: threads run JavaScript. */
export const WORKER_FILE = pathToFileURL(join(REPOSITORY, 'dist', 'embedding', 'worker.js'));
const WARM_UP_ROUNDS = 5;
/** The percentile that tells more than the median on a machine that others use too. */
const LOW = 10;

/** Medians in milliseconds; `ratio_p10` is of the 10th percentiles. */
export interface EmbedSteps {
  precision: Precision;
  single: { bare_ms: number; step_ms: number; ratio: number; ratio_p10: number };
  ten: {
    one_batch_ms: number;
    two_threads_inside_ms: number;
    two_sessions_ms: number;
    two_sessions_singly_ms: number;
    bare_best_ms: number;
    step_ms: number;
    ratio: number;
    ratio_p10: number;
    sequence_ms: number;
    speedup: number;
  };
}

/** The embedding step in this process (tokens → cache → pool → worker) beside bare sessions. */
export async function measureSteps<S extends FlagSpecs>(
  run: BenchRun<S>,
  modelDir: string,
  traffic: Traffic,
  precision: Precision,
): Promise<EmbedSteps> {
  const rounds = run.flags.quick ? 5 : 60;
  const { tokenizer, modelFile } = await readModelFolder(modelDir, precision);
  const sessions = [
    run.use(new BareSession(modelFile, 1)),
    run.use(new BareSession(modelFile, 1)),
  ] as const;
  const wide = run.use(new BareSession(modelFile, 2));
  const encoder = await run.start(openEncoder({ modelDir, precision, workerFile: WORKER_FILE }));
  const texts = (count: number): FreshText[] => freshTexts(traffic, tokenizer, QUERY_TOKENS, count);

  const single = await singles(encoder, sessions[0], texts(rounds + WARM_UP_ROUNDS));
  const medians = new Medians();
  for (let round = 0; round < rounds + WARM_UP_ROUNDS; round += 1) {
    if (round === WARM_UP_ROUNDS) medians.clear();
    const ten = texts(BATCH_TEXTS).map(({ tokens }) => tokens);
    const halves = [ten.slice(0, 5), ten.slice(5)] as const;
    const each = async (work: (index: 0 | 1) => Promise<unknown>): Promise<unknown> =>
      Promise.all([work(0), work(1)]);
    await medians.inSession('one_batch_ms', sessions[0].run(paddedRows(ten)));
    await medians.inSession('two_threads_inside_ms', wide.run(paddedRows(ten)));
    await medians.wall('two_sessions_ms', () =>
      each(async (index) => sessions[index].run(paddedRows(halves[index]))),
    );
    await medians.wall('two_sessions_singly_ms', () =>
      each(async (index) => {
        for (const tokens of halves[index]) await sessions[index].run(paddedRows([tokens]));
      }),
    );
    const together = texts(BATCH_TEXTS).map(({ text }) => text);
    await medians.wall('step_ms', () => encoder.embedQueries(together, Deadline.after(60_000)));
    const apart = texts(BATCH_TEXTS);
    await medians.wall('sequence_ms', async () => {
      for (const { text } of apart) await encoder.embedQuery(text, Deadline.after(60_000));
    });
  }
  for (const resource of [encoder, wide, ...sessions]) await run.release(resource);
  return { precision, single, ten: tenSummary(medians) };
}

function tenSummary(medians: Medians): EmbedSteps['ten'] {
  const ways = {
    one_batch_ms: medians.of('one_batch_ms'),
    two_threads_inside_ms: medians.of('two_threads_inside_ms'),
    two_sessions_ms: medians.of('two_sessions_ms'),
    two_sessions_singly_ms: medians.of('two_sessions_singly_ms'),
  };
  const bare = Math.min(...Object.values(ways));
  const bareLow = Math.min(...Object.keys(ways).map((name) => medians.of(name, LOW)));
  const step = medians.of('step_ms');
  const sequence = medians.of('sequence_ms');
  return {
    ...ways,
    bare_best_ms: bare,
    step_ms: step,
    ratio: step / bare,
    ratio_p10: medians.of('step_ms', LOW) / bareLow,
    sequence_ms: sequence,
    speedup: sequence / step,
  };
}

async function singles(
  encoder: Encoder,
  session: BareSession,
  texts: readonly FreshText[],
): Promise<EmbedSteps['single']> {
  const medians = new Medians();
  for (const [round, { text, tokens }] of texts.entries()) {
    if (round === WARM_UP_ROUNDS) medians.clear();
    await medians.inSession('bare_ms', session.run(paddedRows([tokens])));
    await medians.wall('step_ms', () => encoder.embedQuery(text, Deadline.after(60_000)));
  }
  const [bare, step] = [medians.of('bare_ms'), medians.of('step_ms')];
  const ratioP10 = medians.of('step_ms', LOW) / medians.of('bare_ms', LOW);
  return { bare_ms: bare, step_ms: step, ratio: step / bare, ratio_p10: ratioP10 };
}

/** Named series of times, taken in turns so that a noisy moment strikes all alike. */
class Medians {
  private readonly series = new Map<string, LatencyHistogram>();

  clear(): void {
    this.series.clear();
  }

  async inSession(name: string, timed: Promise<number>): Promise<void> {
    this.record(name, await timed);
  }

  async wall(name: string, work: () => Promise<unknown>): Promise<void> {
    const startMs = performance.now();
    await work();
    this.record(name, performance.now() - startMs);
  }

  of(name: string, percentile = 50): number {
    return this.series.get(name)?.percentileMs(percentile) ?? 0;
  }

  private record(name: string, ms: number): void {
    const histogram = this.series.get(name) ?? new LatencyHistogram();
    histogram.record(ms);
    this.series.set(name, histogram);
  }
}
