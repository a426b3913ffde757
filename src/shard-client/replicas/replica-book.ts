import type { CancelSignal } from '../../core/cancellation.js';
import { Deadline } from '../../core/deadline.js';
import { toOmniError } from '../../core/errors.js';
import type { KnownLoads } from './choose-replica.js';
import { KindTimes } from './kind-times.js';
import { NodeCalls, type CallOutcome } from './node-calls.js';
import { NodeHealth } from './node-health.js';
import { isForAnother } from './refusals.js';
import type { ReplicaNodes } from './replica-call.js';

/** How long a probe waits. A node that hung answers it as soon as it goes on. */
const PROBE_TIMEOUT_MS = 1_000;

/** A request to one node, from its sending to its end. */
export interface Asked {
  node: string;
  kind: string;
  health: NodeHealth;
  calls: NodeCalls;
  askedAtMs: number;
}

/** What all calls together have learnt of nodes and kinds of requests. */
export class ReplicaBook implements KnownLoads {
  readonly times = new KindTimes();
  private readonly healths = new Map<string, NodeHealth>();
  private readonly calls = new Map<string, NodeCalls>();

  constructor(
    readonly nodes: ReplicaNodes,
    readonly now: () => number,
  ) {}

  get known(): ReadonlyMap<string, NodeHealth> {
    return this.healths;
  }

  /** How requests ended, by node. */
  get ended(): ReadonlyMap<string, NodeCalls> {
    return this.calls;
  }

  isLeftAlone(node: string): boolean {
    return this.healths.get(node)?.isEjected === true || this.nodes.isSilent(node);
  }

  load(node: string): number {
    return this.healths.get(node)?.load ?? 1;
  }

  /** Whether an answer can be hoped for, of a node that was taken away meanwhile too. */
  isHopeful(asked: Asked): boolean {
    return !asked.health.isEjected && !this.nodes.isSilent(asked.node);
  }

  /** One of `answered`, `gaveUp` and `failed` follows. */
  asked(node: string, kind: string): Asked {
    let health = this.healths.get(node);
    if (health === undefined) {
      health = new NodeHealth(this.now);
      this.healths.set(node, health);
    }
    health.outstanding.begin(kind, this.nodes.heardAtMs(node));
    return { node, kind, health, calls: this.callsOf(node), askedAtMs: this.now() };
  }

  /** An answer that lacks nothing. */
  answered(asked: Asked): void {
    this.end(asked);
    const durationMs = this.now() - asked.askedAtMs;
    asked.calls.ended('ok', durationMs);
    asked.health.answered(asked.askedAtMs, this.times.slowness(asked.kind, durationMs));
    this.times.add(asked.kind, durationMs);
  }

  /** Nobody waits for it any more, or what came says as little of the node's speed. */
  gaveUp(asked: Asked, outcome: CallOutcome = 'called_off'): void {
    this.end(asked);
    asked.calls.ended(outcome, this.now() - asked.askedAtMs);
    asked.health.gaveUp(this.slownessOf(asked));
  }

  /**
   * `error` came instead of an answer. It is the node's failure where another might have answered; a deadline
   * that passed sooner than a node counts as hung proves nothing, nor does what the caller called off.
   */
  failed(asked: Asked, error: unknown, signal: CancelSignal | undefined): void {
    const isEarly = this.now() - asked.askedAtMs < this.times.hangAfterMs(asked.kind);
    const isNodes = isForAnother(error) && !(error.code === 'deadline_exceeded' && isEarly);
    this.gaveUp(asked, signal?.aborted === true ? 'called_off' : outcomeOf(error));
    if (isNodes && signal?.aborted !== true) asked.health.failed();
  }

  /** For how long requests of this kind have waited for the node with nothing heard of it, milliseconds. */
  silenceMs({ health, kind, node }: Asked): number {
    return health.outstanding.silenceMs(kind, this.nodes.heardAtMs(node));
  }

  /** Probes `node` if it is ejected and its pause is over. Never rejects. */
  async probeIfDue(node: string): Promise<void> {
    const health = this.healths.get(node);
    if (health?.beginProbe() !== true) return;
    const deadline = Deadline.after(PROBE_TIMEOUT_MS, this.now);
    const succeeded = await this.nodes.probe(node, deadline).then(
      () => true,
      () => false,
    );
    health.probed(succeeded);
  }

  /** Forgets all other nodes. */
  keepOnly(names: Iterable<string>): void {
    const kept = new Set(names);
    for (const known of [this.healths, this.calls]) {
      for (const name of known.keys()) if (!kept.has(name)) known.delete(name);
    }
  }

  private callsOf(node: string): NodeCalls {
    let calls = this.calls.get(node);
    if (calls === undefined) {
      calls = new NodeCalls();
      this.calls.set(node, calls);
    }
    return calls;
  }

  private end({ health, kind, node }: Asked): void {
    health.outstanding.end(kind, this.nodes.heardAtMs(node));
  }

  private slownessOf(asked: Asked): number | undefined {
    return this.times.slowness(asked.kind, this.now() - asked.askedAtMs);
  }
}

function outcomeOf(error: unknown): CallOutcome {
  return toOmniError(error).code === 'deadline_exceeded' ? 'timeout' : 'failed';
}
