import type { DamagedValue, ShardState } from '../core/shard-status.js';
import type { PartHealth, ShardFigures, SwitchFigures } from './ports.js';

/** What is known of the store, a few seconds old at most. */
export interface KnownStore {
  /** Why a write would fail now. */
  problem?: string | undefined;
  /** What an operator should know of it. */
  detail?: string | undefined;
  damaged: readonly DamagedValue[];
}

/** Damaged values that are named; the others are counted. */
const NAMED_DAMAGE = 3;

/**
 * The rule of `/readyz`: why a node cannot answer searches, undefined when it can. It is ready once all
 * shards were ready at one time (`wasReady`); after that, as long as one of them is: what the others
 * hold is missing from answers, which say so.
 */
export function notReadyReason(
  shards: readonly ShardState[],
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

/** How the copy of a region does. */
export interface RegionState {
  /** How old it may be; undefined: there is none yet. */
  lagMs: number | undefined;
  /** Past it the node is not ready; undefined: it serves on. */
  maxLagMs: number | undefined;
  /** Why the latest attempt to follow failed. */
  problem: string | undefined;
}

/** Why a region can not be asked; undefined: it can. */
export function regionNotReady(
  lagMs: number | undefined,
  maxLagMs: number | undefined,
): string | undefined {
  if (lagMs === undefined) return 'the region has not been copied from its primary yet';
  if (maxLagMs === undefined || lagMs <= maxLagMs) return undefined;
  return `the region is ${seconds(lagMs)} behind its primary (REGION_MAX_LAG_MS)`;
}

/** A region behind by so much has lost its primary. */
const CUT_OFF_MS = 10_000;

/** The region's part of `/healthz`. */
export function regionHealth({ lagMs, maxLagMs, problem }: RegionState): PartHealth {
  const name = 'region';
  const why = problem === undefined ? '' : `; ${problem}`;
  if (lagMs === undefined) {
    return { name, state: 'starting', detail: `nothing has been copied yet${why}` };
  }
  const detail = `${seconds(lagMs)} behind its primary${why}`;
  if (regionNotReady(lagMs, maxLagMs) !== undefined) return { name, state: 'down', detail };
  const isWell = problem === undefined && lagMs < CUT_OFF_MS;
  return { name, state: isWell ? 'ok' : 'degraded', detail };
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/** How the encoder does. */
export interface EncoderHealth {
  /** Batches that failed, or whose thread died, since the last that went well. */
  failedInARow: number;
  /** No further query is taken in. */
  isFull: boolean;
}

/** So many batches in a row that fail are no accident. */
const FAILED = 3;

/** The encoder's part of `/healthz`: how its latest batches went, and whether it takes more. */
export function embeddingHealth(encoder: EncoderHealth | undefined): PartHealth {
  const name = 'embedding';
  if (encoder === undefined) return { name, state: 'ok', detail: 'none: there is no model' };
  const { failedInARow, isFull } = encoder;
  if (failedInARow > 0) {
    const state = failedInARow < FAILED ? 'degraded' : 'down';
    return { name, state, detail: `the latest ${failedInARow} batches failed` };
  }
  if (isFull) return { name, state: 'degraded', detail: 'its queue is full' };
  return { name, state: 'ok' };
}

/** A shard's part of `/healthz`. */
export function shardHealth({ name, reply, problem = 'no answer' }: ShardState): PartHealth {
  const part = `shard ${name}`;
  if (reply === undefined) return { name: part, state: 'down', detail: problem };
  if (!reply.ready) {
    return { name: part, state: 'starting', detail: reply.notReady ?? `${reply.behind} behind` };
  }
  const { damaged, recall: watched } = reply;
  const failing = watched?.bands.filter((band) => band.failing) ?? [];
  const details = failing.map(({ recall, selectivity }) => {
    const searches = `searches that match up to ${selectivity * 100} % of the rows`;
    return `recall ${(recall ?? 0).toFixed(3)} of ${searches}`;
  });
  if (damaged.length > 0) details.push(damageDetail(damaged));
  if (details.length === 0) return { name: part, state: 'ok' };
  return { name: part, state: 'degraded', detail: details.join('; ') };
}

/** One of the query nodes; which one is for operators, not for `/healthz`. */
export function memberHealth({ isAlive }: { isAlive: boolean }): PartHealth {
  return { name: 'query node', state: isAlive ? 'ok' : 'down' };
}

/** All nodes of a role in a line of `/healthz`. */
export function roleHealth(name: string, nodes: readonly PartHealth[]): PartHealth {
  const states = new Set(nodes.map(({ state }) => state));
  const healthy = nodes.filter(({ state }) => state === 'ok').length;
  const detail = `${healthy} of ${nodes.length} healthy`;
  if (healthy === nodes.length) return { name, state: 'ok', detail };
  if (states.has('ok') || states.has('degraded')) return { name, state: 'degraded', detail };
  return { name, state: states.has('starting') ? 'starting' : 'down', detail };
}

/** A shard's figures for `/stats`. */
export function shardFigures({ name, reply }: ShardState): ShardFigures {
  const { documents = 0, bytes = 0, behind = 0, recall, reconciliation } = reply ?? {};
  return {
    ...{ name, documents, bytes, behind },
    ...(recall === undefined ? {} : { recall }),
    ...(reconciliation === undefined ? {} : { reconciliation }),
  };
}

/** What all shards together have to do yet for changed settings. A tenant may be on several of them. */
export function switchFigures(shards: readonly ShardState[]): SwitchFigures {
  const sums = new Map<string, SwitchFigures['first'][number]>();
  let tenants = 0;
  for (const { reply } of shards) {
    const { switching } = reply ?? {};
    if (switching === undefined) continue;
    tenants = Math.max(tenants, switching.tenants);
    for (const { tenant, generation, documents, of } of switching.first) {
      const key = `${tenant} ${generation}`;
      const sum = sums.get(key) ?? { tenant, generation, documents: 0, of: 0 };
      const { documents: done, of: all } = sum;
      sums.set(key, { tenant, generation, documents: done + documents, of: all + of });
    }
  }
  const first = [...sums.values()];
  return { tenants: Math.max(tenants, first.length), first };
}

function damageDetail(values: readonly DamagedValue[]): string {
  const named = values
    .slice(0, NAMED_DAMAGE)
    .map(({ tenant, id, what }) => `${what} of ${tenant}/${id}`);
  const more = values.length > named.length ? ` and ${values.length - named.length} more` : '';
  return `damaged and left out: ${named.join(', ')}${more}`;
}
