import { ReadPreference, type FindOptions } from 'mongodb';
import type { ProductRecord } from './collections.js';
import type { ServerState, ServerWatch } from './server-watch.js';

/**
 * Reading joins from secondaries. The driver chooses only secondaries within the bound; a document
 * that is older than the version its reader knows of is read again from the primary. What remains is
 * stale by at most the bound: a deleted product, or an older price, that the index has not seen
 * changed either.
 */
export class ReplicaReads {
  readonly options: FindOptions;

  constructor(
    private readonly servers: ServerWatch,
    private readonly maxStalenessMs: number,
  ) {
    const maxStalenessSeconds = Math.ceil(maxStalenessMs / 1000);
    const { SECONDARY_PREFERRED } = ReadPreference;
    const readPreference = new ReadPreference(SECONDARY_PREFERRED, undefined, {
      maxStalenessSeconds,
    });
    this.options = { readPreference };
  }

  /** The bound, and how far each secondary is behind, as of the last heartbeats. */
  get detail(): string {
    return describeLag(this.servers.states, this.maxStalenessMs);
  }
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
  states: ReadonlyMap<string, Pick<ServerState, 'secondary' | 'lastWriteMs'>>,
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
