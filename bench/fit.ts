import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { FLAGS } from './fit/flags.js';
import { Ladder, type Climbed } from './fit/ladder.js';
import { MadeProducts } from './fit/made-products.js';
import { bench, type BenchRun } from './lib/bench.js';
import { loadCatalogue, type Catalogue } from './lib/catalogue.js';
import { numberList } from './lib/flags.js';
import { openMemoryRoom, type MemoryRoom } from './lib/memory-room.js';
import { OmniServer } from './lib/omni-server.js';
import { print } from './lib/report.js';
import { formatTable } from './lib/table.js';
import { loadTraffic } from './lib/traffic.js';

/** As `statfs` names a file system in memory. */
const TMPFS = 0x01021994;
const GIGABYTE = 1e9;
const QUICK = { limits: '0.5', tenantSize: 1_000, first: 4_000 };
/** For loading, building and searching what a gigabyte holds, in one shape. */
const MINUTES_A_GIGABYTE = 30;

interface Fit extends Climbed {
  limit_gb: number;
  shape: string;
}

await bench(
  {
    name: 'fit',
    about:
      'How many products fit into a bound on memory, until searches slow down or a process ends.',
    maxMinutes: ({ limits, shapes }) =>
      numberList(limits).reduce((sum, gb) => sum + 10 + MINUTES_A_GIGABYTE * gb, 0) *
      shapes.split(',').length,
    flags: FLAGS,
  },
  async (run) => {
    const { flags } = run;
    if (statfsSync(tmpdir()).type === TMPFS) {
      throw new Error('the temporary folder is in memory itself: name one on a disk by TMPDIR');
    }
    const catalogue = await loadCatalogue(flags.catalogue);
    const fits: Fit[] = [];
    let how = '';
    const isShort = flags.quick && flags.limits === FLAGS.limits.default;
    for (const gigabytes of numberList(isShort ? QUICK.limits : flags.limits)) {
      for (const shape of flags.shapes.split(',')) {
        const room = openMemoryRoom(gigabytes * GIGABYTE);
        run.use(room);
        how = room.how;
        run.say(`${String(gigabytes)} GB, ${shape}, by ${how}`);
        const climbed = await fitInto(run, room, catalogue, { gigabytes, shape });
        fits.push({ limit_gb: gigabytes, shape, ...climbed });
        await run.release(room);
      }
    }
    print(`products that fit; memory was bounded by ${how}`, formatTable(fits.map(rowOf)));
    return {
      data: { catalogue: catalogue.name, bounded_by: how, growth: flags.growth },
      results: fits,
      figures: fits.map(({ limit_gb: limit, shape, fits: rung }) => ({
        name: `${String(limit)} GB, ${shape === 'one' ? 'one tenant' : 'tenants'}: products that fit`,
        value: rung?.products ?? 0,
        unit: '',
      })),
    };
  },
);

async function fitInto(
  run: BenchRun<typeof FLAGS>,
  room: MemoryRoom,
  catalogue: Catalogue,
  { gigabytes, shape }: { gigabytes: number; shape: string },
): Promise<Climbed> {
  const { flags } = run;
  if (shape !== 'one' && shape !== 'tenants') throw new Error(`no such shape: "${shape}"`);
  const size = flags.quick ? QUICK.tenantSize : flags['tenant-size'];
  const first = flags.quick ? QUICK.first : Math.ceil(flags.first * gigabytes);
  let server;
  try {
    const { shards, model } = flags;
    const within = (command: readonly string[]) => room.within(command);
    server = await run.start(
      OmniServer.start({ shards, within, ...(model === '' ? {} : { model }) }),
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { fits: undefined, rungs: [], ended_by: `it did not start: ${reason}` };
  }
  const stats = (await server.client.expect('GET', '/stats')) as { model: { dimensions: number } };
  const made = await MadeProducts.of(catalogue, stats.model.dimensions, flags.seed);
  const traffic = await loadTraffic(catalogue, flags.seed, flags.queries);
  const tenantSize = shape === 'one' ? undefined : size;
  const ladder = new Ladder(run, server, room, { made, traffic, tenantSize });
  run.use(ladder);
  const climbed = await ladder.climb(first);
  await run.release(ladder);
  // One that has no memory left may not stop in time; it is gone then all the same.
  await run.release(server).catch((error: unknown) => run.say(String(error)));
  return climbed;
}

function rowOf({ limit_gb: limit, shape, fits, ended_by: reason }: Fit) {
  return {
    'memory, GB': limit,
    'products that fit': fits?.products ?? 0,
    'products a GB': (fits?.products ?? 0) / limit,
    tenants: fits?.tenants ?? (shape === 'one' ? 1 : 0),
    'p50 ms': fits?.p50_ms,
    'p95 ms': fits?.p95_ms,
    'the next was ended by': reason.split('\n')[0],
  };
}
