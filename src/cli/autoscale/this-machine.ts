import { request } from 'node:http';
import type { Role } from '../../capacity/autoscale/policy.js';
import type { RoleSample } from '../../capacity/autoscale/sample.js';
import { memoryUse } from '../../metrics/memory-use.js';
import { SCALED, type Processes, type Scaled } from '../../supervisor/control-socket.js';
import type { ProcessFigures } from '../../supervisor/process-group.js';
import type { Ground, Order } from './ground.js';

const TIMEOUT_MS = 5_000;

/** The processes of the `omnisearch up` on this machine, which has a socket in its data folder. */
export class ThisMachine implements Ground {
  /** As each process was when it was asked last. */
  private before = new Map<number, ProcessFigures>();

  constructor(private readonly socket: string) {}

  /** Whether the role is one of those that `up` can change. */
  static has(role: Role): role is Scaled {
    return SCALED.some((each) => each === role);
  }

  async sample(role: Role): Promise<RoleSample> {
    if (!ThisMachine.has(role)) throw new Error(`${role} of one machine are not scaled`);
    const all = await this.processes();
    // Those that are being started are there: what takes long to start is not to be ended for it.
    const { processes, count: running } = all[role];
    const there = { running, counted: running };
    const ready = processes.filter((each) => each.ready);
    if (role === 'workers') {
      const queue = all.waiting ?? undefined;
      return { ...there, heard: queue === undefined ? 0 : running, queue };
    }
    const told = ready.flatMap((now) => this.sinceBefore(now) ?? []);
    this.before = new Map(ready.map((each) => [each.pid, each]));
    const { used, limit } = await memoryUse();
    const sample = { ...there, heard: told.length, memory: used / limit, isOneMachine: true };
    if (told.length === 0) return sample;
    const sum = (of: (each: Lap) => number): number => told.reduce((a, each) => a + of(each), 0);
    return { ...sample, cpu: sum((each) => each.busy) / told.length, qps: sum((each) => each.qps) };
  }

  /** Undefined for one that was not there before: what it did as it started says nothing. */
  private sinceBefore(now: ProcessFigures): Lap | undefined {
    const then = this.before.get(now.pid);
    if (then === undefined) return undefined;
    const activeMs = now.activeMs - then.activeMs;
    const allMs = activeMs + now.idleMs - then.idleMs;
    if (allMs <= 0) return undefined;
    const searches = (now.searches ?? 0) - (then.searches ?? 0);
    return { busy: activeMs / allMs, qps: (1_000 * searches) / allMs };
  }

  async change({ role, to }: Order): Promise<void> {
    await this.ask('PUT', { [role]: to });
  }

  /** Rejects where no `up` runs on the data folder. */
  async processes(): Promise<Processes> {
    return (await this.ask('GET')) as Processes;
  }

  private ask(method: 'GET' | 'PUT', body?: object): Promise<unknown> {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    return new Promise((resolve, reject) => {
      const options = { socketPath: this.socket, path: '/processes', method, signal };
      const asking = request(options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.once('error', reject).once('end', () => {
          const json = JSON.parse(text) as { error?: { message: string } };
          if (response.statusCode === 200) resolve(json);
          else reject(new Error(json.error?.message ?? `status ${String(response.statusCode)}`));
        });
      });
      asking.once('error', (error: NodeJS.ErrnoException) => {
        const isGone = error.code === 'ENOENT' || error.code === 'ECONNREFUSED';
        reject(isGone ? new Error('no omnisearch up runs on this data folder') : error);
      });
      asking.end(body && JSON.stringify(body));
    });
  }
}

interface Lap {
  busy: number;
  qps: number;
}
