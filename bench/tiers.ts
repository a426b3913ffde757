import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSegment } from '../src/shard/build/write-segment.js';
import type { SegmentRecord } from '../src/shard/index/segment-record.js';
import { WriteBuffer } from '../src/shard/index/write-buffer.js';
import { DEFAULT_TEXT_SETTINGS } from '../src/text/default-settings.js';
import { productTerms } from '../src/text/product-terms.js';
import { bench, type BenchRun } from './lib/bench.js';
import { mean, recall } from './lib/quality.js';
import { Random } from './lib/random.js';
import { print } from './lib/report.js';
import { productOf } from './lib/shop-segment.js';
import { categoryName, rowOf, syntheticVectors, type VectorSet } from './lib/synthetic.js';
import { formatTable } from './lib/table.js';
import type { Memory, Order, Searched, SearchKind } from './tiers/messages.js';

const KINDS = ['nearest', 'in stock', 'exact'] as const satisfies SearchKind[];
/** Searches of one process before it is the other's turn. */
const TURN = 50;
const FLAGS = {
  rows: { default: 1_000_000, help: 'products' },
  dimensions: { default: 512, help: 'of the vectors' },
  ef_construction: { default: 200, help: 'of the graphs' },
  warm: { default: 80, help: 'percent of them that are warm' },
  searches: { default: 1_000, help: 'of each kind but exact ones, of which there are a twentieth' },
};
type Run = BenchRun<typeof FLAGS>;

await bench(
  {
    name: 'tiers',
    about: 'One index with all in memory, and with most of it warm: memory, latency, same answers.',
    maxMinutes: ({ rows }) => 20 + rows / 10_000,
    flags: FLAGS,
  },
  async (run) => {
    const { rows, dimensions, searches, quick, seed, warm } = run.flags;
    const count = quick ? 20_000 : rows;
    const { folder, records } = await build(run, count);
    const asked = quick ? 100 : searches;
    const set = await syntheticVectors({ count: asked, dimensions, seed, stream: 'queries' });
    const queries = Array.from({ length: asked }, (_, i) => rowOf(set, i).slice());
    const [cold, hot] = records as [SegmentRecord, SegmentRecord];
    const contenders = [
      await hold(run, 'all hot', folder, records),
      await hold(run, `${String(warm)} % warm`, folder, [{ ...cold, tier: 'warm' }, hot]),
    ] as const;
    const results: ReturnType<typeof row>[] = [];
    for (const kind of KINDS) {
      const some = kind === 'exact' ? queries.slice(0, Math.max(5, asked / 20)) : queries;
      const found = await run.measure(kind, () => takeTurns(contenders, kind, some));
      results.push(...found.rows);
      if (kind === 'nearest') run.say(`recall@10 ${String(await recallOf(contenders, queries))}`);
    }
    const [, warmOne] = contenders;
    await warmOne.ask({ kind: 'evict' });
    const evicted = await warmOne.ask<Memory>({ kind: 'memory' });
    const cold100 = await run.measure('paged out', () =>
      warmOne.ask<Searched>({ kind: 'search', of: 'nearest', queries: queries.slice(0, 100) }),
    );
    results.push(
      row(warmOne.name, 'nearest, first 100 with no page of the files mapped', cold100.ms),
    );
    print('one at a time, by turns', formatTable(results));
    const memories = await Promise.all(contenders.map(memoryOf));
    print('memory', formatTable(memories));
    const [before, after] = memories as [(typeof memories)[0], (typeof memories)[0]];
    const p99 = (name: string): number =>
      Number(results.find((one) => one.index === name && one.search === 'nearest')?.['p99 ms']);
    const figures = [
      { name: 'memory, of the process', value: after['anon MB'] / before['anon MB'], unit: 'x' },
      { name: 'memory, of the index', value: after['index MB'] / before['index MB'], unit: 'x' },
      { name: 'p99', value: p99(after.index) / p99(before.index), unit: 'x' },
    ];
    print('warm beside hot', formatTable(figures));
    const data = { products: count, dimensions, warm_percent: warm, evicted };
    return { data, results: { searches: results, memory: memories }, figures };
  },
);

