// @ts-check
import { element } from './dom.js';

/** @typedef {import('./wire.js').SearchReply} SearchReply */

/** @type {readonly ['embed', 'search', 'join']} */
const STEPS = ['embed', 'search', 'join'];
const EMBEDDING_MEANS = {
  cached: 'this query was embedded before',
  shared: 'another request was embedding the same query',
  computed: 'the model ran for this query',
};

/**
 * How the search ran: each step's time as a number and as a part of a bar, and where the query's
 * embedding came from.
 *
 * @param {SearchReply} reply
 * @returns {Node[]}
 */
export function traceOf(reply) {
  const bar = element('span', 'bar');
  bar.setAttribute('aria-hidden', 'true');
  const steps = STEPS.map((step) => {
    const ms = reply.timings_ms[step];
    const part = element('span', `bar-part step-${step}`);
    part.style.flexGrow = String(Math.max(ms, 0));
    bar.append(part);
    return element('span', `step step-${step}`, `${step} `, element('b', '', inMs(ms)));
  });
  const nodes = [
    element('span', 'total', element('b', '', inMs(reply.took_ms))),
    bar,
    element('span', 'steps', ...steps),
  ];
  if (reply.embedding !== undefined) {
    const badge = element('span', `badge badge-${reply.embedding}`, `embedding ${reply.embedding}`);
    badge.title = EMBEDDING_MEANS[reply.embedding] ?? '';
    nodes.push(badge);
  }
  const model = element('span', 'model', reply.model);
  model.title = `model ${reply.model}`;
  nodes.push(model);
  return nodes;
}

/** @param {number} ms @returns {string} */
function inMs(ms) {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}
