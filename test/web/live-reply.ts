import type { LiveReply } from '../../src/client/api-types.js';

const STAGES = ['words', 'embed', 'plan', 'search', 'merge', 'rerank', 'join', 'serialize'];
const EVERY_MS = 5_000;

/**
 * What a query node may say that was looked at for `points` times five seconds, and answers more searches each time: in
 * the last stretch `points` a second.
 */
export function liveReply(host: string, points: number, toMs = Date.now()): LiveReply {
  const each = Array.from({ length: points }, (_, i) => i);
  const zeros = each.map(() => 0);
  const column = (value: number) => each.map(() => value);
  const stage = { count: each.map((i) => 5 * (i + 1)), mean_ms: column(2), p95_ms: column(4) };
  return {
    node: { host, process: 7, started_at: '2026-11-30T08:00:00.000Z', version: '1.0.0' },
    ...{ every_s: 5, window_s: 900 },
    points: {
      at_ms: each.map((i) => toMs - (points - 1 - i) * EVERY_MS),
      seconds: column(5),
      outcomes: {
        ok: each.map((i) => 5 * (i + 1)),
        ...{ partial: zeros, refused: zeros, failed: zeros, abandoned: zeros },
      },
      latency_ms: { p50: column(3), p95: column(8), p99: each.map((i) => (i === 0 ? null : 9)) },
      stages: Object.fromEntries(STAGES.map((name) => [name, stage])),
      caches: {
        answers: { hits: column(1), misses: column(3) },
        embeddings: { hits: zeros, misses: zeros },
      },
    },
    queues: { searches: 0, embedding: 0 },
    jobs: [{ kind: 'import', scheduled: 0, waiting: 2, active: 1, failed: 1, oldest_s: 400 }],
    ...{ replicas_missing: 0, categories_unavailable: 0 },
  };
}
