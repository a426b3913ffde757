import { Deadline } from '../core/deadline.js';
import { OmniError, toOmniError } from '../core/errors.js';
import type {
  LeafExplanation,
  Refusal,
  Reply,
  Request,
  StatusReply,
} from '../protocol/messages.js';
import { encodePartitions, type PartitionRef } from '../protocol/partition-list.js';
import { vectorBytes } from '../protocol/vector-bytes.js';
import type { WireFilter } from '../protocol/wire-filter.js';
import { ShardConnection, type ShardAddress } from './shard-connection.js';

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
}

/** A match as a shard knows it: a `Hit` once the store has been asked. */
export interface PartialHit {
  id: string;
  version: number;
  score: number;
}

export interface LeafAnswer {
  /** Best first. */
  hits: PartialHit[];
  /** There may be further matches beyond these. */
  more: boolean;
  /** Partitions that were not searched, and why. */
  refused: Refusal[];
  /** The tenant's placement counter as the shard knows it. */
  counter: number;
  /** Time inside the shard. */
  tookMs: number;
  /** How the shard searched; undefined when that was not asked. */
  explanation: LeafExplanation | undefined;
  /** Where in the feed the shard was when it searched; undefined when it does not say. */
  position?: Uint8Array | undefined;
}

/** A shard's state for the status pages; `reply` undefined when it did not answer. */
export interface ShardState {
  name: string;
  reply: StatusReply | undefined;
}

const STATUS_TIMEOUT_MS = 1_000;

/** All shards of a cluster by name, each behind one long-lived connection. */
export class ShardFleet {
  private readonly shards: ReadonlyMap<string, ShardConnection>;

  constructor(addresses: ReadonlyMap<string, ShardAddress>, storeId: string) {
    this.shards = new Map(
      [...addresses].map(([name, address]) => [name, new ShardConnection(address, storeId)]),
    );
  }

  /** Rejects `unavailable`, `overloaded` or `deadline_exceeded`. */
  async search(shard: string, leaf: LeafSearch, deadline: Deadline): Promise<LeafAnswer> {
    const { explain, ...asked } = leaf;
    const request: Request = {
      ...asked,
      ...(explain === true ? { explain } : {}),
      type: 'search',
      partitions: encodePartitions(leaf.partitions),
      vector: vectorBytes(leaf.vector),
      filter: leaf.filter ?? null,
      budgetMs: deadline.remainingMs(),
    };
    const reply = expect(await this.connection(shard).request(request, deadline), 'hits');
    const { ids, versions, scores } = reply.hits;
    const hits = ids.map((id, i) => ({
      id,
      version: versions[i] as number,
      score: scores.vector[i] as number,
    }));
    const { more, refused, counter, position, tookMs, explanation } = reply;
    return { hits, more, refused, counter, position, tookMs, explanation };
  }

  /** Tells every shard that the tenant's feed has grown. */
  nudge(tenant: string): void {
    for (const shard of this.shards.values()) shard.notify({ type: 'nudge', tenant });
  }

  /** Waits until every shard has applied `mark`; returns the names of those that lag. */
  async awaitApplied(tenant: string, mark: Uint8Array, timeoutMs: number): Promise<string[]> {
    const deadline = Deadline.after(timeoutMs);
    const lagging = await Promise.all(
      [...this.shards].map(async ([name, connection]) => {
        const applied = await untilApplied(connection, tenant, mark, deadline);
        return applied ? [] : [name];
      }),
    );
    return lagging.flat();
  }

  async states(): Promise<ShardState[]> {
    return Promise.all(
      [...this.shards].map(async ([name, connection]) => {
        try {
          const deadline = Deadline.after(STATUS_TIMEOUT_MS);
          const reply = expect(await connection.request({ type: 'status' }, deadline), 'status');
          return { name, reply };
        } catch {
          return { name, reply: undefined };
        }
      }),
    );
  }

  close(): void {
    for (const shard of this.shards.values()) shard.close();
  }

  private connection(shard: string): ShardConnection {
    const connection = this.shards.get(shard);
    if (connection === undefined) {
      throw new OmniError('unavailable', `no shard ${shard} is known here`);
    }
    return connection;
  }
}

/** Asks again when the shard went away meanwhile: it comes back, and applies what it missed. */
async function untilApplied(
  connection: ShardConnection,
  tenant: string,
  mark: Uint8Array,
  deadline: Deadline,
): Promise<boolean> {
  while (!deadline.expired) {
    const request: Request = { type: 'await', tenant, mark, budgetMs: deadline.remainingMs() };
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
