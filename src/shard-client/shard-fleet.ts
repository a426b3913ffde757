import type { CancelSignal } from '../core/cancellation.js';
import { Deadline } from '../core/deadline.js';
import { OmniError, toOmniError } from '../core/errors.js';
import type { ShardState } from '../core/shard-status.js';
import {
  RECALL_AT,
  type Moved,
  type Reply,
  type Request,
  type WordCounts,
} from '../protocol/messages.js';
import { encodePartitions } from '../protocol/partition-list.js';
import { endpointOf, type ShardAddress } from '../protocol/shard-address.js';
import type { Credentials } from './client-handshake.js';
import type { FleetFigures } from './fleet-figures.js';
import {
  expectReply,
  searchCall,
  sentIn,
  wordsCall,
  type AskedReplicas,
  type Asker,
  type LeafAnswer,
  type LeafSearch,
  type Sampled,
  type Send,
  type WordsAsked,
} from './leaf-calls.js';
import type { Served } from './replicas/replica-call.js';
import { ReplicaCalls } from './replicas/replica-calls.js';
import { ShardConnection } from './shard-connection.js';
import { untilApplied, type AppliedAsked } from './until-applied.js';

/** How old a kept state may be: a second, and what the shard took to answer. */
const STATUS_EVERY_MS = 1_000;
/** The same while a shard is starting: who waits for it is to hear soon. */
const STARTING_EVERY_MS = 200;
const STATUS_TIMEOUT_MS = 1_000;
/** How long a request to a shard that cannot be reached waits for news of another address. */
const RELOCATE_TIMEOUT_MS = 200;
/** Below every cosine. */
const BELOW_ALL = -2;

/** What a node last said. */
interface KnownState {
  askedAtMs: number;
  state: ShardState;
  /** What its answer took; undefined: there was none. */
  roundTripMs: number | undefined;
}

