import { bench } from './lib/bench.js';
import { numberList } from './lib/flags.js';
import { median } from './lib/median.js';
import { preciseCpuMs } from './lib/processes.js';
import { Progress } from './lib/progress.js';
import { print } from './lib/report.js';
import { formatTable } from './lib/table.js';
import { TransportPeer } from './lib/transport-client.js';
import {
  exampleReply,
  exampleSearch,
  packMessage,
  TRANSPORTS,
  type Transport,
} from './lib/transport-message.js';
import { LatencyHistogram } from './load/histogram.js';

const FLAGS = {
  dimensions: { default: 512, help: 'of the vector in a search' },
  partitions: { default: 20, help: 'named by a search' },
  'in-flight': { default: '1,16,64', help: 'searches under way at once' },
  requests: { default: 20_000, help: 'searches a turn (a quarter of it one at a time)' },
  rounds: { default: 7, help: 'turns of each transport, one after the other' },
};

/** One turn of one transport. CPU is that of all threads of a process, a search. */
interface Turn {
  transport: Transport;
  inFlight: number;
  p50Ms: number;
  p99Ms: number;
  perSecond: number;
  clientCpuUs: number;
  serverCpuUs: number;
}

await bench(
  {
    name: 'transport',
    about: 'The way from a query node to a shard that answers at once: frames against HTTP.',
    maxMinutes: 15,
    flags: FLAGS,
  },
  async (run) => {
    const { flags } = run;
    const search = exampleSearch(flags.dimensions, flags.partitions, flags.seed);
    const peers: TransportPeer[] = [];
    for (const transport of TRANSPORTS) peers.push(await run.start(TransportPeer.start(transport)));
    const levels = numberList(flags['in-flight']);
    const requests = flags.quick ? 2000 : flags.requests;
    const rounds = flags.quick ? 2 : flags.rounds;
    const ask = async (peer: TransportPeer): Promise<void> => {
      await peer.search(search);
    };
    for (const peer of peers) await takeTurn(peer, ask, 16, 2000); // for the compiler

    const turns: Turn[] = [];
    for (const inFlight of levels) {
      const step = `${String(inFlight)} in flight`;
      const progress = new Progress(step, rounds * peers.length, 'turns');
      const count = inFlight === 1 ? Math.ceil(requests / 4) : requests;
      await run.measure(step, async () => {
        for (let round = 0; round < rounds; round += 1) {
          for (const peer of peers) {
            turns.push(await takeTurn(peer, ask, inFlight, count));
            progress.add();
          }
        }
      });
      progress.done();
    }
    const results = levels.flatMap((inFlight) =>
      TRANSPORTS.map((transport) => medianOf(turns, transport, inFlight)),
    );
    print('medians of the turns', formatTable(results.map(tableRow)));
    return {
      data: {
        request_bytes: packMessage(search).length,
        reply_bytes: packMessage(exampleReply(10)).length,
      },
      results: { medians: results, turns },
      figures: results
        .filter(({ transport }) => transport === TRANSPORTS[0])
        .map(({ inFlight, perSecond }) => {
          return { name: `frames, ${String(inFlight)} in flight`, value: perSecond, unit: '1/s' };
        }),
    };
  },
);

/** `count` searches, always `inFlight` of them under way. */
async function takeTurn(
  peer: TransportPeer,
  ask: (peer: TransportPeer) => Promise<void>,
  inFlight: number,
  count: number,
): Promise<Turn> {
  const histogram = new LatencyHistogram();
  // In this order: looking for the server's processes costs the client some CPU.
  const serverCpuMs = peer.cpuMs();
  const clientCpuMs = preciseCpuMs(process.pid);
  const startMs = performance.now();
  let left = count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const sentMs = performance.now();
      await ask(peer);
      histogram.record(performance.now() - sentMs);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  const tookMs = performance.now() - startMs;
  return {
    transport: peer.transport,
    inFlight,
    p50Ms: histogram.percentileMs(50),
    p99Ms: histogram.percentileMs(99),
    perSecond: (1000 * count) / tookMs,
    clientCpuUs: (1000 * (preciseCpuMs(process.pid) - clientCpuMs)) / count,
    serverCpuUs: (1000 * (peer.cpuMs() - serverCpuMs)) / count,
  };
}

function medianOf(turns: readonly Turn[], transport: Transport, inFlight: number): Turn {
  const own = turns.filter((turn) => turn.transport === transport && turn.inFlight === inFlight);
  const of = (value: (turn: Turn) => number): number => median(own.map(value));
  return {
    transport,
    inFlight,
    p50Ms: of(({ p50Ms }) => p50Ms),
    p99Ms: of(({ p99Ms }) => p99Ms),
    perSecond: of(({ perSecond }) => perSecond),
    clientCpuUs: of(({ clientCpuUs }) => clientCpuUs),
    serverCpuUs: of(({ serverCpuUs }) => serverCpuUs),
  };
}

function tableRow(turn: Turn) {
  return {
    'in flight': turn.inFlight,
    transport: turn.transport,
    'p50 ms': turn.p50Ms,
    'p99 ms': turn.p99Ms,
    'searches/s': turn.perSecond,
    'client CPU µs': turn.clientCpuUs,
    'server CPU µs': turn.serverCpuUs,
    'both CPU µs': turn.clientCpuUs + turn.serverCpuUs,
  };
}
