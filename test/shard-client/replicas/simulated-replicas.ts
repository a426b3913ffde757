import type { CancelSignal } from '../../../src/core/cancellation.js';
import { Random } from '../../../bench/lib/random.js';
import { Deadline } from '../../../src/core/deadline.js';
import { type ErrorCode, OmniError } from '../../../src/core/errors.js';
import type { ReplicaCall, ReplicaNodes } from '../../../src/shard-client/replicas/replica-call.js';
import {
  ReplicaCalls,
  type ReplicaCallsOptions,
} from '../../../src/shard-client/replicas/replica-calls.js';
import { VirtualClock } from '../../bench/virtual-clock.js';

/** Numbers in [0, 1), the same for the same `seed`. */
export function seeded(seed: number): () => number {
  const source = new Random(seed);
  return () => source.next();
}

/** How one node behaves, and what it was asked. A test sets and reads it at any time. */
export interface SimulatedNode {
  serviceMs: () => number;
  isWhole: boolean;
  failure: ErrorCode | undefined;
  /** Until then nothing at all comes from it; what was asked meanwhile is answered then. */
  hangsUntilMs: number;
  isSilent: boolean;
  asked: number;
  stopped: number;
  probed: number;
}

export interface SimulatedAnswer {
  from: string;
  isWhole: boolean;
}

/** Nodes on a virtual clock that answer any number of requests at once. */
export class SimulatedReplicas implements ReplicaNodes {
  readonly clock = new VirtualClock();
  readonly random = seeded(7);
  /** Timers set and not yet called off or rung, the most at a time, and all. */
  readonly timers = { now: 0, most: 0, all: 0 };
  private readonly nodes = new Map<string, SimulatedNode>();
  private readonly heard = new Map<string, number>();

  constructor(...names: string[]) {
    for (const name of names) this.nodes.set(name, restingNode());
  }

  node(name: string): SimulatedNode {
    return this.nodes.get(name) as SimulatedNode;
  }

  calls(options: ReplicaCallsOptions = {}): ReplicaCalls {
    const now = (): number => this.clock.nowMs();
    return new ReplicaCalls(this, {
      now,
      setTimer: this.setTimer,
      random: this.random,
      ...options,
    });
  }

  deadline(budgetMs: number): Deadline {
    return Deadline.after(budgetMs, () => this.clock.nowMs());
  }

  /** A call of all nodes. */
  call(wish: Partial<ReplicaCall<SimulatedAnswer>> = {}): ReplicaCall<SimulatedAnswer> {
    return {
      nodes: [...this.nodes.keys()],
      kind: 'search',
      ask: (node, deadline, signal) => this.ask(node, deadline, signal),
      isWhole: (answer) => answer.isWhole,
      ...wish,
    };
  }

  isSilent(name: string): boolean {
    return this.node(name).isSilent;
  }

  heardAtMs(name: string): number {
    return this.heard.get(name) ?? 0;
  }

  async probe(name: string, deadline: Deadline): Promise<void> {
    this.node(name).probed += 1;
    await this.answerOf(name, deadline, undefined, 0);
  }

  private async ask(
    name: string,
    deadline: Deadline,
    signal: CancelSignal | undefined,
  ): Promise<SimulatedAnswer> {
    const node = this.node(name);
    node.asked += 1;
    await this.answerOf(name, deadline, signal, node.serviceMs());
    return { from: name, isWhole: node.isWhole };
  }

  private answerOf(
    name: string,
    deadline: Deadline,
    signal: CancelSignal | undefined,
    serviceMs: number,
  ): Promise<void> {
    const node = this.node(name);
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        node.stopped += 1;
        reject(new OmniError('deadline_exceeded', `${name}: the caller went away`));
      };
      signal?.addEventListener('abort', stop);
      if (signal?.aborted === true) stop();
      const late = new OmniError('deadline_exceeded', `${name} did not answer in time`);
      void this.clock.sleep(deadline.remainingMs()).then(() => reject(late));
      if (node.failure !== undefined) reject(new OmniError(node.failure, name));
      else void this.serve(name, serviceMs).then(resolve);
    });
  }

  private async serve(name: string, serviceMs: number): Promise<void> {
    await this.clock.sleep(serviceMs);
    const node = this.node(name);
    while (node.hangsUntilMs > this.clock.nowMs()) await this.clock.sleepUntil(node.hangsUntilMs);
    this.heard.set(name, this.clock.nowMs());
  }

  private readonly setTimer = (afterMs: number, wake: () => void): (() => void) => {
    const { timers } = this;
    timers.all += 1;
    timers.now += 1;
    timers.most = Math.max(timers.most, timers.now);
    let isSet = true;
    const unset = (): boolean => {
      if (!isSet) return false;
      isSet = false;
      timers.now -= 1;
      return true;
    };
    void this.clock.sleep(afterMs).then(() => {
      if (unset()) wake();
    });
    return unset;
  };
}

function restingNode(): SimulatedNode {
  return {
    serviceMs: () => 2,
    isWhole: true,
    failure: undefined,
    hangsUntilMs: 0,
    isSilent: false,
    asked: 0,
    stopped: 0,
    probed: 0,
  };
}
