// @ts-check
import { element } from '../dom.js';
import { decimal, percent } from './table.js';

/** @typedef {import('../../client/operator.js').Advice} Advice */

/** Of a measure that is a share of 1. */
const SHARES = ['memory', 'cpu', 'availability'];

/** What outgrows what it has, and what may help, a line each. @param {readonly Advice[]} advice */
export function adviceItems(advice) {
  return advice.map((one) => {
    const level = element('span', `badge badge-${one.level}`, one.level);
    const who = element('strong', '', one.tenant ?? one.node ?? '');
    const what = `: ${one.measure.replaceAll('_', ' ')} ${measured(one)}. ${one.advice}`;
    return element('li', '', level, ' ', who, what);
  });
}

/** When the shard nodes are full, a line; none where that is not known. @param {number | null | undefined} days */
export function fullItems(days) {
  if (days === null || days === undefined) return [];
  const when =
    days === 0 ? 'are past 80 % of their memory' : `reach 80 % of their memory in ${days} days`;
  return [
    element('li', '', element('strong', '', 'shard nodes'), ` ${when}, as they grew this month.`),
  ];
}

/** @param {Advice} advice */
function measured({ measure, value, threshold }) {
  const isShare = SHARES.includes(measure) || measure.startsWith('max_');
  const text = isShare ? percent(value) : decimal(value);
  const limit = isShare ? percent(threshold) : decimal(threshold);
  return `${text} (${limit})`;
}
