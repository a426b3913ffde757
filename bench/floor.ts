import { bench } from './lib/bench.js';
import { print } from './lib/report.js';
import { formatTable } from './lib/table.js';
import { K, type Floor } from './floor/case.js';
import { FLAGS } from './floor/flags.js';
import { ledgerRows, namedLines, total } from './floor/sum-up.js';
import { floorsOfTexts } from './floor/text-floors.js';
import { floorsOfVectors } from './floor/vector-floors.js';

const PARTS = { vectors: floorsOfVectors, texts: floorsOfTexts };

await bench(
  {
    name: 'floor',
    about:
      'What the parts of a search cost alone and in the whole: a ledger of its CPU by station.',
    maxMinutes: 25,
    flags: FLAGS,
  },
  async (run) => {
    const floors = [];
    const ledgers = [];
    for (const name of run.flags.parts.split(',')) {
      const part = PARTS[name as keyof typeof PARTS] as (typeof PARTS)['texts'] | undefined;
      if (part === undefined) throw new Error(`parts are vectors and texts, not "${name}"`);
      const found = await part(run);
      floors.push(...found.floors);
      ledgers.push(...found.ledgers);
    }
    print('p50 in ms, one at a time', formatTable(floors.map(timeRow)));
    print('CPU per search, µs', formatTable(floors.map(cpuRow)));
    for (const ledger of ledgers) {
      const { search, searches } = ledger;
      print(
        `${search}: CPU of one search by station, µs, of ${String(searches)} one at a time`,
        `${formatTable(ledgerRows(ledger))}\nabove 10 %:\n${namedLines(ledger)}`,
      );
    }
    return {
      data: { vectors: run.flags.vectors, dimensions: run.flags.dimensions, k: K },
      results: { floors, ledgers },
      figures: [
        ...floors.map(({ search, ratio }) => ({
          name: `${search}: whole / sum of its parts`,
          value: ratio,
          unit: '',
        })),
        ...ledgers.map(({ search, unprofiled_us: us }) => ({
          name: `${search}: CPU of both processes`,
          value: total(us),
          unit: 'µs',
        })),
      ],
    };
  },
);

function timeRow(floor: Floor) {
  const parts = Object.entries(floor.parts).map(([name, { p50_ms }]) => [name, p50_ms]);
  return {
    search: floor.search,
    whole: floor.whole.p50_ms,
    'whole p99': floor.whole.p99_ms,
    'sum of parts': floor.sum_p50_ms,
    ratio: floor.ratio,
    'recall@10': floor.recall,
    'raw recall': floor.raw.recall,
    'ONNX session': null,
    ...(Object.fromEntries(parts) as Record<string, number>),
  };
}

function cpuRow(floor: Floor) {
  const all = Object.values(floor.cpu_us).reduce((sum, us) => sum + us, 0);
  const shards = Object.entries(floor.cpu_us)
    .filter(([name]) => name.includes('shard'))
    .reduce((sum, [, us]) => sum + us, 0);
  return {
    search: floor.search,
    'all processes': all,
    'shards alone': shards,
    'raw hnswlib': floor.raw_cpu_us,
    'shards / raw': shards / floor.raw_cpu_us,
  };
}
