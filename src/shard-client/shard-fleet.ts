import { Deadline } from '../core/deadline.js';
import { OmniError, toOmniError } from '../core/errors.js';
import type {
  Reply,
  Request,
  SearchLeaf,
  SearchLeafReply,
  StatusReply,
} from '../protocol/messages.js';
import { encodePartitions, type PartitionRef } from '../protocol/partition-list.js';
import { vectorBytes } from '../protocol/vector-bytes.js';
import type { WireFilter } from '../protocol/wire-filter.js';
import type { ShardAddress } from '../protocol/shard-address.js';
import type { Credentials } from './client-handshake.js';
import { ShardConnection } from './shard-connection.js';

/** One shard's part of a search. */
export interface LeafSearch {
  tenant: string;
  /** Exactly the partitions to search, each at the epoch the caller knows. */
  partitions: readonly PartitionRef[];
  /** Unit length. */
  vector: Float32Array;
  /** Fingerprint of the model that made the vector. */
  model: string;
  k: number;
  filter: WireFilter | undefined;
  exact: boolean;
  /** The answer says how the shard searched. */
  explain?: boolean;
  /** Another shard went astray. */
  thorough?: boolean;
}

/** A match as a shard knows it: a `Hit` once the store has been asked. */
export interface PartialHit {
  id: string;
  version: number;
  score: number;
}

/** A shard's reply, its hits one by one. */
export interface LeafAnswer extends Omit<SearchLeafReply, 'type' | 'hits'> {
  /** Best first. */
  hits: PartialHit[];
}

/** A shard's state for the status pages; `reply` undefined when it did not answer. */
export interface ShardState {
  name: string;
  reply: StatusReply | undefined;
  /** Why it did not. */
  problem?: string;
}

const STATUS_TIMEOUT_MS = 1_000;
/** How long a request to a shard that cannot be reached waits for news of another address. */
const RELOCATE_TIMEOUT_MS = 200;

/** All shards of a cluster by name, each behind one long-lived connection. */
export class ShardFleet {
  private shards: ReadonlyMap<string, ShardConnection> = new Map();
  private relocate: (() => Promise<void>) | undefined;

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
    return [...changed];
  }

  /** `relocate` brings the addresses up to date, and never rejects. */
  onUnreachable(relocate: () => Promise<void>): void {
    this.relocate = relocate;
  }

  /** Rejects `unavailable`, `overloaded` or `deadline_exceeded`. */
  async search(shard: string, leaf: LeafSearch, deadline: Deadline): Promise<LeafAnswer> {
    const { tenant, partitions, vector, model, k, filter, exact, explain, thorough } = leaf;
    const request: SearchLeaf = {
      type: 'search',
      tenant,
      partitions: encodePartitions(partitions),
      vector: vectorBytes(vector),
      model,
      k,
      filter: filter ?? null,
      exact,
      budgetMs: deadline.remainingMs(),
    };
    if (explain === true) request.explain = true;
    if (thorough === true) request.thorough = true;
    const reply = expect(await this.request(shard, request, deadline), 'hits');
    const { ids, versions, scores } = reply.hits;
    const hits = ids.map((id, i) => ({
      id,
      version: versions[i] as number,
      score: scores.vector[i] as number,
    }));
    return { ...reply, hits };
  }

  /** Tells a shard that of its answer `sample` only hits from the score `floor` on were of use. */
  judged(shard: string, sample: number, floor: number): void {
    this.shards.get(shard)?.notify({ type: 'judged', sample, floor });
  }

  /** Tells every shard that the tenant's feed has grown. */
  nudge(tenant: string): void {
    for (const shard of this.shards.values()) shard.notify({ type: 'nudge', tenant });
  }

  /** Waits until every shard has applied `mark`; returns the names of those that lag. */
  async awaitApplied(tenant: string, mark: Uint8Array, timeoutMs: number): Promise<string[]> {
    const deadline = Deadline.after(timeoutMs);
    const lagging = await Promise.all(
      this.names.map(async (name) => {
        const find = () => this.shards.get(name);
        const applied = await untilApplied(find, tenant, mark, deadline);
        return applied ? [] : [name];
      }),
    );
    return lagging.flat();
  }

  async states(): Promise<ShardState[]> {
    return Promise.all(
      [...this.shards].map(async ([name, connection]): Promise<ShardState> => {
        try {
          const deadline = Deadline.after(STATUS_TIMEOUT_MS);
          const reply = expect(await connection.request({ type: 'status' }, deadline), 'status');
          return { name, reply };
        } catch (error) {
          return { name, reply: undefined, problem: toOmniError(error).message };
        }
      }),
    );
  }

  close(): void {
    for (const shard of this.shards.values()) shard.close();
  }

  /** Asks again, once, where the shard turns out to be elsewhere. */
  private async request(shard: string, message: Request, deadline: Deadline): Promise<Reply> {
    const connection = this.shards.get(shard);
    try {
      if (connection !== undefined) return await connection.request(message, deadline);
      throw new OmniError('unavailable', `no shard ${shard} is known here`);
    } catch (error) {
      if (toOmniError(error).code !== 'unavailable') throw error;
      await this.untilRelocated(deadline);
      const elsewhere = this.shards.get(shard);
      if (elsewhere === undefined || elsewhere === connection) throw error;
      return elsewhere.request(message, deadline);
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
  tenant: string,
  mark: Uint8Array,
  deadline: Deadline,
): Promise<boolean> {
  while (!deadline.expired) {
    const request: Request = { type: 'await', tenant, mark, budgetMs: deadline.remainingMs() };
    const connection = find();
    // It was taken out of the cluster meanwhile.
    if (connection === undefined) return true;
    try {
      return expect(await connection.request(request, deadline), 'applied').applied;
    } catch (error) {
      if (toOmniError(error).code !== 'unavailable') return false;
      await new Promise((resolve) => setTimeout(resolve, Math.min(50, deadline.remainingMs())));
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
  if (code === 'overloaded') return new OmniError(code, message, { retryAfterMs: 1_000 });
  if (code === 'deadline_exceeded') return new OmniError(code, message);
  return new OmniError('unavailable', message);
}
