// @ts-check
import { element } from '../../dom.js';
import { milliseconds, share, short } from './format.js';
import { allOf, foundShare, largest, lately, meanOf } from './rows.js';

/** @typedef {import('./rows.js').Row} Row */
/** @typedef {import('../../../client/api-types.js').LiveReply} LiveReply */
/** @typedef {import('../../../client/api-types.js').StatsReply} StatsReply */
/** @typedef {{ name: string, value: string, note: string, isBad?: boolean }} Tile */

const MINUTE_S = 60;
/** Of an answered search: what is slower is seen by shoppers. */
const SLOW_MS = 200;
const FAILING = 0.01;

/** The figures that say whether all is well. @param {readonly Row[]} rows @param {LiveReply | undefined} live @param {StatsReply | undefined} stats */
export function tiles(rows, live, stats) {
  const last = lately(rows, MINUTE_S);
  const all = [
    searches(last),
    latency(last),
    failures(last),
    found(last),
    recall(stats),
    replicas(live),
  ];
  return element('dl', 'figure-row', ...all.map(drawn));
}

/** @param {Tile} tile */
function drawn({ name, value, note, isBad = false }) {
  return element(
    'div',
    isBad ? 'figure figure-bad' : 'figure',
    element('dt', '', name),
    element('dd', '', value, element('span', 'figure-note', note)),
  );
}

/** @param {readonly Row[]} last @returns {Tile} */
function searches(last) {
  const rate = last.length === 0 ? null : meanOf(last, allOf);
  return { name: 'Searches per second', value: short(rate), note: 'mean of a minute' };
}

/** @param {readonly Row[]} last @returns {Tile} */
function latency(last) {
  const worst = largest(last.map(({ p95 }) => p95));
  const isBad = worst !== null && worst > SLOW_MS;
  return { name: 'p95 of a search', value: milliseconds(worst), note: 'worst of a minute', isBad };
}

/** @param {readonly Row[]} last @returns {Tile} */
function failures(last) {
  const all = meanOf(last, allOf);
  const lost = meanOf(last, ({ rates }) => rates.failed + rates.refused);
  const part = all === 0 ? null : lost / all;
  return {
    ...{ name: 'Failed or refused', value: share(part), note: 'of a minute' },
    isBad: part !== null && part > FAILING,
  };
}

/** @param {readonly Row[]} last @returns {Tile} */
function found(last) {
  const hits = meanOf(last, ({ caches }) => caches.get('embeddings')?.hits ?? 0);
  const misses = meanOf(last, ({ caches }) => caches.get('embeddings')?.misses ?? 0);
  const part = foundShare({ hits, misses });
  return { name: 'Texts known', value: share(part), note: 'to the embedding cache' };
}

/** The least of all shards and kinds of filter. @param {StatsReply | undefined} stats @returns {Tile} */
function recall(stats) {
  const bands = (stats?.shards ?? []).flatMap(({ recall: report }) => report?.bands ?? []);
  const known = bands.flatMap((band) => (band.recall === null ? [] : [band.recall]));
  const target = stats?.shards.find((shard) => shard.recall !== undefined)?.recall?.target;
  const note = target === undefined ? 'not watched' : `least of all; wanted ${share(target)}`;
  return {
    ...{ name: 'Recall, live', value: share(known.length === 0 ? null : Math.min(...known)) },
    ...{ note, isBad: bands.some(({ failing }) => failing) },
  };
}

/** @param {LiveReply | undefined} live @returns {Tile} */
function replicas(live) {
  const missing = live?.replicas_missing ?? null;
  const gone = live?.categories_unavailable ?? 0;
  const isBad = (missing ?? 0) > 0 || gone > 0;
  const note = gone > 0 ? `${gone} categories nobody has` : 'each category is served';
  return {
    name: 'Replicas missing',
    value: missing === null ? '–' : missing.toLocaleString(),
    note: missing === null ? 'not counted yet' : note,
    isBad,
  };
}
