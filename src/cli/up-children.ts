import { join } from 'node:path';
import { childEnv } from '../config/child-env.js';
import type { Config } from '../config/settings.js';
import type { Verb } from '../config/verbs.js';
import type { Logger } from '../core/logger.js';
import type { HeartbeatTimes } from '../supervisor/heartbeat.js';
import { ManagedChild, type ChildEvents, type ChildSpec } from '../supervisor/managed-child.js';
import { ProcessGroup } from '../supervisor/process-group.js';
import { isLmdb } from './open-store.js';
import { packageFile } from './package-file.js';
import { StartError } from './run-role.js';

/** Past the drain time a child is hung. */
const KILL_AFTER_DRAIN_MS = 500;
/**
 * For glibc in shard processes: blocks from 1 MiB on are mapped, so that they go back to the system when
 * they are freed. By itself it raises that bound with each large block, and keeps what is freed.
 */
const MALLOC_ENV = {
  MALLOC_MMAP_THRESHOLD_: '1048576',
  MALLOC_TRIM_THRESHOLD_: '1048576',
  MALLOC_ARENA_MAX: '2',
};
/** Pings to a child within the time after which it counts as hung. */
const PINGS = 10;
/** Reading large files in one go at a start takes longer than any turn later on. */
const START_PATIENCE_MS = 60_000;
/** Of query nodes, and of workers, on one machine. */
const MOST_PROCESSES = 64;

/** Whether there may be more or fewer query nodes while it runs: they share the port then, also a single one. */
export function sharesPort({ queryNodes, policy }: Pick<Config, 'queryNodes' | 'policy'>): boolean {
  return queryNodes > 1 || policy !== undefined;
}

/**
 * The processes of `up`: query nodes, workers, shards, and what says how many of the first two there are to be. All are
 * started at once, as loading their code takes most of the time, but the others begin when the first query node has opened
 * the store: it alone tells damage from data, and may have to embed or place everything anew.
 *
 * Query nodes that share LMDB, which takes one writer at a time anyway, leave writing to one more, so that no search waits
 * in the loop of one that writes.
 */
export class UpChildren {
  readonly queryNodes: ProcessGroup;
  readonly workers: ProcessGroup;
  /** Where query nodes listen, once one does there, and one writes. */
  readonly listening: Promise<number>;
  /** Rejects when one of those that have to be there cannot start, or go on. */
  readonly failed: Promise<never>;
  private readonly others: ManagedChild[] = [];
  private readonly writer: ManagedChild | undefined;
  private readonly flags: string[];
  private readonly graceMs: number;
  private readonly after: Promise<void>;
  private onOpened: () => void = () => undefined;
  private hasOpened = false;
  private fail: (problem: StartError) => void = () => undefined;

  /** @param addresses of the shards by name */
  constructor(
    private readonly config: Config,
    private readonly addresses: ReadonlyMap<string, string>,
    folder: string,
    private readonly logger: Logger,
  ) {
    this.failed = new Promise<never>((_, reject) => (this.fail = reject));
    this.failed.catch(() => undefined);
    this.after = new Promise<void>((resolve) => {
      this.onOpened = () => {
        this.hasOpened = true;
        resolve();
      };
    });
    this.graceMs = config.drainDelayMs + config.drainTimeoutMs + KILL_AFTER_DRAIN_MS;
    this.flags = [...addresses].flatMap(([name, at]) => ['--shard-address', `${name}=${at}`]);
    const socket = join(folder, 'write.sock');
    const writes = sharesPort(config) && isLmdb(config.storeUrl);
    const wrote = writes ? this.startWriter(socket) : undefined;
    this.writer = wrote?.child;
    const { group, ready } = this.openQueryNodes(writes ? socket : undefined);
    this.queryNodes = group;
    this.listening = Promise.all([ready, wrote?.ready]).then(([port]) => port);
    this.workers = this.openWorkers();
    this.startShards();
    if (config.policy !== undefined) this.startAutoscale();
  }

  /** Jobs that wait, as the one that writes for all says; undefined: each writes, or it has not said anything yet. */
  get waiting(): number | undefined {
    return this.writer?.figures?.figures.waiting;
  }

  /** From now on none is started again. */
  letGo(): void {
    for (const child of this.others) child.letGo();
    this.writer?.letGo();
    this.queryNodes.letGo();
    this.workers.letGo();
  }

  /** Searches in flight still need the shards: query nodes go first. */
  async stop(): Promise<void> {
    this.letGo();
    await Promise.all([this.queryNodes.stop(), this.writer?.stop(this.graceMs)]);
    const others = this.others.map((child) => child.stop(this.graceMs));
    await Promise.all([this.workers.stop(), ...others]);
  }

  private startWriter(socket: string): { child: ManagedChild; ready: Promise<void> } {
    const metricsPort = this.metricsPort(0);
    const own: Config = { ...this.config, serve: 'write', socket, metricsPort };
    const env = childEnv(own, 'query-node', process.env);
    let onReady: () => void = () => undefined;
    const ready = new Promise<void>((resolve) => (onReady = resolve));
    const child = this.start(
      { ...this.specOf('query node that writes', 'query-node', env), mustStart: true },
      { onReady, onOpened: this.onOpened },
    );
    return { child, ready };
  }