/** All shard nodes of a cluster by name, each behind one long-lived connection. */
export class ShardFleet {
  private shards: ReadonlyMap<string, ShardConnection> = new Map();
  private readonly replicas = new ReplicaCalls({
    isSilent: (node) => this.shards.get(node)?.isSilent ?? true,
    heardAtMs: (node) => this.shards.get(node)?.pulse.heardAtMs ?? -Infinity,
    probe: async (node, deadline) => {
      expectReply(await this.request(node, { type: 'status' }, deadline), 'status');
    },
  });
  private readonly send: Send = (...request) => this.request(...request);
  private relocate: (() => Promise<void>) | undefined;
  private readonly states = new Map<string, KnownState>();
  private readonly aliveAtMs = new Map<string, number>();
  private readonly begunAtMs = performance.now();
  private readonly asking = new Set<string>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    addresses: ReadonlyMap<string, ShardAddress>,
    private readonly credentials: Credentials,
    /** A tenant's share of a shard beside others'. */
    private readonly weightOf: (tenant: string) => number = () => 1,
  ) {
    this.setAddresses(addresses);
  }

  get names(): string[] {
    return [...this.shards.keys()];
  }

  /**
   * From now on these are the shards, and where they are; requests under way to one that moved reject
   * `unavailable`. Returns the names of those that came, went or moved.
   */
  setAddresses(addresses: ReadonlyMap<string, ShardAddress>): string[] {
    const before = this.shards;
    const changed = new Set<string>();
    const next = new Map<string, ShardConnection>();
    for (const [name, address] of addresses) {
      const held = before.get(name);
      const stays = held?.address === address;
      if (!stays) changed.add(name);
      next.set(name, stays ? held : new ShardConnection(address, this.credentials));
    }
    this.shards = next;
    for (const [name, connection] of before) {
      if (next.get(name) === connection) continue;
      connection.close();
      changed.add(name);
    }
    for (const name of changed) {
      this.states.delete(name);
      // That it is there, or elsewhere, is a sign of life as well.
      if (next.has(name)) this.aliveAtMs.set(name, performance.now());
      else this.aliveAtMs.delete(name);
    }
    this.replicas.keepOnly(next.keys());
    if (this.timer !== undefined && changed.size > 0) void this.refresh();
    return [...changed];
  }

  /** `relocate` brings the addresses up to date, and never rejects. */
  onUnreachable(relocate: () => Promise<void>): void {
    this.relocate = relocate;
  }

  /** Asks every shard for its state, now and each second. Resolves after the first time. */
  async watch(): Promise<void> {
    let ticks = 0;
    this.timer ??= setInterval(() => {
      ticks += 1;
      const isForAll = ticks % (STATUS_EVERY_MS / STARTING_EVERY_MS) === 0;
      void this.refresh((name) => isForAll || this.isStarting(name));
    }, STARTING_EVERY_MS);
    await this.refresh();
  }

  /** It is not ready yet, or was lost and may be back. */
  private isStarting(name: string): boolean {
    return this.keptOf(name).reply?.ready !== true;
  }

  /** Each shard's state as it was a moment ago: asks nobody. */
  kept(): ShardState[] {
    return this.names.map((name) => this.keptOf(name));
  }

  private keptOf(name: string): ShardState {
    const known = this.states.get(name);
    if (known === undefined) return { name, reply: undefined, problem: 'not asked yet' };
    const isLost = (this.shards.get(name)?.lostAtMs ?? -Infinity) > known.askedAtMs;
    if (!isLost) return known.state;
    return { name, reply: undefined, problem: 'the connection to the shard broke' };
  }

  /** For `/metrics`. */
  figures(): FleetFigures {
    const roundTripsMs = new Map<string, number>();
    for (const [name, { roundTripMs }] of this.states) {
      if (roundTripMs !== undefined) roundTripsMs.set(name, roundTripMs);
    }
    const { counts, ended } = this.replicas;
    return { counts, ended, nodes: this.replicas.nodeStates(), roundTripsMs };
  }

  /** Brings the kept states up to date. Never rejects. */
  async refresh(isDue: (name: string) => boolean = () => true): Promise<void> {
    const due = [...this.shards].filter(([name]) => isDue(name));
    await Promise.all(due.map(([name, shard]) => this.refreshOne(name, shard)));
  }

  /**
   * What one of the replicas answers: another one is asked where the first does not answer in time, or not
   * in full. Rejects `unavailable`, `overloaded` or `deadline_exceeded`; also when `signal` is aborted.
   */
  search(
    replicas: AskedReplicas,
    leaf: LeafSearch,
    deadline: Deadline,
    { signal, span }: Asker = {},
  ): Promise<Served<LeafAnswer>> {
    return this.replicas.call(
      searchCall(replicas, leaf, this.weightOf(leaf.tenant), sentIn(span, this.send)),
      deadline,
      signal,
    );
  }

  /**
   * How common words are in the partitions of a group. `budgetMs` bounds what is kept of it for the search
   * that follows. Rejects as `search` does.
   */
  countWords(
    replicas: AskedReplicas,
    asked: WordsAsked,
    deadline: Deadline,
    { signal, span }: Asker = {},
  ): Promise<Served<WordCounts | Moved>> {
    return this.replicas.call(
      wordsCall(replicas, asked, this.weightOf(asked.tenant), sentIn(span, this.send)),
      deadline,
      signal,
    );
  }

  /** Tells nodes that sampled a search how far the best of all hits reach, whose scores these are. */
  tellReach(sampled: readonly Sampled[], best: readonly number[]): void {
    const score = best[RECALL_AT - 1] ?? BELOW_ALL;
    for (const { node, sample } of sampled) {
      this.shards.get(node)?.notify({ type: 'reach', sample, score });
    }
  }

  /** Tells every shard that the tenant's feed has grown. */
  nudge(tenant: string): void {
    for (const shard of this.shards.values()) shard.notify({ type: 'nudge', tenant });
  }

  /**
   * Whether `node` has applied `mark`, by `timeoutMs`, to what it serves of the tenant; one that is away is
   * asked again while time is left. True of a node that is no more.
   */
  async awaitApplied(
    node: string,
    { partitions, ...asked }: AppliedAsked,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const named = partitions === undefined ? {} : { partitions: encodePartitions(partitions) };
    const find = () => this.shards.get(node);
    return untilApplied(find, { ...asked, ...named }, Deadline.after(timeoutMs), signal);
  }

  /** The machine that the node's address names; undefined where that is a path on this one. */
  hostOf(node: string): string | undefined {
    const connection = this.shards.get(node);
    if (connection === undefined) return undefined;
    const endpoint = endpointOf(connection.address);
    return 'host' in endpoint ? endpoint.host : undefined;
  }

  /**
   * For how long there is no sign of life of the node: since the last question of its state that it answered, or
   * the last news of where it is.
   */
  silentMs(node: string): number {
    return performance.now() - (this.aliveAtMs.get(node) ?? this.begunAtMs);
  }

  close(): void {
    clearInterval(this.timer);
    for (const shard of this.shards.values()) shard.close();
  }

  private async refreshOne(name: string, shard: ShardConnection): Promise<void> {
    if (this.asking.has(name)) return;
    this.asking.add(name);
    const askedAtMs = performance.now();
    let state: ShardState;
    let roundTripMs: number | undefined;
    try {
      const deadline = Deadline.after(STATUS_TIMEOUT_MS);
      const reply = expectReply(await shard.request({ type: 'status' }, deadline), 'status');
      state = { name, reply };
      roundTripMs = performance.now() - askedAtMs;
      this.aliveAtMs.set(name, askedAtMs);
    } catch (error) {
      state = { name, reply: undefined, problem: toOmniError(error).message };
    }
    this.asking.delete(name);
    if (this.shards.get(name) === shard) this.states.set(name, { askedAtMs, state, roundTripMs });
  }

  /** Asks again, once, where the shard turns out to be elsewhere. */
  private async request(
    shard: string,
    message: Request,
    deadline: Deadline,
    signal?: CancelSignal,
  ): Promise<Reply> {
    const connection = this.shards.get(shard);
    try {
      if (connection !== undefined) return await connection.request(message, deadline, signal);
      throw new OmniError('unavailable', `no shard ${shard} is known here`);
    } catch (error) {
      // Of a silent one the address is looked for each second, but not in its callers' time.
      if (toOmniError(error).code !== 'unavailable' || connection?.isSilent === true) throw error;
      await this.untilRelocated(deadline);
      const elsewhere = this.shards.get(shard);
      if (elsewhere === undefined || elsewhere === connection) throw error;
      return elsewhere.request(message, deadline, signal);
    }
  }

  private async untilRelocated(deadline: Deadline): Promise<void> {
    if (this.relocate === undefined) return;
    const limit = Deadline.after(Math.min(RELOCATE_TIMEOUT_MS, deadline.remainingMs()));
    await limit.race(this.relocate(), 'looking for a shard').catch(() => undefined);
  }
}
