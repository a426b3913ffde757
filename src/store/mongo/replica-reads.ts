import { ReadPreference, type FindOptions, type MongoClient } from 'mongodb';
import type { ProductRecord } from './collections.js';

/**
 * Reading joins from secondaries. The driver chooses only secondaries within the bound; a document
 * that is older than the version its reader knows of is read again from the primary. What remains is
 * stale by at most the bound: a deleted product, or an older price, that the index has not seen
 * changed either.
 */
export class ReplicaReads {
  readonly options: FindOptions;
  private readonly states = new Map<string, ReplicaState>();

  constructor(
    client: MongoClient,
    private readonly maxStalenessMs: number,
  ) {
    const maxStalenessSeconds = Math.ceil(maxStalenessMs / 1000);
    const { SECONDARY_PREFERRED } = ReadPreference;
    const readPreference = new ReadPreference(SECONDARY_PREFERRED, undefined, {
      maxStalenessSeconds,
    });
    this.options = { readPreference };
    client.on('serverHeartbeatSucceeded', ({ connectionId, reply }) => {
      const { secondary, lastWrite } = reply as HelloReply;
      const lastWriteMs = lastWrite?.lastWriteDate?.getTime();
      if (lastWriteMs === undefined) this.states.delete(connectionId);
      else this.states.set(connectionId, { secondary: secondary === true, lastWriteMs });
    });
    client.on('serverHeartbeatFailed', ({ connectionId }) => this.states.delete(connectionId));
  }

  /** The bound, and how far each secondary is behind, as of the last heartbeats. */
  get detail(): string {
    return describeLag(this.states, this.maxStalenessMs);
  }
}

/** The part of a server's answer to `hello` that is read here. */
interface HelloReply {
  secondary?: boolean;
  lastWrite?: { lastWriteDate?: Date };
}

interface ReplicaState {
  secondary: boolean;
  /** Epoch ms. */
  lastWriteMs: number;
}

/** Which of `ids` must be read again: what the replica has is older than what is known of. */
export function outdated(
  ids: readonly string[],
  atLeast: readonly number[],
  found: ReadonlyMap<string, Pick<ProductRecord, 'version'>>,
): string[] {
  return ids.filter((id, i) => (found.get(id)?.version ?? 0) < (atLeast[i] ?? Infinity));
}

export function describeLag(
  states: ReadonlyMap<string, ReplicaState>,
  maxStalenessMs: number,
): string {
  const primary = [...states.values()].find(({ secondary }) => !secondary);
  const lags = [...states].flatMap(([address, { secondary, lastWriteMs }]) => {
    if (!secondary) return [];
    if (primary === undefined) return [`${address} is behind by an unknown time`];
    return [`${address} is ${Math.max(0, primary.lastWriteMs - lastWriteMs)} ms behind`];
  });
  const bound = `joins may be stale by ${maxStalenessMs} ms`;
  return [bound, ...(lags.length > 0 ? lags : ['no secondary is known'])].join('; ');
}
