import type { PartHealth, ShardFigures } from './ports.js';

/** A shard as it was when it last answered; `reply` undefined where it did not. */
export interface KnownShard {
  name: string;
  reply:
    | (Omit<ShardFigures, 'name'> & {
        ready: boolean;
        /** Why it is not. */
        notReady?: string;
        damaged?: readonly Damage[];
        partitions?: number;
        /** Since its start. */
        storeReads?: number;
      })
    | undefined;
  /** Why it did not. */
  problem?: string;
}

/** A stored value that is left out of all answers because its checksum is wrong. */
export interface Damage {
  tenant: string;
  id: string;
  what: string;
}

/** What is known of the store, a few seconds old at most. */
export interface KnownStore {
  /** Why a write would fail now. */
  problem?: string | undefined;
  /** What an operator should know of it. */
  detail?: string | undefined;
  damaged: readonly Damage[];
}

/** Damaged values that are named; the others are counted. */
const NAMED_DAMAGE = 3;

/**
 * The rule of `/readyz`: why a node cannot answer searches, undefined when it can. It is ready once all
 * shards were ready at one time (`wasReady`); after that, as long as one of them is: what the others
 * hold is missing from answers, which say so.
 */
export function notReadyReason(
  shards: readonly KnownShard[],
  minShards: number,
  wasReady: boolean,
): string | undefined {
  if (shards.length < minShards) return `${shards.length} of ${minShards} shards are known`;
  const unready = shards.filter(({ reply }) => reply?.ready !== true);
  if (unready.length === 0 || (wasReady && unready.length < shards.length)) return undefined;
  const reasons = unready.map(({ name, reply, problem = 'no answer' }) => {
    const reason = reply === undefined ? problem : reply.notReady;
    return reason === undefined ? name : `${name} (${reason})`;
  });
  return `shards not ready: ${reasons.join(', ')}`;
}

/** The store's part of `/healthz`: `ok` only while a write would succeed and nothing is damaged. */
export function storeHealth({ problem, detail, damaged }: KnownStore): PartHealth {
  if (problem !== undefined) return { name: 'store', state: 'down', detail: problem };
  if (damaged.length > 0) {
    return { name: 'store', state: 'degraded', detail: damageDetail(damaged) };
  }
  return { name: 'store', state: 'ok', ...(detail === undefined ? {} : { detail }) };
}

/** A shard's part of `/healthz`. */
export function shardHealth({ name, reply, problem = 'no answer' }: KnownShard): PartHealth {
  const part = `shard ${name}`;
  if (reply === undefined) return { name: part, state: 'down', detail: problem };
  if (!reply.ready) {
    return { name: part, state: 'starting', detail: reply.notReady ?? `${reply.behind} behind` };
  }
  const { damaged = [] } = reply;
  const failing = reply.recall?.bands.filter((band) => band.failing) ?? [];
  const details = failing.map(({ recall, selectivity }) => {
    const searches = `searches that match up to ${selectivity * 100} % of the rows`;
    return `recall ${(recall ?? 0).toFixed(3)} of ${searches}`;
  });
  if (damaged.length > 0) details.push(damageDetail(damaged));
  if (details.length === 0) return { name: part, state: 'ok' };
  return { name: part, state: 'degraded', detail: details.join('; ') };
}

/** A shard's figures for `/stats` and `/metrics`. */
export function shardFigures({ name, reply }: KnownShard): ShardFigures {
  const { documents = 0, bytes = 0, behind = 0, recall, reconciliation } = reply ?? {};
  return {
    ...{ name, documents, bytes, behind },
    ...(recall === undefined ? {} : { recall }),
    ...(reconciliation === undefined ? {} : { reconciliation }),
  };
}

function damageDetail(values: readonly Damage[]): string {
  const named = values
    .slice(0, NAMED_DAMAGE)
    .map(({ tenant, id, what }) => `${what} of ${tenant}/${id}`);
  const more = values.length > named.length ? ` and ${values.length - named.length} more` : '';
  return `damaged and left out: ${named.join(', ')}${more}`;
}
