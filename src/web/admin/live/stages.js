// @ts-check
import { element } from '../../dom.js';
import { table } from '../table.js';
import { milliseconds, short } from './format.js';
import { largest, lately, meanOf } from './rows.js';
import { sparkline } from './sparkline.js';

/** What a search passes through, in this order: the name on the wire, for people, and its colour. */
export const STAGES = /** @type {const} */ ([
  ['words', 'Words counted', 'c1'],
  ['embed', 'Text embedded', 'c2'],
  ['plan', 'Shards chosen', 'c3'],
  ['search', 'Shards asked', 'c4'],
  ['merge', 'Answers merged', 'c5'],
  ['rerank', 'Order refined', 'c6'],
  ['join', 'Products read', 'c7'],
  ['serialize', 'Reply written', 'c8'],
]);
const COLUMNS = ['Stage', 'Passes per s', 'In 15 minutes', 'Mean', 'p95', 'In 15 minutes'];
const MINUTE_S = 60;

/** How much passes each stage, and how long that takes. @param {readonly import('./rows.js').Row[]} rows */
export function stageTable(rows) {
  const last = lately(rows, MINUTE_S);
  const lines = STAGES.map(([stage, name, colour]) => {
    const rate = meanOf(last, (row) => row.stages.get(stage)?.rate ?? 0);
    const spent = meanOf(last, (row) => {
      const { rate: each = 0, meanMs = 0 } = row.stages.get(stage) ?? {};
      return each * (meanMs ?? 0);
    });
    const p95 = largest(last.map((row) => row.stages.get(stage)?.p95Ms ?? null));
    const rates = rows.map((row) => row.stages.get(stage)?.rate ?? 0);
    const slow = rows.map((row) => row.stages.get(stage)?.p95Ms ?? null);
    return [
      element('span', 'stage-name', element('span', `swatch ${colour}`), name),
      short(rate),
      drawn(sparkline(rates, colour)),
      milliseconds(rate === 0 ? null : spent / rate),
      milliseconds(p95),
      drawn(sparkline(slow, colour)),
    ];
  });
  return table('Stages of a search, over the last minute', COLUMNS, lines);
}

/** @param {Node} node */
function drawn(node) {
  return element('span', 'drawn', node);
}
