import { Deadline } from '../core/deadline.js';
import { OmniError, toOmniError } from '../core/errors.js';
import type { ShardState } from '../core/shard-status.js';
import type {
  AwaitApplied,
  CountWords,
  Moved,
  Reply,
  Request,
  SearchLeaf,
  SearchLeafReply,
  WordCounts,
} from '../protocol/messages.js';
import { encodePartitions, type PartitionRef } from '../protocol/partition-list.js';
import type { ShardAddress } from '../protocol/shard-address.js';
import type { Credentials } from './client-handshake.js';
import { ShardConnection } from './shard-connection.js';

/** One shard's part of a search, as `SearchLeaf` has it. */
export interface LeafSearch extends Omit<SearchLeaf, 'type' | 'partitions' | 'budgetMs'> {
  /** Null: all that the placement at `counter` gives the shard. */
  partitions: readonly PartitionRef[] | null;
}

export type LeafAnswer = SearchLeafReply | Moved;

/** How old a kept state may be: a second, and what the shard took to answer. */
const STATUS_EVERY_MS = 1_000;
/** The same while a shard is starting: who waits for it is to hear soon. */
const STARTING_EVERY_MS = 200;
const STATUS_TIMEOUT_MS = 1_000;
/** How long a request to a shard that cannot be reached waits for news of another address. */
const RELOCATE_TIMEOUT_MS = 200;
/** Of the time that a caller has, the part that the shard may use: the rest is the answer's way. */
const SHARD_SHARE = 0.9;
/** Pause of a wait for a shard that is away. */
const AWAIT_PAUSE_MS = 50;

/** All shards of a cluster by name, each behind one long-lived connection. */
export class ShardFleet {
  private shards: ReadonlyMap<string, ShardConnection> = new Map();
  private relocate: (() => Promise<void>) | undefined;
  private readonly states = new Map<string, ShardState>();
  private readonly asking = new Set<string>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    addresses: ReadonlyMap<string, ShardAddress>,
    private readonly credentials: Credentials,
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
    for (const name of changed) this.states.delete(name);
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

  private isStarting(name: string): boolean {
    return this.states.get(name)?.reply?.ready === false;
  }

  /** Each shard's state as it was a moment ago: asks nobody. */
  kept(): ShardState[] {
    return this.names.map(
      (name) => this.states.get(name) ?? { name, reply: undefined, problem: 'not asked yet' },
    );
  }

  /** Brings the kept states up to date. Never rejects. */
  async refresh(isDue: (name: string) => boolean = () => true): Promise<void> {
    const due = [...this.shards].filter(([name]) => isDue(name));
    await Promise.all(due.map(([name, shard]) => this.refreshOne(name, shard)));
  }

  /** Rejects `unavailable`, `overloaded` or `deadline_exceeded`; also when `signal` is aborted. */
  async search(
    shard: string,
    leaf: LeafSearch,
    deadline: Deadline,
    signal?: AbortSignal,
  ): Promise<LeafAnswer> {
    const { partitions, ...rest } = leaf;
    const named = partitions && encodePartitions(partitions);
    const budgetMs = deadline.remainingMs() * SHARD_SHARE;
    const request: SearchLeaf = { type: 'search', ...rest, partitions: named, budgetMs };
    const reply = await this.request(shard, request, deadline, signal);
    return reply.type === 'moved' ? reply : expect(reply, 'hits');
  }

  /**
   * How common words are in one shard. `budgetMs` bounds what it keeps for the search that follows.
   * Rejects as `search` does.
   */
  async countWords(
    shard: string,
    asked: Omit<CountWords, 'type'>,
    deadline: Deadline,
    signal?: AbortSignal,
  ): Promise<WordCounts> {
    const request: CountWords = { type: 'words', ...asked };
    return expect(await this.request(shard, request, deadline, signal), 'word-counts');
  }

  /** Tells every shard that the tenant's feed has grown. */
  nudge(tenant: string): void {
    for (const shard of this.shards.values()) shard.notify({ type: 'nudge', tenant });
  }

  /**
   * Waits until every shard has applied `mark`, to its index of that generation of the tenant's text
   * settings where one is named; returns the names of those that lag.
   */
  async awaitApplied(
    tenant: string,
    mark: Uint8Array,
    timeoutMs: number,
    signal?: AbortSignal,
    generation?: number,
  ): Promise<string[]> {
    const deadline = Deadline.after(timeoutMs);
    const awaited = { tenant, mark, ...(generation === undefined ? {} : { generation }) };
    const lagging = await Promise.all(
      this.names.map(async (name) => {
        const find = () => this.shards.get(name);
        const applied = await untilApplied(find, awaited, deadline, signal);
        return applied ? [] : [name];
      }),
    );
    return lagging.flat();
  }

  close(): void {
    clearInterval(this.timer);
    for (const shard of this.shards.values()) shard.close();
  }

  private async refreshOne(name: string, shard: ShardConnection): Promise<void> {
    if (this.asking.has(name)) return;
    this.asking.add(name);
    let state: ShardState;
    try {
      const deadline = Deadline.after(STATUS_TIMEOUT_MS);
      const reply = expect(await shard.request({ type: 'status' }, deadline), 'status');
      state = { name, reply };
    } catch (error) {
      state = { name, reply: undefined, problem: toOmniError(error).message };
    }
    this.asking.delete(name);
    if (this.shards.get(name) === shard) this.states.set(name, state);
  }

  /** Asks again, once, where the shard turns out to be elsewhere. */
  private async request(
    shard: string,
    message: Request,
    deadline: Deadline,
    signal?: AbortSignal,
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

/** Asks again when the shard went away meanwhile: it comes back, here or elsewhere, and catches up. */
async function untilApplied(
  find: () => ShardConnection | undefined,
  awaited: Pick<AwaitApplied, 'tenant' | 'mark' | 'generation'>,
  deadline: Deadline,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  while (!deadline.expired && signal?.aborted !== true) {
    const request: Request = { type: 'await', ...awaited, budgetMs: deadline.remainingMs() };
    const connection = find();
    // It was taken out of the cluster meanwhile.
    if (connection === undefined) return true;
    try {
      return expect(await connection.request(request, deadline, signal), 'applied').applied;
    } catch (error) {
      if (toOmniError(error).code !== 'unavailable') return false;
      const pauseMs = Math.min(AWAIT_PAUSE_MS, deadline.remainingMs());
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
  return false;
}

function expect<T extends Reply['type']>(reply: Reply, type: T): Extract<Reply, { type: T }> {
  if (reply.type === type) return reply as Extract<Reply, { type: T }>;
  if (reply.type === 'failure') throw failureError(reply.code, reply.message);
  throw new OmniError('internal', `a shard answered ${reply.type} instead of ${type}`);
}

function failureError(code: string, message: string): OmniError {
  const isKnown = code === 'overloaded' || code === 'deadline_exceeded';
  return new OmniError(isKnown ? code : 'unavailable', message);
}
