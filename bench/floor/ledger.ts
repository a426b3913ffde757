import type { BenchRun } from '../lib/bench.js';
import type { JsonClient } from '../lib/client.js';
import type { OmniServer } from '../lib/omni-server.js';
import { mustSearch } from '../lib/search.js';
import type { FLAGS } from './flags.js';
import { Inspector } from './inspector.js';
import { sourceModules } from './modules.js';
import { StationTimes } from './stations.js';
import { HELPERS, perRole, ROLES, sumUp, type Ledger, type Role } from './sum-up.js';
import { cpuSince, threadCpuNs } from './threads.js';

const WARM_UP_MS = 1_000;
/** Short beside a search, long beside what one sample costs. */
const SAMPLE_US = 250;

interface Profiled {
  role: Role;
  pid: number;
  inspector: Inspector;
}

/** Profiles a server's processes around closed loops of one search at a time. */
export class Ledgers {
  private readonly moduleOf = sourceModules();

  private constructor(
    private readonly run: BenchRun<typeof FLAGS>,
    private readonly client: JsonClient,
    private readonly processes: readonly Profiled[],
  ) {}

  /** The server must have been started with `ANY_INSPECTOR_PORT` in its NODE_OPTIONS. */
  static async of(run: BenchRun<typeof FLAGS>, server: OmniServer): Promise<Ledgers> {
    const processes: Profiled[] = [];
    for (const { pid, name } of server.processes()) {
      for (const role of ROLES.keys()) {
        if (!name.includes(ROLES.get(role) ?? '')) continue;
        processes.push({ role, pid, inspector: await run.start(Inspector.open(pid)) });
      }
    }
    return new Ledgers(run, server.client, processes);
  }

  /** `request` is asked with a `round` that counts on, so that none need be asked twice. */
  measure(
    name: string,
    route: '/search/text' | '/search/vector',
    request: (round: number) => Buffer,
  ): Promise<Ledger> {
    const { quick, seconds } = this.run.flags;
    const measuredMs = quick ? 1_000 : seconds * 1000;
    const ask = (at: number) => mustSearch(this.client, route, request(at));
    let round = 0;
    const loop = async (ms: number): Promise<number> => {
      const [first, endMs] = [round, performance.now() + ms];
      while (performance.now() < endMs) await ask(round++);
      return round - first;
    };
    return this.run.measure(`ledger, ${name}`, async () => {
      await loop(WARM_UP_MS);
      const unprofiled = this.meter();
      const unprofiledUs = unprofiled(await loop(measuredMs)).whole;
      const known = this.threads();
      await Promise.all(this.processes.map(({ inspector }) => inspector.startProfiles(SAMPLE_US)));
      // The start itself takes as much as many searches; the profiler's threads are none of theirs.
      const profiled = this.meter(known);
      const searches = await loop(measuredMs);
      const { whole, others } = profiled(searches);
      // Searches go on, uncounted, until the workers have heard that their profiles end.
      let stopped = false;
      const stopping = this.stop(searches).finally(() => (stopped = true));
      while (!stopped) await ask(round++);
      const { times, workersUs } = await stopping;
      for (const role of ROLES.keys()) {
        const helpers = Math.max(0, others[role] - workersUs[role]);
        times[role].put(HELPERS, 'of V8 and libuv', helpers * searches);
      }
      return sumUp({ search: name, searches, times, wholeUs: whole, unprofiledUs });
    });
  }

  async close(): Promise<void> {
    for (const { inspector } of this.processes) await this.run.release(inspector);
  }

  private threads(): Map<number, number>[] {
    return this.processes.map(({ pid }) => threadCpuNs(pid));
  }

  /**
   * CPU of each role from now on, microseconds a search: of the `known` threads, and of those of them
   * beside the main ones.
   */
  private meter(known = this.threads()) {
    const before = this.threads().map(
      (threads, i) => new Map([...threads].filter(([thread]) => known[i]?.has(thread))),
    );
    return (searches: number) => {
      const [whole, others] = [perRole(() => 0), perRole(() => 0)];
      this.processes.forEach(({ role, pid }, i) => {
        const { mainUs, othersUs } = cpuSince(before[i] ?? new Map<number, number>(), pid);
        whole[role] += (mainUs + othersUs) / searches;
        others[role] += othersUs / searches;
      });
      return { whole, others };
    };
  }

  private async stop(searches: number) {
    const [times, workersUs] = [perRole(() => new StationTimes()), perRole(() => 0)];
    await Promise.all(
      this.processes.map(async ({ role, inspector }) => {
        const [main, ...workers] = await inspector.stopProfiles();
        if (main !== undefined) times[role].add(main, this.moduleOf);
        for (const worker of workers) {
          workersUs[role] += times[role].add(worker, this.moduleOf) / searches;
        }
      }),
    );
    return { times, workersUs };
  }
}
