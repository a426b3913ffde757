import type { Explanation, ShardExplanation } from '../search/explanation.js';
import { rounded } from './rounded.js';

/** What a search did, as its reply tells it. */
export function explanationBody({
  timingsMs,
  rounds,
  k,
  shards,
  words,
  embedded,
}: Explanation): object {
  const { embed, plan, fanOut, merge, join } = timingsMs;
  return {
    ...(words === undefined
      ? {}
      : { words: words.map(({ isKnown, ...word }) => ({ ...word, known: isKnown })), embedded }),
    timings_ms: {
      ...(words === undefined ? {} : { words: rounded(timingsMs.words) }),
      embed: rounded(embed),
      plan: rounded(plan),
      fan_out: rounded(fanOut),
      merge: rounded(merge),
      join: rounded(join),
    },
    rounds,
    k,
    shards: shards.map(shardBody),
  };
}

function shardBody(explained: ShardExplanation): object {
  const { shard, roundTripMs, tookMs, partitions, refused, matches, leaf } = explained;
  return {
    shard,
    round_trip_ms: rounded(roundTripMs),
    took_ms: rounded(tookMs),
    partitions,
    refused,
    ...(leaf === undefined
      ? {}
      : {
          live: leaf.live,
          yields: leaf.yields,
          matches,
          steps: leaf.steps.map((step) => ({
            segment: step.block,
            categories: step.categories,
            plan: step.plan,
            rows: step.rows,
            matches: step.matches,
            ...(step.ef === undefined ? {} : { ef: step.ef }),
            ...(step.candidates === undefined ? {} : { candidates: step.candidates }),
            ...(step.estimatedUs === undefined
              ? {}
              : { estimated_ms: rounded(step.estimatedUs / 1_000) }),
            rows_scanned: step.rowsScanned,
            rescored: step.rescored,
            took_ms: rounded(step.tookUs / 1_000),
            gave_up: step.gaveUp,
          })),
        }),
  };
}