  /** @param socket of the one that writes for them; undefined: each writes */
  private openQueryNodes(socket: string | undefined): {
    group: ProcessGroup;
    ready: Promise<number>;
  } {
    const { config } = this;
    const isShared = sharesPort(config);
    const reads: Partial<Config> =
      socket === undefined ? {} : { serve: 'read', writeUrl: `unix:${socket}` };
    const envs = new Map<number, NodeJS.ProcessEnv>();
    let onListening: (port: number) => void = () => undefined;
    const ready = new Promise<number>((resolve) => (onListening = resolve));
    const group = new ProcessGroup({
      most: isShared ? MOST_PROCESSES : 1,
      ...{ graceMs: this.graceMs, logger: this.logger },
      specOf: (number) => {
        const metricsPort = this.metricsPort(this.placeOf(number));
        // The first settles what the others find.
        const settles = socket === undefined && number === 0 && !this.hasOpened;
        const reembed = settles && config.reembed;
        const env = childEnv(
          { ...config, ...reads, reembed, metricsPort },
          'query-node',
          process.env,
        );
        envs.set(number, env);
        const name = number === 0 ? 'query node' : `query node ${number + 1}`;
        const spec = this.specOf(name, 'query-node', env);
        return { ...spec, sharesPort: isShared, ...(settles ? {} : { after: this.after }) };
      },
      onReady: (number, port = 0) => {
        const env = envs.get(number);
        // Started again, it must be found where it was, also when the first port was any free one.
        if (env !== undefined) env['OMNISEARCH_PORT'] = String(port);
        onListening(port);
      },
      onFailed: (line) => this.fail(new StartError(line)),
    });
    const first = socket === undefined ? { mustStart: true, onOpened: this.onOpened } : {};
    group.begin(config.queryNodes, first);
    return { group, ready };
  }

  /** None at first: the query nodes do what there is to do. */
  private openWorkers(): ProcessGroup {
    return new ProcessGroup({
      most: MOST_PROCESSES,
      ...{ graceMs: this.graceMs, logger: this.logger },
      specOf: (number) => {
        const place = this.firstFree + MOST_PROCESSES + number;
        const own = { ...this.config, metricsPort: this.metricsPort(place) };
        const env = childEnv(own, 'worker', process.env);
        return { ...this.specOf(`worker ${number + 1}`, 'worker', env), after: this.after };
      },
      onFailed: (line) => this.logger.error(line),
    });
  }

  private startShards(): void {
    for (const [i, [shard, listen]] of [...this.addresses].entries()) {
      const metricsPort = this.metricsPort(this.nodesAtFirst + i);
      // `ADVERTISE` is where the query nodes are.
      const own: Config = { ...this.config, shard, listen, advertise: undefined, metricsPort };
      const env = { ...MALLOC_ENV, ...childEnv(own, 'shard-node', process.env) };
      const spec = this.specOf(`shard ${shard}`, 'shard-node', env);
      // Until it is there, answers say that it is missing.
      this.others.push(this.start({ ...spec, mustStart: false, after: this.after }));
    }
  }

  /** Without it all goes on with as many as there are. */
  private startAutoscale(): void {
    const env = childEnv(this.config, 'autoscale', process.env);
    const spec = this.specOf('autoscaler', 'autoscale', env, []);
    const onGivenUp = (line: string): void => this.logger.error(`${line}: nothing is scaled`);
    const child = this.start({ ...spec, mustStart: false, after: this.after }, { onGivenUp });
    this.others.push(child);
  }

  private start(spec: ChildSpec, events: Partial<ChildEvents> = {}): ManagedChild {
    const child = new ManagedChild(spec, this.logger, {
      onReady: () => undefined,
      onGivenUp: (line) => this.fail(new StartError(line)),
      ...events,
    });
    child.start();
    return child;
  }

  private specOf(
    name: string,
    verb: Verb,
    env: NodeJS.ProcessEnv,
    flags = this.flags,
  ): Omit<ChildSpec, 'mustStart'> {
    const script = packageFile('dist/cli/main.js');
    return { name, script, args: [verb, ...flags], env, heartbeat: heartbeatOf(this.config) };
  }

  private get nodesAtFirst(): number {
    return this.config.queryNodes + (this.writer === undefined ? 0 : 1);
  }

  /** Behind those of the processes that there are from the beginning. */
  private get firstFree(): number {
    return this.nodesAtFirst + this.addresses.size;
  }

  /** Of a query node on the port, among all processes that have a page of metrics. */
  private placeOf(number: number): number {
    const { queryNodes } = this.config;
    if (number < queryNodes) return this.nodesAtFirst - queryNodes + number;
    return this.firstFree + number - queryNodes;
  }

  /** One for each process: those that share a port would answer in turns. */
  private metricsPort(place: number): number | undefined {
    const { metricsPort } = this.config;
    return metricsPort === undefined || metricsPort === 0 ? metricsPort : metricsPort + place;
  }
}

function heartbeatOf({ hangTimeoutMs }: Config): HeartbeatTimes {
  const intervalMs = hangTimeoutMs / PINGS;
  const maxSilentAtStart = Math.max(PINGS, Math.ceil(START_PATIENCE_MS / intervalMs));
  return { intervalMs, maxSilent: PINGS, maxSilentAtStart };
}
