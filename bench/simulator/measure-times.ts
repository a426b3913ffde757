import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonClient } from '../lib/client.js';
import { median } from '../lib/median.js';
import { preciseCpuMs, type ProcessInfo, waitedForCpuMs } from '../lib/processes.js';
import { search } from '../lib/search.js';
import { Kept } from './kept.js';
import type { RequestTimes, SearchTimes, ServiceTimes } from './service-times.js';

interface AskedShard {
  shard: string;
  round_trip_ms: number;
  took_ms: number;
}

/** The part of an explained reply that is read here. Times are milliseconds. */
interface Explained {
  explain: {
    timings_ms: { words?: number; embed: number };
    rounds: number;
    shards: AskedShard[];
  };
}

/** A search whose reply says which shards answered, and what they took. */
export async function explainedSearch(client: JsonClient, query: string) {
  const request = { query, top_k: 10, fields: ['title', 'brand', 'price'], explain: true };
  const { failure, body } = await search(client, '/search/text', request);
  const explained = body as (typeof body & Explained) | undefined;
  return { ...(failure === undefined ? {} : { failure }), body, explain: explained?.explain };
}

/**
 * For how long processes of a role had something to do: while one waits for a core, which others have, it does
 * nothing else either. Milliseconds.
 */
function busyMsOf(processes: readonly ProcessInfo[], role: string): number {
  return processes
    .filter(({ name }) => name.includes(role))
    .reduce((sum, { pid }) => sum + preciseCpuMs(pid) + waitedForCpuMs(pid), 0);
}

const SHARD = 'shard-node';
const QUERY_NODE = 'query-node';
const LEAST_MS = 0.05;
const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), 0);

/** A search that was timed; of counting words only the whole is known. */
interface Timed extends SearchTimes {
  wordsMs: number;
  /** All words were known: no shard was asked for them. */
  areKnown: boolean;
}

/** Searches of one stretch of time, and for how long processes had something to do meanwhile, milliseconds. */
export interface Stretch {
  searches: Timed[];
  shardsBusyMs: number;
  queryNodesBusyMs: number;
}

/** Takes the times of searches on a real cluster, one search at a time, so that none waits for another. */
export class TimesMeter {
  private readonly words = new Kept(() => performance.now());

  constructor(
    private readonly client: JsonClient,
    private readonly processes: () => ProcessInfo[],
  ) {}

  /** With a pause after each search: who is asked without any finds caches and cores warmer than shoppers do. */
  async measure(forMs: number, pauseMs: number, next: () => string): Promise<Stretch> {
    const searches: Timed[] = [];
    const processes = this.processes();
    const [shardsMs, queryNodesMs] = [busyMsOf(processes, SHARD), busyMsOf(processes, QUERY_NODE)];
    const endMs = performance.now() + forMs;
    while (performance.now() < endMs) {
      searches.push(...(await this.timed(next())));
      await sleep(pauseMs);
    }
    return {
      searches,
      shardsBusyMs: busyMsOf(processes, SHARD) - shardsMs,
      queryNodesBusyMs: busyMsOf(processes, QUERY_NODE) - queryNodesMs,
    };
  }

  /**
   * None where it says nothing: of the text nothing was known, a shard did not answer, or a page had to be looked
   * for further.
   */
  private async timed(query: string): Promise<Timed[]> {
    const areKnown = query
      .split(/\s+/)
      .map((word) => this.words.knows(word.toLowerCase()))
      .every(Boolean);
    const startMs = performance.now();
    const { explain } = await explainedSearch(this.client, query);
    const tookMs = performance.now() - startMs;
    if (explain === undefined) return [];
    const { shards, rounds, timings_ms: parts } = explain;
    const perRound = shards.length / rounds;
    if (shards.length === 0 || rounds > 2 || !Number.isInteger(perRound)) return [];
    const [chosen, found] = [shards.slice(0, -perRound), shards.slice(-perRound)];
    const { words: wordsMs = 0, embed: embeddingMs } = parts;
    const inRounds = [chosen, found].map((asked) => most(asked.map((each) => each.round_trip_ms)));
    const ownMs = tookMs - total(inRounds) - embeddingMs - (areKnown ? 0 : wordsMs);
    const requests = {
      words: [],
      choose: chosen.map(timesOfRequest),
      search: found.map(timesOfRequest),
    };
    return [{ requests, ownMs, embeddingMs, wordsMs, areKnown }];
  }
}

function timesOfRequest({ round_trip_ms: ms, took_ms: tookMs }: AskedShard): RequestTimes {
  return [tookMs, ms - tookMs];
}

/** What several stretches come to together. */
export function timesOf(stretches: readonly Stretch[], rowsPerShard: number): ServiceTimes {
  const timed = stretches.flatMap(({ searches }) => searches);
  const wayMs = median(timed.flatMap(({ requests }) => requests.search.map(([, way]) => way)));
  const knownMs = median(timed.filter(({ areKnown }) => areKnown).map((each) => each.wordsMs));
  const searches = timed.map(({ requests, ownMs, embeddingMs, wordsMs, areKnown }): SearchTimes => {
    if (areKnown) return { requests, ownMs, embeddingMs };
    // What is left of it without what it takes anyhow, and a usual way, was in the shard.
    const inShardMs = Math.max(LEAST_MS, wordsMs - knownMs - wayMs);
    const words: RequestTimes[] = [[inShardMs, wayMs]];
    return { requests: { ...requests, words }, ownMs: ownMs + knownMs, embeddingMs };
  });
  const shardMs = searches.flatMap(({ requests: { words, choose, search } }) =>
    // Each of the two parts was asked for words, of which one is known.
    [...words, ...words, ...choose, ...search].map(([tookMs]) => tookMs),
  );
  const shardsMs = total(stretches.map((each) => each.shardsBusyMs));
  const queryNodesMs = total(stretches.map((each) => each.queryNodesBusyMs));
  const embeddingMs = total(searches.map((each) => each.embeddingMs));
  const ownMs = total(searches.map((each) => each.ownMs));
  return {
    rowsPerShard,
    shardBusyShare: shareOf(shardsMs, total(shardMs)),
    queryBusyShare: shareOf(queryNodesMs - embeddingMs, ownMs),
    searches,
  };
}

function shareOf(partMs: number, wholeMs: number): number {
  return Math.min(1, Math.max(0, partMs / wholeMs));
}
