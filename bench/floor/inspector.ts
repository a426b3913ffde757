import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { request, WebSocket } from 'undici';
import type { Resource } from '../lib/bench.js';
import type { Profile } from './profile.js';

/** For a process's environment: its inspector, once a signal opens it, takes any free port. */
export const ANY_INSPECTOR_PORT = '--inspect-port=0';

const OPEN_TIMEOUT_MS = 15_000;
const CALL_TIMEOUT_MS = 60_000;
const WORKER_TIMEOUT_MS = 1_000;
/** State "listening" in /proc/net/tcp. */
const LISTENING = '0A';

/** What comes over the Chrome DevTools Protocol: an answer (with `id`) or an event. */
interface Message {
  id?: number;
  method?: string;
  params?: Record<string, unknown>;
  result?: unknown;
  error?: { message: string };
}

interface Waiting {
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
  timer: NodeJS.Timeout;
}

/** The inspector of another Node process, its worker threads among it. */
export class Inspector implements Resource {
  private readonly waiting = new Map<number, Waiting>();
  /** Sessions of worker threads. */
  private readonly workers: string[] = [];
  private lastId = 0;

  private constructor(private readonly socket: WebSocket) {
    socket.addEventListener('message', ({ data }) => this.hear(String(data)));
    socket.addEventListener('close', () => this.fail(new Error('the inspector has gone')));
    socket.addEventListener('error', () => this.fail(new Error('the inspector has failed')));
  }

  /** Opens the inspector of a process (SIGUSR1) and connects. Throws where that takes over 15 s. */
  static async open(pid: number): Promise<Inspector> {
    const before = new Set(listeningPorts(pid));
    process.kill(pid, 'SIGUSR1');
    const giveUpMs = performance.now() + OPEN_TIMEOUT_MS;
    while (performance.now() < giveUpMs) {
      for (const port of listeningPorts(pid).filter((port) => !before.has(port))) {
        const inspector = new Inspector(await connect(await socketUrl(port)));
        await inspector.call('NodeWorker.enable', { waitForDebuggerOnStart: false });
        return inspector;
      }
      await sleep(20);
    }
    throw new Error(`process ${String(pid)} did not open its inspector`);
  }

  /** Samples the main thread and all worker threads every so many microseconds. */
  async startProfiles(intervalUs: number): Promise<void> {
    const steps = [
      ['Profiler.enable', {}],
      ['Profiler.setSamplingInterval', { interval: intervalUs }],
      ['Profiler.start', {}],
    ] as const;
    for (const [method, params] of steps) {
      // A worker that waits for work hears of it with its next piece.
      for (const worker of this.workers) void this.callWorker(worker, method, params);
      await this.call(method, params);
    }
  }

  /**
   * Of the main thread first, then of the workers, without those that had nothing to do since: they
   * hear of nothing. Whoever wants to hear of the others keeps them busy meanwhile, for at most 1 s.
   */
  async stopProfiles(): Promise<Profile[]> {
    const stopped = await Promise.all([
      this.call('Profiler.stop', {}),
      ...this.workers.map((worker) =>
        Promise.race([
          this.callWorker(worker, 'Profiler.stop', {}),
          sleep(WORKER_TIMEOUT_MS, undefined),
        ]),
      ),
    ]);
    return stopped.flatMap((result) =>
      result === undefined ? [] : [(result as { profile: Profile }).profile],
    );
  }

  async close(): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    const closed = new Promise((resolve) => this.socket.addEventListener('close', resolve));
    this.socket.close();
    await Promise.race([closed, sleep(1_000, undefined, { ref: false })]);
  }

  private call(method: string, params: object): Promise<unknown> {
    const id = ++this.lastId;
    this.socket.send(JSON.stringify({ id, method, params }));
    return this.answerTo(id, method);
  }

  /** The message travels inside of one to the main thread, and so does its answer. Undefined: none came. */
  private async callWorker(sessionId: string, method: string, params: object): Promise<unknown> {
    const id = ++this.lastId;
    const answer = this.answerTo(id, method).catch(() => undefined);
    const message = JSON.stringify({ id, method, params });
    await this.call('NodeWorker.sendMessageToWorker', { sessionId, message });
    return answer;
  }

  private answerTo(id: number, method: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        reject(new Error(`the inspector gave no answer to ${method}`));
      }, CALL_TIMEOUT_MS);
      this.waiting.set(id, { resolve, reject, timer });
    });
  }

  private hear(text: string): void {
    const { id, method, params, result, error } = JSON.parse(text) as Message;
    if (method === 'NodeWorker.attachedToWorker') this.workers.push(String(params?.['sessionId']));
    if (method === 'NodeWorker.receivedMessageFromWorker') this.hear(String(params?.['message']));
    const waiting = id === undefined ? undefined : this.waiting.get(id);
    if (id === undefined || waiting === undefined) return;
    this.waiting.delete(id);
    clearTimeout(waiting.timer);
    if (error === undefined) waiting.resolve(result);
    else waiting.reject(new Error(error.message));
  }

  private fail(error: Error): void {
    for (const { reject, timer } of this.waiting.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.waiting.clear();
  }
}

async function socketUrl(port: number): Promise<string> {
  const { body } = await request(`http://127.0.0.1:${String(port)}/json/list`);
  const [target] = (await body.json()) as { webSocketDebuggerUrl: string }[];
  if (target === undefined) throw new Error('the inspector has nothing to inspect');
  return target.webSocketDebuggerUrl;
}

function connect(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url);
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', () => resolve(socket), { once: true });
    socket.addEventListener('error', () => reject(new Error(`cannot connect to ${url}`)), {
      once: true,
    });
  });
}

/** TCP ports over IPv4 that a process listens on, by /proc. */
function listeningPorts(pid: number): number[] {
  const folder = `/proc/${String(pid)}`;
  const links = readdirSync(`${folder}/fd`).map((fd) => linkOf(`${folder}/fd/${fd}`));
  const inodes = new Set(links.map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1]));
  const sockets = readFileSync(`${folder}/net/tcp`, 'utf8').split('\n').slice(1);
  return sockets.flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    if (fields[3] !== LISTENING || !inodes.has(fields[9])) return [];
    return [Number.parseInt(fields[1]?.split(':')[1] ?? '', 16)];
  });
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // closed meanwhile
  }
}
