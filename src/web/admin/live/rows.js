// @ts-check

/** @typedef {import('../../../client/api-types.js').LiveReply} LiveReply */
/** @typedef {{ rate: number, meanMs: number | null, p95Ms: number | null }} StageRow */
/** @typedef {{ hits: number, misses: number }} CacheRow */

/**
 * What happened in one stretch of time; rates are per second.
 *
 * @typedef {object} Row
 * @property {number} at when it ended, epoch ms
 * @property {number} seconds
 * @property {Readonly<Record<keyof LiveReply['points']['outcomes'], number>>} rates of searches, by how they ended
 * @property {number | null} p50
 * @property {number | null} p95
 * @property {number | null} p99
 * @property {ReadonlyMap<string, StageRow>} stages
 * @property {ReadonlyMap<string, CacheRow>} caches
 */

/** Columns as rows, oldest first. @param {LiveReply['points']} points @returns {Row[]} */
export function rowsOf({ at_ms, seconds, outcomes, latency_ms: latency, stages, caches }) {
  return at_ms.map((at, i) => {
    const length = seconds[i] || 1;
    /** @param {readonly number[]} counts */
    const rate = (counts) => (counts[i] ?? 0) / length;
    return {
      ...{ at, seconds: length },
      rates: {
        ok: rate(outcomes.ok),
        partial: rate(outcomes.partial),
        refused: rate(outcomes.refused),
        failed: rate(outcomes.failed),
        abandoned: rate(outcomes.abandoned),
      },
      ...{ p50: latency.p50[i] ?? null, p95: latency.p95[i] ?? null, p99: latency.p99[i] ?? null },
      stages: new Map(
        Object.entries(stages).map(([name, { count, mean_ms, p95_ms }]) => [
          name,
          { rate: rate(count), meanMs: mean_ms[i] ?? null, p95Ms: p95_ms[i] ?? null },
        ]),
      ),
      caches: new Map(
        Object.entries(caches).map(([name, { hits, misses }]) => [
          name,
          { hits: rate(hits), misses: rate(misses) },
        ]),
      ),
    };
  });
}

/** Searches per second, however they ended. @param {Row} row */
export function allOf({ rates }) {
  return Object.values(rates).reduce((sum, rate) => sum + rate, 0);
}

/** Of what was looked up; null: nothing was. @param {CacheRow | undefined} cache */
export function foundShare({ hits, misses } = { hits: 0, misses: 0 }) {
  return hits + misses === 0 ? null : hits / (hits + misses);
}

/** What an average search spent in a stage, milliseconds; null: there was none. @param {Row} row @param {string} stage */
export function spentIn(row, stage) {
  const searches = allOf(row);
  const { rate = 0, meanMs = null } = row.stages.get(stage) ?? {};
  return searches === 0 ? null : (rate * (meanMs ?? 0)) / searches;
}

/**
 * The rows of the last `seconds`.
 *
 * @param {readonly Row[]} rows
 * @param {number} seconds
 */
export function lately(rows, seconds) {
  const fromMs = (rows.at(-1)?.at ?? 0) - seconds * 1_000;
  return rows.filter(({ at }) => at > fromMs);
}

/** A mean over time. @param {readonly Row[]} rows @param {(row: Row) => number} of */
export function meanOf(rows, of) {
  const seconds = rows.reduce((sum, row) => sum + row.seconds, 0);
  return seconds === 0 ? 0 : rows.reduce((sum, row) => sum + of(row) * row.seconds, 0) / seconds;
}

/** The largest that there is. @param {readonly (number | null)[]} values */
export function largest(values) {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}