/** A segment of the rows that are to be warm, and one of the others. */
async function build(
  run: Run,
  count: number,
): Promise<{ folder: string; records: SegmentRecord[] }> {
  const { dimensions, seed, warm } = run.flags;
  run.say(`writing ${String(count)} products`);
  const folder = await mkdtemp(join(tmpdir(), 'omnisearch-tiers-'));
  run.use({ close: () => rm(folder, { recursive: true }) });
  const set = await syntheticVectors({ count, dimensions, seed, stream: 'rows' });
  const random = new Random(seed, 'tiers');
  const edge = Math.round((count * warm) / 100);
  const records: SegmentRecord[] = [];
  for (const [name, from, to] of [
    ['w', 0, edge],
    ['h', edge, count],
  ] as const) {
    const buffer = bufferOf(set, from, to, random);
    const record = await writeSegment(folder, name, [buffer], {
      dimensions,
      graphMinRows: 2_500,
      graph: { engine: 'usearch', M: 16, efConstruction: run.flags.ef_construction },
      ef: { target: 0.95, min: 16, max: 512 },
    });
    if (record === undefined) throw new Error('no row was written');
    records.push(record);
    run.say(`${name}: ${String(record.rows)} rows`);
  }
  return { folder, records };
}

function bufferOf(set: VectorSet, from: number, to: number, random: Random): WriteBuffer {
  const buffer = new WriteBuffer(set.dimensions);
  for (let i = from; i < to; i++) {
    const category = categoryName(set.categories[i] as number);
    const product = { ...productOf(i, set.count, random), category };
    buffer.append(product, i + 1, rowOf(set, i), productTerms(product, DEFAULT_TEXT_SETTINGS));
  }
  return buffer;
}

interface Holder {
  name: string;
  empty: Memory;
  ask: <T = undefined>(order: Order) => Promise<T>;
}

async function hold(
  run: Run,
  name: string,
  folder: string,
  records: SegmentRecord[],
): Promise<Holder> {
  const file = new URL('tiers/holder.ts', import.meta.url);
  const child = fork(file, { execArgv: ['--import', 'tsx'], serialization: 'advanced' });
  run.use({ close: () => end(child) });
  const ask = async <T>(order: Order): Promise<T> => {
    child.send(order);
    const [reply] = (await once(child, 'message')) as [{ result: T } | { error: string }];
    if ('error' in reply) throw new Error(`${name}: ${reply.error}`);
    return reply.result;
  };
  const empty = await ask<Memory>({ kind: 'memory' });
  await ask({ kind: 'open', folder, records, dimensions: run.flags.dimensions });
  return { name, empty, ask };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** So that what else the machine does meets both alike. Throws where their answers differ. */
async function takeTurns(contenders: readonly Holder[], kind: SearchKind, queries: Float32Array[]) {
  const took = contenders.map((): number[] => []);
  await Promise.all(
    contenders.map((each) => each.ask({ kind: 'search', of: kind, queries: queries.slice(0, 5) })),
  );
  for (let at = 0; at < queries.length; at += TURN) {
    const some = queries.slice(at, at + TURN);
    const answers: string[] = [];
    for (const [i, each] of contenders.entries()) {
      const found = await each.ask<Searched>({ kind: 'search', of: kind, queries: some });
      took[i]?.push(...found.ms);
      answers.push(found.answers.join('\n'));
    }
    if (new Set(answers).size > 1) throw new Error(`answers differ: ${kind}`);
  }
  return { rows: contenders.map(({ name }, i) => row(name, kind, took[i] ?? [])) };
}

async function recallOf([, holder]: readonly Holder[], queries: Float32Array[]): Promise<number> {
  if (holder === undefined) return NaN;
  const some = queries.slice(0, 50);
  const ids = (text: string): string[] => (JSON.parse(text) as [string][]).map(([id]) => id);
  const found = await holder.ask<Searched>({ kind: 'search', of: 'nearest', queries: some });
  const truth = await holder.ask<Searched>({ kind: 'search', of: 'exact', queries: some });
  return mean(
    some.map((_, i) => recall(ids(found.answers[i] ?? '[]'), ids(truth.answers[i] ?? '[]'))),
  );
}

async function memoryOf({ name, empty, ask }: Holder) {
  const { anonBytes, fileBytes } = await ask<Memory>({ kind: 'memory' });
  return {
    index: name,
    'anon MB': anonBytes / 1e6,
    'index MB': (anonBytes - empty.anonBytes) / 1e6,
    'mapped and in memory MB': fileBytes / 1e6,
  };
}

function row(index: string, search: string, all: readonly number[]) {
  const sorted = [...all].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return { index, search, 'p50 ms': at(0.5), 'p99 ms': at(0.99) };
}
