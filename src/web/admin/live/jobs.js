// @ts-check
import { element } from '../../dom.js';
import { table } from '../table.js';
import { duration } from './format.js';

/** @typedef {import('../../../client/api-types.js').LiveReply} LiveReply */

const COLUMNS = ['Job', 'Runs', 'Waits', 'Failed', 'Oldest waits'];

/** Jobs of the cluster that are not just scheduled. @param {LiveReply['jobs']} jobs */
export function jobTable(jobs) {
  const title = 'Jobs';
  const said = (/** @type {string} */ text) =>
    element('section', '', element('h2', '', title), element('p', 'none', text));
  if (jobs === null) return said('The store does not say in time.');
  const busy = jobs.filter(({ active, waiting, failed }) => active + waiting + failed > 0);
  if (busy.length === 0) return said('None runs, waits or has failed.');
  const rows = busy.map(({ kind, active, waiting, failed, oldest_s: oldest }) => [
    kind,
    active.toLocaleString(),
    waiting.toLocaleString(),
    failed === 0 ? '0' : element('span', 'number warned', failed.toLocaleString()),
    waiting === 0 ? '–' : duration(oldest),
  ]);
  return table(title, COLUMNS, rows);
}
